"""PostgreSQL by COPY against PostgreSQL by cursor: value by value and error by error."""

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import asyncpg
import pyarrow as pa
import pytest

from adapters.base import Limits
from adapters.credentials import Credential
from adapters.errors import SourceError, SourceRefused, SourceTimeout
from adapters.postgres import PostgresAdapter, adapter, copy
from adapters.query import SqlQuery
from sandbox.sandbox import Sandbox
from tests.contract import nasty
from tests.contract.harness import columns, gather
from tests.contract.nasty import HELD, TABLE, WORDS

BIG = "public.nasty_big"
BIG_ROWS = 30_000
NEVER = 10**18


@dataclass
class Paths:
    """The server's admin, and the ways that queries went: True for each that went by COPY."""

    adapter: PostgresAdapter
    credential: Credential
    force: Callable[[int], None]
    took: list[bool] = field(default_factory=list[bool])

    async def outcome(self, query: SqlQuery, *, large: bool) -> pa.Table | str:
        """The rows, or what the person is told, the query being taken for large or for small."""
        self.force(0 if large else NEVER)
        self.took.clear()
        try:
            return (await gather(self.adapter, query, self.credential, Limits())).table
        except SourceError as error:
            return f"{type(error).__name__}: {error}"


@pytest.fixture(scope="module")
async def admin(sandbox: Sandbox) -> AsyncGenerator[asyncpg.Connection]:
    """The admin's connection, with the tables made."""
    connection = await asyncpg.connect(sandbox.postgres.admin_dsn())
    await nasty.create(connection)
    await connection.execute(
        f"DROP TABLE IF EXISTS {BIG}; CREATE TABLE {BIG} AS "
        f"SELECT g AS id, 'note ' || g AS note FROM generate_series(1, {BIG_ROWS}) AS g; "
        f"ANALYZE {BIG}"
    )
    yield connection
    await connection.execute(f"DROP TABLE {BIG}")
    await nasty.drop(connection)
    await connection.close()


