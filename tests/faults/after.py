"""What must hold after every fault: one answer, in time, and nothing of it left over."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import CodeType
from typing import Any

import asyncpg
from pymongo import AsyncMongoClient

from sandbox.reliability import Left
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from tests.conftest import ROOT
from tests.faults.house import Heard, House
from tests.wire.conftest import SALES, is_progress

PATIENCE_S = 8.0
"""How long servers may take to notice that somebody is gone."""
_OURS = tuple(str(ROOT / package) for package in ("adapters", "orchestrator", "bot"))
_SPARES = 1  # the staging that is made ahead of time has its folder


def tasks() -> set["asyncio.Task[Any]"]:
    """The tasks of Crosstalk's own code that are under way."""
    return {task for task in asyncio.all_tasks() if not task.done() and _is_ours(task)}


async def after(house: House, heard: Heard, bound_s: float, before: set[Any]) -> Left:
    """Check a question that is answered, and count what it has left: nothing, or this fails.

    `before` are the tasks that were there already.
    """
    assert heard.seconds < bound_s, f"{heard.seconds:.1f} s, of {bound_s:.0f} s"
    answered_once(house.slack, heard.ts)
    return await nothing_left(house, before)


def answered_once(slack: LocalSlack, ts: str) -> None:
    """One answer stands in the thread, and at most one progress message, which has ended."""
    thread = slack.workspace.channels[SALES].thread(ts)
    said = [message for message in thread if message["user"] == slack.bot_user_id]
    progress = [message for message in said if is_progress(message)]
    assert len(said) - len(progress) == 1, [message["text"] for message in said]
    assert len(progress) <= 1
    for message in progress:
        assert not message["text"].startswith("Reading"), message["text"]


async def nothing_left(house: House, before: set[Any]) -> Left:
    """Wait until all is given back; what is still there after PATIENCE_S fails."""

    async def left() -> Left:
        return Left(
            connections=await connections(house),
            leases=leases(house.sandbox),
            tasks=len(tasks() - before),
            files=temporary(house.spill),
        )

    found = await _until_none(left)
    assert found == Left(), (found, tasks() - before)
    return found


def leases(sandbox: Sandbox) -> int:
    """How many logins Vault has out."""
    assert sandbox.vault is not None
    return sum(lease.live for lease in sandbox.vault.leases)


def temporary(spill: Path) -> int:
    """How many files, and folders beside the spare one, lie where joins spill."""
    folders = sum(1 for _ in spill.iterdir())
    return sum(path.is_file() for path in spill.rglob("*")) + max(0, folders - _SPARES)


async def connections(house: House) -> int:
    """How many connections PostgreSQL, mongod and the proxies of sources have of the bot's."""
    through = sum(proxy.open for name, proxy in house.proxies.items() if name != "vault")
    in_mongo = len(await mongo_operations(house.sandbox, {}))
    return through + await in_postgres(house.sandbox) + in_mongo


async def in_postgres(sandbox: Sandbox, state: str = "%") -> int:
    """How many sessions of the bot's PostgreSQL has in a state (a LIKE pattern)."""
    connection = await asyncpg.connect(sandbox.postgres.admin_dsn())
    try:
        sql = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name LIKE 'crosstalk%' AND coalesce(state, '') LIKE $1"
        )
        return int(await connection.fetchval(sql, state) or 0)
    finally:
        await connection.close()


async def mongo_operations(sandbox: Sandbox, match: dict[str, Any]) -> list[dict[str, Any]]:
    """What mongod says of the bot's connections that match; idle ones too."""
    assert sandbox.mongo is not None
    uri = sandbox.mongo.admin_uri()
    async with AsyncMongoClient[dict[str, Any]](uri, directConnection=True) as client:
        found = await client.admin.aggregate(
            [
                {"$currentOp": {"allUsers": True, "idleConnections": True}},
                {"$match": {"appName": "crosstalk", **match}},
            ]
        )
        return [one async for one in found]


async def until(wanted: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what a server tells only those who ask."""
    async with asyncio.timeout(PATIENCE_S):
        while not await wanted():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _until_none(left: Callable[[], Awaitable[Left]]) -> Left:
    deadline = time.monotonic() + PATIENCE_S
    while (found := await left()) != Left() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return found


def _is_ours(task: "asyncio.Task[Any]") -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return isinstance(code, CodeType) and code.co_filename.startswith(_OURS)
