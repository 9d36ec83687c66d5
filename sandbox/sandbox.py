"""A whole company on one machine: real databases, Vault and a local Slack, loaded with demo data.

`Sandbox.start` gives what a production set-up gives: addresses, an AppRole and Slack tokens. The
bot is told of them by `environment`, and knows nothing else of the sandbox.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import structlog

from orchestrator.retrieve.embedder import Embedder
from sandbox.company.generate import generate
from sandbox.company.load import (
    load_mongo,
    load_postgres,
    load_qdrant,
    vectors_cached,
)
from sandbox.company.model import Company
from sandbox.company.slack_places import furnish
from sandbox.mongo import MongodNotFound, MongoServer, start_mongo
from sandbox.postgres import PostgresServer, start_postgres
from sandbox.process import ServerFailed
from sandbox.qdrant import QdrantServer, start_qdrant
from sandbox.slack import LocalSlack
from sandbox.slack.limits import RateLimits
from sandbox.vault import AppRole, DevVault, provision

log = structlog.get_logger(__name__)
DATA_VERSION = 1
Tell = Callable[[str], None]
"""Is told each stage of setting up, a few words each."""


@dataclass(slots=True)
class Sandbox:
    """The running parts; `folder` keeps their data.

    `missing` says what could not be had, and what to install for it; `slack_speed` is how many
    times faster than Slack's the limits of its Slack are.
    """

    folder: Path
    company: Company
    slack: LocalSlack
    vault_address: str
    app_role: AppRole
    postgres: PostgresServer
    qdrant: QdrantServer
    embedder: Embedder
    vault: DevVault | None = None
    mongo: MongoServer | None = None
    missing: list[str] = field(default_factory=list)
    slack_speed: float = 1.0

    @property
    def environment(self) -> dict[str, str]:
        """What the bot reads from its environment to work here."""
        mongo = self.mongo
        return {
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "VAULT_ADDR": self.vault_address,
            "VAULT_ROLE_ID": self.app_role.role_id,
            "VAULT_SECRET_ID": self.app_role.secret_id,
            "CROSSTALK_SALES_HOST": self.postgres.host,
            "CROSSTALK_SALES_PORT": str(self.postgres.port),
            "CROSSTALK_SUPPORT_HOST": mongo.host if mongo else "127.0.0.1",
            "CROSSTALK_SUPPORT_PORT": str(mongo.port) if mongo else "9",
            "CROSSTALK_NOTES_URL": self.qdrant.url,
            "CROSSTALK_SLACK_SPEED": str(self.slack_speed),
        }


@contextlib.asynccontextmanager
async def open_sandbox(
    folder: Path,
    today: date,
    *,
    scale: float = 1.0,
    slack_port: int = 0,
    slack_speed: float = 1.0,
    vectors: Path | None = None,
    tell: Tell = lambda _stage: None,
) -> AsyncGenerator[Sandbox]:
    """Start every part, load the company if it is not there yet, and stop all at the end.

    `folder` keeps the databases and, unless `vectors` names another one, the notes' vectors, so
    that a second start is quick.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        tell("making the company's data")
        company = await asyncio.to_thread(generate, today, scale=scale)
        tell("starting PostgreSQL")
        postgres = await start_postgres(folder / "postgres")
        stack.push_async_callback(postgres.stop)
        missing: list[str] = []
        mongo = await _mongo(folder / "mongo", tell, missing)
        if mongo is not None:
            stack.push_async_callback(mongo.stop)
        tell("loading the databases")
        await _load(folder, company, postgres, mongo, scale)
        tell("starting Qdrant, with the notes' vectors")
        qdrant = await start_qdrant()
        stack.push_async_callback(qdrant.stop)
        embedder = Embedder(None)
        await _load_notes(vectors or folder / "vectors", company, qdrant, embedder)
        tell("starting Vault")
        vault, address, app_role = await _vault(stack, postgres, mongo, qdrant)
        tell("starting Slack")
        slack = LocalSlack(limits=RateLimits(speed=slack_speed))
        furnish(slack, company)
        try:
            await slack.start(slack_port)
        except OSError as error:
            raise ServerFailed(
                f"port {slack_port} is taken. Give a free one with --port, or leave it out."
            ) from error
        stack.push_async_callback(slack.stop)
        yield Sandbox(
            folder,
            company,
            slack,
            address,
            app_role,
            postgres,
            qdrant,
            embedder,
            vault,
            mongo,
            missing,
            slack_speed,
        )


async def _mongo(folder: Path, tell: Tell, missing: list[str]) -> MongoServer | None:
    tell("starting MongoDB")
    try:
        return await start_mongo(folder)
    except MongodNotFound as error:
        missing.append(str(error))
        return None


async def _load(
    folder: Path,
    company: Company,
    postgres: PostgresServer,
    mongo: MongoServer | None,
    scale: float,
) -> None:
    """Fill the databases, unless they hold this very company already."""
    mark = folder / "loaded.json"
    wanted = json.dumps(
        {
            "version": DATA_VERSION,
            "today": company.today.isoformat(),
            "scale": scale,
            "postgres": str(postgres.data_folder),
            "mongo": mongo is not None,
        }
    )
    if await asyncio.to_thread(lambda: mark.exists() and mark.read_text() == wanted):
        return
    await asyncio.to_thread(mark.unlink, missing_ok=True)
    await postgres.create_database("sales")
    await load_postgres(postgres.admin_dsn("sales"), company)
    if mongo is not None:
        await load_mongo(mongo.admin_uri(), company)
    await asyncio.to_thread(mark.write_text, wanted)


async def _load_notes(
    folder: Path, company: Company, qdrant: QdrantServer, embedder: Embedder
) -> None:
    async def embed(texts: list[str]) -> np.ndarray:
        return await vectors_cached(folder, texts, embedder)

    await load_qdrant(qdrant.url, qdrant.api_key, company, embed)


async def _vault(
    stack: contextlib.AsyncExitStack,
    postgres: PostgresServer,
    mongo: MongoServer | None,
    qdrant: QdrantServer,
) -> tuple[DevVault | None, str, AppRole]:
    """The dev Vault, or the real one that VAULT_ADDR and VAULT_TOKEN name, provisioned."""
    address, token = os.environ.get("VAULT_ADDR"), os.environ.get("VAULT_TOKEN")
    vault = None
    if not (address and token):
        vault = DevVault()
        await vault.start()
        stack.push_async_callback(vault.stop)
        address, token = vault.url, vault.root_token
    app_role = await provision(
        address,
        token,
        postgres=postgres,
        mongo=mongo,
        qdrant_api_key=qdrant.read_only_api_key,
    )
    return vault, address, app_role