@pytest.fixture
def paths(sandbox: Sandbox, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """Both ways, watched."""
    assert admin
    server = sandbox.postgres
    paths = Paths(
        PostgresAdapter("paths", host=server.host, port=server.port, database="postgres"),
        Credential(server.admin_user, server.admin_password),
        lambda rows: monkeypatch.setattr(copy, "LARGE_ROWS", rows),
    )
    chosen = adapter.copy_text

    async def watched(*arguments: Any) -> str | None:
        text = await chosen(*arguments)
        paths.took.append(text is not None)
        return text

    monkeypatch.setattr(adapter, "copy_text", watched)
    return paths


def select(text: str, *parameters: Any, **types: str) -> SqlQuery:
    """A query over the tables."""
    return SqlQuery(
        relations=(TABLE, BIG), columns=columns(**types), text=text, parameters=parameters
    )


def same(one: pa.Table | str, other: pa.Table | str) -> bool:
    """Equal to the bit: the sign of zero, NaN and nulls included."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return one.schema == other.schema and repr(one.to_pylist()) == repr(other.to_pylist())


@pytest.mark.parametrize("name", HELD)
async def test_what_fits_comes_alike(paths: Paths, name: str) -> None:
    """All values of a type that fit its word, and null, come the same by both ways."""
    held = HELD[name]
    query = select(
        f"SELECT \"{name}\" FROM {TABLE} WHERE good AND of IN ($1, '') ORDER BY id",
        name,
        **{name: held.word},
    )
    plain = await paths.outcome(query, large=False)
    assert paths.took == [False]
    fast = await paths.outcome(query, large=True)
    assert paths.took == [held.copied]
    assert not isinstance(plain, str)
    assert plain.num_rows == len(held.good) + 1
    assert plain.column(0).null_count == 1
    assert same(plain, fast), (plain, fast)


@pytest.mark.parametrize("large", [False, True], ids=["cursor", "copy"])
async def test_char_comes_without_its_padding(paths: Paths, large: bool) -> None:
    """The blanks that fill `char(n)` up mean nothing in PostgreSQL, and are not read."""
    query = select(
        f"SELECT c FROM {TABLE} WHERE good AND of = $1 AND c IS NOT NULL ORDER BY id",
        "c",
        c="string",
    )
    found = await paths.outcome(query, large=large)
    assert not isinstance(found, str)
    assert found.column(0).to_pylist() == ["", "a", "abcde"]


@pytest.mark.parametrize("name", [name for name, held in HELD.items() if held.bad])
async def test_what_does_not_fit_is_refused_alike(paths: Paths, name: str) -> None:
    """Each value that fits no canonical value is refused in the same words, naming the column."""
    for place, text in enumerate(HELD[name].bad):
        query = select(
            f'SELECT "{name}" FROM {TABLE} WHERE of = $1 AND NOT good '
            "ORDER BY id LIMIT 1 OFFSET $2",
            name,
            place,
            **{name: HELD[name].word},
        )
        plain = await paths.outcome(query, large=False)
        fast = await paths.outcome(query, large=True)
        assert isinstance(plain, str), text
        assert plain.startswith(f"SourceRefused: The column '{name}' holds"), text
        assert plain == fast, text


@pytest.mark.parametrize("word", WORDS)
async def test_every_word_of_every_type_comes_alike(paths: Paths, word: str) -> None:
    """Whatever word a column is read as, both ways give the same rows or the same refusal."""
    for name in HELD:
        query = select(
            f"SELECT \"{name}\" FROM {TABLE} WHERE good AND of IN ($1, '') ORDER BY id",
            name,
            **{name: word},
        )
        plain = await paths.outcome(query, large=False)
        fast = await paths.outcome(query, large=True)
        assert same(plain, fast), (name, word, plain, fast)


async def test_all_columns_at_once_come_alike(paths: Paths) -> None:
    """A table with every type that is copied, nulls in most places, comes the same by both ways."""
    kept = {name: held.word for name, held in HELD.items() if held.copied}
    names = ", ".join(f'"{name}"' for name in kept)
    query = select(f"SELECT {names} FROM {TABLE} WHERE good ORDER BY id", **kept)
    plain = await paths.outcome(query, large=False)
    fast = await paths.outcome(query, large=True)
    assert paths.took == [True]
    assert not isinstance(plain, str)
    assert plain.num_rows > 100
    assert same(plain, fast)


CLOCKS = ("0001-01-01", "2024-02-29 01:02:03.000004", "9999-12-31 23:59:59.999999")
HOSTILE = (
    *("", "'", "''", "\\", "\\'", "'; DROP TABLE public.nasty; --", "$1", "$$", "--", "/*", "*/"),
    *('"', "{", "}", "{a,b}", ",", "NULL", "null", "\n", "\t", " ", "é", "🦀", "\ufeff", "x\\"),
    ") TO STDOUT; DROP TABLE public.nasty; COPY (SELECT 1",
)


@pytest.mark.parametrize(
    ("type_name", "values"),
    [
        ("TEXT", HOSTILE),
        ("BIGINT", (0, -1, 2**63 - 1, -(2**63), None)),
        ("DECIMAL", (Decimal("0.10"), Decimal("-1E+5"), Decimal("NaN"), Decimal(10) ** 40)),
        ("DOUBLE PRECISION", (0.1, -0.0, 1e300, math.inf, -math.inf, math.nan)),
        ("BOOLEAN", (True, False, None)),
        ("DATE", (date.min, date(2024, 2, 29), date.max)),
        ("TIMESTAMP", tuple(map(datetime.fromisoformat, CLOCKS))),
        (
            "TIMESTAMPTZ",
            (
                datetime(2024, 2, 29, tzinfo=UTC),
                datetime(2024, 2, 29, 1, 2, 3, 4, timezone(timedelta(hours=-9, minutes=-30))),
            ),
        ),
        ("UUID", ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",)),
    ],
)
async def test_parameters_keep_their_values(
    paths: Paths, type_name: str, values: tuple[Any, ...]
) -> None:
    """A parameter means the same as a literal as it does bound, alone and in a list."""
    for value in values:
        query = select(f"SELECT CAST(CAST($1 AS {type_name}) AS TEXT) AS t", value, t="string")
        plain = await paths.outcome(query, large=False)
        fast = await paths.outcome(query, large=True)
        assert paths.took == [True]
        assert not isinstance(plain, str)
        assert same(plain, fast), value
    listed = list(values)
    query = select(
        f"SELECT CAST(CAST($1 AS {type_name}[]) AS TEXT) AS t, "
        f"CAST(NULL AS {type_name}) = ANY($1) AS n",
        listed,
        t="string",
        n="bool",
    )
    plain = await paths.outcome(query, large=False)
    assert not isinstance(plain, str)
    assert same(plain, await paths.outcome(query, large=True))


async def test_parameters_of_other_types_keep_their_values(paths: Paths) -> None:
    """Enums are compared with a text or a list of texts, by both ways."""
    for condition, value in (("= $1", "so, so"), ("= ANY($1)", ['q"', "glad"])):
        query = select(f"SELECT id FROM {TABLE} WHERE mood {condition}", value, id="int64")
        plain = await paths.outcome(query, large=False)
        fast = await paths.outcome(query, large=True)
        assert paths.took == [True]
        assert not isinstance(plain, str)
        assert plain.num_rows == (1 if isinstance(value, str) else 2)
        assert same(plain, fast)


@pytest.mark.parametrize("value", ["a\0b", 5, b"x", date(2024, 2, 29), ["x"]])
async def test_parameters_that_do_not_fit_are_refused_alike(paths: Paths, value: Any) -> None:
    """A value that PostgreSQL can't take as text is refused in the same words by both ways."""
    query = select(f"SELECT id FROM {TABLE} WHERE of = $1", value, id="int64")
    plain = await paths.outcome(query, large=False)
    assert isinstance(plain, str)
    assert plain == await paths.outcome(query, large=True)


@pytest.mark.parametrize(
    ("condition", "rows", "copied"),
    [
        ("id + 0 = id", BIG_ROWS, False),  # PostgreSQL expects one row in 200
        ("id + 0 <> id", 0, True),  # and here nearly all
        ("id + 0 > 29998", 2, True),
    ],
)
async def test_a_wrong_estimate_changes_no_row(
    paths: Paths, condition: str, rows: int, copied: bool
) -> None:
    """Expected few and found many, or expected many and found few: the rows are the same."""
    query = select(
        f"SELECT id, note FROM {BIG} WHERE {condition} ORDER BY id", id="int64", note="string"
    )
    got = await gather(paths.adapter, query, paths.credential, Limits())
    assert paths.took == [copied]
    expected = range(BIG_ROWS - rows + 1, BIG_ROWS + 1)
    assert got.table.column("id").to_pylist() == list(expected)
    assert got.table.column("note").to_pylist() == [f"note {number}" for number in expected]
    assert not got.truncated


async def test_a_copy_stands_behind_every_lock(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COPY runs in the read-only transaction with its timeouts, on the login's own connection."""
    names = (
        *("transaction_read_only", "statement_timeout", "lock_timeout"),
        *("idle_in_transaction_session_timeout", "TimeZone", "application_name"),
    )
    seen: list[Any] = []
    copied = adapter.copied

    async def looked(connection: asyncpg.Connection, *rest: Any) -> AsyncGenerator[pa.Table]:
        seen.extend([await connection.fetchval(f"SHOW {name}") for name in names])
        async with contextlib.aclosing(copied(connection, *rest)) as batches:
            async for batch in batches:
                yield batch

    monkeypatch.setattr(adapter, "copied", looked)
    query = select(f"SELECT id FROM {BIG}", id="int64")
    got = await gather(paths.adapter, query, paths.credential, Limits(timeout_s=9))
    assert got.table.num_rows == BIG_ROWS
    assert seen == ["on", "9s", "4500ms", "9s", "UTC", "crosstalk"]


@pytest.mark.parametrize("limits", [Limits(max_rows=1_007), Limits(max_bytes=1_000)])
async def test_a_copy_ends_at_a_cap(paths: Paths, limits: Limits) -> None:
    """A cap cuts a COPY short, and that is told."""
    query = select(f"SELECT id, note FROM {BIG}", id="int64", note="string")
    got = await gather(paths.adapter, query, paths.credential, limits)
    assert paths.took == [True]
    assert got.truncated
    assert 0 < got.table.num_rows < BIG_ROWS


ENDLESS = (
    f"SELECT a.id FROM {BIG} AS a CROSS JOIN {BIG} AS b WHERE a.note || b.note {{}} $1 "
    "AND a.note || b.note <> a.note"
)


@pytest.mark.parametrize("large", [True, False])
async def test_a_cap_ends_the_query_in_the_server(
    paths: Paths, admin: asyncpg.Connection, large: bool
) -> None:
    """What is cut at a cap is not computed further."""
    paths.force(0 if large else NEVER)
    query = select(ENDLESS.format("<>"), "", id="int64")
    got = await gather(paths.adapter, query, paths.credential, Limits(max_rows=40_007))
    assert (got.table.num_rows, got.truncated) == (40_007, True)
    await _ended(admin)


@pytest.mark.parametrize("large", [True, False])
async def test_a_value_that_does_not_fit_ends_the_query_in_the_server(
    paths: Paths, admin: asyncpg.Connection, large: bool
) -> None:
    """The first value that does not fit is told at once, and nothing runs on."""
    query = select(
        f"SELECT CAST('NaN' AS DECIMAL) AS x FROM {BIG} AS a CROSS JOIN {BIG} AS b", x="decimal"
    )
    told = await paths.outcome(query, large=large)
    assert isinstance(told, str)
    assert told.startswith("SourceRefused: The column 'x' holds")
    await _ended(admin)


@pytest.mark.parametrize("large", [True, False])
async def test_a_taker_that_fails_ends_the_query_in_the_server(
    paths: Paths, admin: asyncpg.Connection, large: bool
) -> None:
    """An error of whoever takes the rows comes out as it is, and nothing runs on."""

    async def take(_: pa.Table) -> None:
        raise LookupError("no room")

    paths.force(0 if large else NEVER)
    query = select(ENDLESS.format("<>"), "", id="int64")
    with pytest.raises(LookupError, match="no room"):
        await paths.adapter.fetch(query, paths.credential, Limits(timeout_s=60), take)
    await _ended(admin)


async def test_a_copy_ends_at_its_deadline(paths: Paths) -> None:
    """A COPY that would take long ends at the deadline as SourceTimeout."""
    query = select(ENDLESS.format("="), "", id="int64")
    with pytest.raises(SourceTimeout):
        await gather(paths.adapter, query, paths.credential, Limits(timeout_s=0.5))
    assert paths.took == [True]


@pytest.mark.parametrize("large", [True, False])
@pytest.mark.parametrize("operator", ["=", "<>"])
async def test_cancelling_ends_the_query_in_the_server(
    paths: Paths, admin: asyncpg.Connection, operator: str, large: bool
) -> None:
    """Cancelled while it waits for rows, or for room for them, a query runs no more."""
    taken = asyncio.Event()

    async def take(_: pa.Table) -> None:
        taken.set()
        await asyncio.Event().wait()

    paths.force(0 if large else NEVER)
    query = select(ENDLESS.format(operator), "", id="int64")
    fetching = asyncio.create_task(
        paths.adapter.fetch(query, paths.credential, Limits(timeout_s=60), take)
    )
    if operator == "<>":
        await taken.wait()
    while not (await _running(admin) and paths.took):
        assert not fetching.done()
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert paths.took == [large]
    await _ended(admin)


async def _running(admin: asyncpg.Connection) -> bool:
    running = await admin.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'crosstalk' "
        "AND state IN ('active', 'idle in transaction') AND query LIKE '%CROSS JOIN%'"
    )
    return bool(running)


async def test_a_copy_that_fails_midway_is_an_error(paths: Paths) -> None:
    """An error that PostgreSQL meets after the first rows is told as one, not as an end."""
    query = select(f"SELECT 1 / (id - {BIG_ROWS}) AS x FROM {BIG}", x="int64")
    plain = await paths.outcome(query, large=False)
    fast = await paths.outcome(query, large=True)
    assert paths.took == [True]
    assert plain == fast
    assert isinstance(plain, str)
    assert plain.startswith(SourceRefused.__name__)


async def _ended(admin: asyncpg.Connection) -> None:
    """Wait for the server to have ended it; by itself the query would run for minutes."""
    async with asyncio.timeout(10):
        while await _running(admin):
            pass
