"""TPC-H in the sandbox's own servers, with a Vault that leases logins for it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.credentials import VaultSettings
from orchestrator.semantic import SemanticModel
from sandbox.mongo import MongoServer
from sandbox.postgres import PostgresServer
from sandbox.tpch.load import files_in, generate, load_mongo, load_postgres
from sandbox.tpch.model import TIMEOUT_S, model_of
from sandbox.tpch.placements import PLACEMENTS, tables_in
from sandbox.tpch.queries import queries
from sandbox.vault import DevVault, provision

DATA_VERSION = 1
TABLES_DATABASE = "tpch"
DOCUMENTS_DATABASE = "tpch_documents"
LEASE_S = int(TIMEOUT_S) + 60
"""A login ends with its lease, so the lease has to outlast the longest fetch."""


@dataclass(frozen=True)
class Tpch:
    """Loaded data of one scale: `files` has a Parquet file of every table, by its name."""

    scale: float
    files: dict[str, Path]
    vault: VaultSettings
    postgres: PostgresServer
    mongo: MongoServer

    @property
    def queries(self) -> dict[str, str]:
        """The 22 queries by name."""
        return queries(self.scale)

    def model(self, placement: str) -> SemanticModel:
        """The semantic model for one of PLACEMENTS."""
        tables, documents = TABLES_DATABASE, DOCUMENTS_DATABASE
        places = PLACEMENTS[placement]
        files = {name: str(file) for name, file in self.files.items() if places[name] == "parquet"}
        sources: dict[str, dict[str, Any]] = {
            "postgres": {
                "kind": "postgres",
                "vault_role": f"{tables}-read",
                "connect": _address(self.postgres) | {"database": tables},
            },
            "mongo": {
                "kind": "mongo",
                "vault_role": f"{documents}-read",
                "connect": _address(self.mongo) | {"database": documents},
            },
            "parquet": {"kind": "duckdb", "connect": {"files": files}},
        }
        return model_of(places, sources)


@contextlib.asynccontextmanager
async def open_tpch(
    folder: Path, scale: float, postgres: PostgresServer, mongo: MongoServer
) -> AsyncGenerator[Tpch]:
    """Make and load the data that the servers lack, and lease logins while open.

    `folder` keeps the files and what was loaded; it is for these servers alone.
    """
    files = await _prepare(folder, scale, postgres, mongo)
    vault = DevVault()
    await vault.start()
    try:
        app_role = await provision(
            vault.url,
            vault.root_token,
            postgres=postgres,
            mongo=mongo,
            qdrant_api_key=None,
            tables=TABLES_DATABASE,
            documents=DOCUMENTS_DATABASE,
            ttl_s=LEASE_S,
        )
        settings = VaultSettings(vault.url, app_role.role_id, app_role.secret_id)
        yield Tpch(scale, files, settings, postgres, mongo)
    finally:
        await vault.stop()


async def _prepare(
    folder: Path, scale: float, postgres: PostgresServer, mongo: MongoServer
) -> dict[str, Path]:
    mark = folder / "loaded.json"
    wanted = json.dumps({"version": DATA_VERSION, "scale": scale, "placements": PLACEMENTS})
    if await asyncio.to_thread(lambda: mark.exists() and mark.read_text() == wanted):
        return files_in(folder)
    await asyncio.to_thread(mark.unlink, missing_ok=True)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    files = await generate(folder, scale)
    await postgres.create_database(TABLES_DATABASE)
    for table in tables_in("postgres"):
        await load_postgres(postgres.admin_dsn(TABLES_DATABASE), table, files[table])
    for table in tables_in("mongo"):
        await load_mongo(mongo.admin_uri(), DOCUMENTS_DATABASE, table, files[table])
    await asyncio.to_thread(mark.write_text, wanted)
    return files


def _address(server: PostgresServer | MongoServer) -> dict[str, Any]:
    return {"host": server.host, "port": server.port}
