"""What must hold after every fault: one answer, in time, and nothing of it left over."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import CodeType
from typing import Any, Protocol

from pymongo import AsyncMongoClient

from sandbox.postgres import counted
from sandbox.reliability import Left
from sandbox.said import is_answer
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from tests.conftest import ROOT
from tests.faults.house import Heard, House
from tests.faults.proxy import Proxy
from tests.wire.conftest import SALES, is_progress

PATIENCE_S = 8.0
"""How long servers may take to notice that somebody is gone."""
LEASE_ENDS_S = 70.0
"""When a lease is gone at the latest that nobody could revoke: the TTL of the sandbox's roles."""
_OURS = tuple(str(ROOT / package) for package in ("adapters", "orchestrator", "bot"))
_SPARES = 1  # the staging that is made ahead of time has its folder


def tasks() -> set["asyncio.Task[Any]"]:
    """The tasks of Crosstalk's own code that are under way."""
    return {task for task in asyncio.all_tasks() if not task.done() and _is_ours(task)}


async def after(
    house: House,
    heard: Heard,
    bound_s: float,
    before: set[Any],
    patience_s: float = PATIENCE_S,
    answers: int = 1,
) -> Left:
    """Check a question that is answered, and count what it has left: nothing, or this fails.

    `before` are the tasks that were there already; `patience_s` is when all must be gone.
    """
    assert heard.seconds < bound_s, f"{heard.seconds:.1f} s, of {bound_s:.0f} s"
    left = await nothing_left(house, before, patience_s)
    answered_once(house.slack, heard.ts, answers)
    return left


def answered_once(slack: LocalSlack, ts: str, pieces: int = 1) -> None:
    """Each piece of work has one answer in the thread, and no progress message still goes on."""
    thread = slack.workspace.channels[SALES].thread(ts)
    answers = [message["text"] for message in thread if is_answer(message)]
    assert len(answers) == pieces, answers
    progress = [message["text"] for message in thread if is_progress(message)]
    assert len(progress) <= pieces, progress
    assert not [text for text in progress if text.startswith("Reading")], progress


class Place(Protocol):
    """Where a question was answered: servers, the proxies before them, and the folder of spills."""

    sandbox: Sandbox
    proxies: Mapping[str, Proxy]
    spill: Path


async def nothing_left(place: Place, before: set[Any], patience_s: float = PATIENCE_S) -> Left:
    """Wait until all is given back; what is still there after `patience_s` fails."""

    async def left() -> Left:
        return Left(
            connections=await connections(place),
            leases=leases(place.sandbox),
            tasks=len(tasks() - before),
            files=temporary(place.spill),
        )

    found = await _until_none(left, patience_s)
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


async def connections(place: Place) -> int:
    """How many connections PostgreSQL, mongod and the proxies of sources have of the bot's."""
    through = sum(proxy.open for name, proxy in place.proxies.items() if name != "vault")
    return through + await in_postgres(place.sandbox) + await in_mongo(place.sandbox)


async def in_postgres(sandbox: Sandbox) -> int:
    """How many sessions of the bot's PostgreSQL has."""
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'crosstalk%'"
    return await counted(sandbox.postgres.admin_dsn(), ours)


async def in_mongo(sandbox: Sandbox) -> int:
    """How many connections of the bot's mongod has, idle ones too."""
    assert sandbox.mongo is not None
    uri = sandbox.mongo.admin_uri()
    stages: list[dict[str, Any]] = [
        {"$currentOp": {"allUsers": True, "idleConnections": True}},
        {"$match": {"appName": "crosstalk"}},
    ]
    async with AsyncMongoClient[dict[str, Any]](uri, directConnection=True) as client:
        return len([one async for one in await client.admin.aggregate(stages)])


async def until(
    wanted: Callable[[], bool | Awaitable[bool]], patience_s: float = PATIENCE_S
) -> None:
    """Wait for what is told only to those who ask."""
    async with asyncio.timeout(patience_s):
        while not (found if isinstance(found := wanted(), bool) else await found):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _until_none(left: Callable[[], Awaitable[Left]], patience_s: float) -> Left:
    deadline = time.monotonic() + patience_s
    while (found := await left()) != Left() and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return found


def _is_ours(task: "asyncio.Task[Any]") -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return isinstance(code, CodeType) and code.co_filename.startswith(_OURS)
