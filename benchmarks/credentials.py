"""What a login of its own costs a fetch: minting and revoking it, beside the query."""

import contextlib
import itertools
import statistics
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

import pyarrow as pa

from adapters.base import Adapter, Limits
from adapters.credentials import Vault, VaultSettings
from adapters.mongo import MongoAdapter
from adapters.postgres import PostgresAdapter
from adapters.query import AggregationQuery, NativeQuery, OutputColumn, SqlQuery
from benchmarks.measure import Outcome, Run, Target, Variant, Work, compare
from benchmarks.servers import DATABASE, Place, fill_customers, fill_orders
from sandbox.mongo import MongoServer
from sandbox.postgres import PostgresServer
from sandbox.vault import DevVault, provision

TITLE = "A login for each fetch: minted, used and revoked"
TARGETS = tuple(
    Target(f"time to {part}, of the query", f"{source}: {part}", f"{source}: query")
    for source in ("PostgreSQL", "MongoDB")
    for part in ("mint", "revoke")
)
_ABOUT = """So many fetches one after the other, each with a lease of its own from the development \
Vault, which shares the machine and the process; a real Vault adds the round trips to it. Time is \
the median (p50), **p99** the slowest but one in a hundred. A lease is shortened to its step in \
the background, while the query runs.

- **mint**: from asking Vault until the login can be used. A warm pool of unused leases would save \
this, and no more.
- **query**: connect with that login, read ten rows, disconnect.
- **revoke**: until Vault has dropped the login. A step waits for it for two seconds at most."""
PARTS = ("mint", "query", "revoke")
_ROWS = 10
_SECONDS = 35.0
_WARM = 2
_COLUMNS = (OutputColumn(name="id", type="int64"),)
_SQL = SqlQuery(
    relations=(f"public.orders_{_ROWS}",),
    columns=_COLUMNS,
    text=f"SELECT id FROM public.orders_{_ROWS}",
)
_PIPELINE = AggregationQuery(
    relations=(f"customers_{_ROWS}",),
    columns=_COLUMNS,
    pipeline=({"$project": {"_id": 0, "id": "$_id"}},),
)

_Of = Callable[[Place], tuple[Adapter, NativeQuery, dict[str, Any]]]
"""A database's adapter, its query, and what provisions Vault for it."""


async def run(place: Place, quick: bool) -> Outcome:
    """Each part of a fetch from each database."""
    await fill_orders(place, _ROWS, _ROWS)
    await fill_customers(place, _ROWS)
    return Outcome(
        _ABOUT, await compare(__name__, place, (20 if quick else 500,), 1 if quick else 3)
    )


@contextlib.asynccontextmanager
async def _vault(**database: Any) -> AsyncGenerator[Vault]:
    """Our client of a Vault that makes logins for one database."""
    server = DevVault()
    await server.start()
    which: dict[str, Any] = {"postgres": None, "mongo": None, "qdrant_api_key": None}
    role = await provision(server.url, server.root_token, **(which | database))
    vault = Vault(VaultSettings(server.url, role.role_id, role.secret_id))
    try:
        yield vault
    finally:
        await vault.close()
        await server.stop()


def _postgres(place: Place) -> tuple[Adapter, NativeQuery, dict[str, Any]]:
    login = place.postgres
    server = PostgresServer(login.host, login.port, login.user, login.password)
    adapter = PostgresAdapter("bench", host=login.host, port=login.port, database=DATABASE)
    return adapter, _SQL, {"postgres": server, "tables": DATABASE}


def _mongo(place: Place) -> tuple[Adapter, NativeQuery, dict[str, Any]]:
    login = place.mongo
    server = MongoServer(login.host, login.port, login.user, login.password, cast("Any", None))
    adapter = MongoAdapter("bench", host=login.host, port=login.port, database=DATABASE)
    return adapter, _PIPELINE, {"mongo": server, "documents": DATABASE}


async def _cycle(vault: Vault, adapter: Adapter, query: NativeQuery) -> dict[str, float]:
    """Seconds of each part of one fetch."""

    async def take(batch: pa.Table) -> None:
        assert batch.num_rows == _ROWS

    marks = [time.perf_counter()]
    async with vault.lease(f"{DATABASE}-read", _SECONDS) as credential:
        marks.append(time.perf_counter())
        fetched = await adapter.fetch(query, credential, Limits(), take)
        assert fetched.rows == _ROWS
        marks.append(time.perf_counter())
    await vault.drain()
    marks.append(time.perf_counter())
    spans = (later - earlier for earlier, later in itertools.pairwise(marks))
    return dict(zip(PARTS, spans, strict=True))


def _timed(
    part: str, of: Callable[[Place], tuple[Adapter, NativeQuery, dict[str, Any]]]
) -> Variant:
    @contextlib.asynccontextmanager
    async def opened(place: Place, size: int) -> AsyncGenerator[Work]:
        adapter, query, database = of(place)
        async with _vault(**database) as vault:
            for _ in range(_WARM):
                await _cycle(vault, adapter, query)

            async def work() -> Run:
                cycles = [await _cycle(vault, adapter, query) for _ in range(size)]
                times = sorted(one[part] for one in cycles)
                return {"seconds": statistics.median(times), "p99": times[int(0.99 * size) - 1]}

            yield work

    return opened


VARIANTS: dict[str, Variant] = {
    f"{source}: {part}": _timed(part, of)
    for source, of in {"PostgreSQL": _postgres, "MongoDB": _mongo}.items()
    for part in PARTS
}
