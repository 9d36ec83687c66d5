"""MongoDB's quick way to Arrow gives what the plain one gives: values, and refusals."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from typing import Any

import bson
import pyarrow as pa
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.base import Limits
from adapters.errors import SourceRefused
from adapters.mongo.adapter import BATCH_ROWS
from adapters.mongo.decode import SMALL, plainly, quickly
from adapters.mongo.project import Stored
from adapters.query import AggregationQuery, OutputColumn
from tests.contract.harness import columns, gather
from tests.live_mongo import LiveMongo, live_mongo

WORDS = (
    "int64 float64 decimal decimal(9,2) decimal(38,0) string bool date timestamptz timestamp json"
).split()
AN_ID = ObjectId("64b7f1e2a1b2c3d4e5f60718")
MISSING = object()
MIXES: dict[str, list[Any]] = {
    "nothing": [None, MISSING],
    "int32": [1, -(2**31), None, MISSING],
    "int32 and int64": [1, Int64(2**63 - 1), Int64(-(2**63)), MISSING],
    "int64 past a double": [Int64(2**53 + 1), 0.5],
    "whole doubles": [1.0, -0.0, 2.0**60, 7, None],
    "whole doubles and int64": [1.0, Int64(2)],
    "doubles": [1.5, -2.25, 3, Int64(4), None],
    "doubles past int64": [2.0**63],
    "NaN": [float("nan"), 1.0, 2],
    "NaN and missing": [float("nan"), MISSING],
    "infinities": [float("inf"), float("-inf"), None],
    "bools": [True, False, None, MISSING],
    "bools among integers": [1, True],
    "bools among doubles": [1.5, False],
    "decimals": [Decimal128("1.10"), Decimal128("-0.5"), Decimal128("1E+3"), None, MISSING],
    "decimals of many places": [Decimal128("0.123456789012")],
    "decimals with trailing zeros": [Decimal128("5.0000000000000")],
    "large decimals": [Decimal128("9" * 34), Decimal128("-" + "9" * 34)],
    "decimals about 64 bits": [Decimal128(f"{s}{2**64 + d}") for s in ("", "-") for d in (-1, 0)],
    "huge decimals": [Decimal128("1E+40")],
    "tiny decimals": [Decimal128("1E-50"), Decimal128("0E-50")],
    "decimal NaN": [Decimal128("NaN")],
    "decimal Infinity": [Decimal128("Infinity")],
    "all kinds of numbers": [1, Int64(2), 3.5, Decimal128("4.25")],
    "strings": ["a", "", "żółć 🎉", "with\x00nul", None, MISSING],
    "strings among numbers": [1, "2"],
    "numbers among strings": ["a", 2],
    "ObjectIds": [AN_ID, None, MISSING, AN_ID],
    "ObjectIds and strings": [AN_ID, "a"],
    "dates": [
        datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC),
        None,
        MISSING,
    ],
    "dates past the calendar": [datetime(2020, 1, 1, tzinfo=UTC), DatetimeMS(253_402_300_800_000)],
    "dates long before it": [DatetimeMS(-(2**63))],
    "ISO days": ["2024-02-29", None],
    "ISO instants": ["2024-02-29T12:00:00+02:00", "2024-02-29"],
    "documents": [{"a": {"b": [1, {"c": Decimal128("1.5")}]}}, {}, None],
    "arrays": [[1, "ü", None], [], [{"at": datetime(2020, 1, 1, tzinfo=UTC)}]],
    "binary": [b"12", Binary(b"\x00\xff", 128)],
    "binary that looks like an element": [b"\x08v\x00", "x"],
    "regex": [Regex("^a", "i")],
    "timestamps of the log": [Timestamp(1, 1)],
    "code": [Code("x")],
    "keys": [MinKey(), MaxKey()],
}


def documents(values: list[Any]) -> list[dict[str, Any]]:
    """Documents that hold each value under `v`, and the same things under other names about it."""
    return [
        {"before": number} | ({} if value is MISSING else {"v": value}) | {"after": {"v": True}}
        for number, value in enumerate(values)
    ]


def outcome(
    read: Callable[[bytes, tuple[OutputColumn, ...], Stored], pa.Table],
    batch: bytes,
    wanted: tuple[OutputColumn, ...],
) -> str:
    """What a way of reading gives: every value with its type, or the refusal's words."""
    try:
        table = read(batch, wanted, {column.name: column.name for column in wanted})
    except SourceRefused as refused:
        return str(refused)
    return told(table)


def told(table: pa.Table) -> str:
    """A table's types and values as text, in which NaN is equal to NaN."""
    table.validate(full=True)
    return f"{table.schema}\n{table.to_pylist()}"


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES.keys())
def test_both_ways_read_the_same(mix: list[Any], word: str) -> None:
    """Whatever a column holds, both ways give equal values or refuse it in the same words."""
    batch = b"".join(bson.encode(one) for one in documents(mix))
    wanted = columns(before="int64", v=word, after="json")
    assert outcome(quickly, batch, wanted) == outcome(plainly, batch, wanted)


_NUMBERS = (
    st.integers(-(2**31), 2**31 - 1)
    | st.integers(-(2**63), 2**63 - 1).map(Int64)
    | st.floats()
    | st.integers(-(2**40), 2**40).map(float)
    | st.tuples(st.integers(-(10**34) + 1, 10**34 - 1), st.integers(-40, 40)).map(
        lambda parts: Decimal128(f"{parts[0]}E{parts[1]}")
    )
)
_DATES = st.integers(-62_135_596_800_000, 253_402_300_799_999).map(DatetimeMS)
_SCALARS = (
    _NUMBERS
    | st.booleans()
    | st.none()
    | st.text()
    | _DATES
    | st.integers(-(2**62), 2**62).map(DatetimeMS)
    | st.binary(min_size=12, max_size=12).map(ObjectId)
    | st.binary(max_size=8)
)
_VALUES = (
    _SCALARS | st.lists(_SCALARS, max_size=3) | st.dictionaries(st.sampled_from("vwx"), _SCALARS)
)
_NAMES = st.sampled_from(["v", "w", "x"])
_OF_ONE_KIND = st.sampled_from([_NUMBERS, st.integers(-9, 9), st.text(), st.booleans(), _DATES])


@given(
    mixed=st.lists(st.dictionaries(_NAMES, _VALUES), max_size=6),
    alike=_OF_ONE_KIND.flatmap(lambda one: st.lists(st.dictionaries(_NAMES, one), max_size=6)),
    words=st.dictionaries(_NAMES, st.sampled_from(WORDS), min_size=1),
)
@settings(max_examples=400, deadline=None)
def test_both_ways_read_any_documents_the_same(
    mixed: list[dict[str, Any]], alike: list[dict[str, Any]], words: dict[str, str]
) -> None:
    """Random documents give equal tables, or refusals that name the same column."""
    for batch_of in (mixed, alike, alike + mixed):
        batch = b"".join(bson.encode(one) for one in batch_of)
        wanted = columns(**words)
        assert outcome(quickly, batch, wanted) == outcome(plainly, batch, wanted)


@pytest.fixture(scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[LiveMongo]:
    """A mongod of these tests' own."""
    async with live_mongo(tmp_path_factory.mktemp("mongo")) as one:
        yield one


def query(collection: str, *stages: dict[str, Any], **types: str) -> AggregationQuery:
    """A pipeline that ends in the projection of these columns."""
    project = {"$project": {"_id": 0} | {name: f"${name}" for name in types}}
    return AggregationQuery(
        relations=(collection,), columns=columns(**types), pipeline=(*stages, project)
    )


@pytest.mark.parametrize("word", ["int64", "float64", "decimal", "string", "timestamptz"])
async def test_the_adapter_reads_large_results_so(live: LiveMongo, word: str) -> None:
    """From the server, each mix of values comes in a large batch as it is read value by value."""
    pad = "x" * SMALL
    for mix in MIXES.values():
        these = [{"pad": pad} | one for one in documents(mix)]
        await live.fill("large", these)
        batch = b"".join(bson.encode(one) for one in these)
        asked = query("large", before="int64", v=word, pad="string")
        expected = outcome(plainly, batch, asked.columns)
        try:
            found = told((await gather(live.adapter, asked, live.reader, Limits())).table)
        except SourceRefused as refused:
            found = str(refused)
        assert found == expected


async def test_columns_may_have_other_names_than_fields(live: LiveMongo) -> None:
    """Columns may be of a field that another is named as, of `_id`, a path, or one field twice."""
    these = [{"_id": n, "a": n * 2, "b": f"t{n}", "c": {"d": n * 3}} for n in range(2_000)]
    await live.fill("renamed", these)
    for paths in (
        {"b": "$a", "a": "$b"},
        {"n": "$_id", "a": "$b"},
        {"n": "$c.d", "a": "$b"},
        {"n": "$a", "m": "$a", "_id": "$b"},
        {"n": "$a", "c": "$d"},
    ):
        types = {name: "string" if path == "$b" else "int64" for name, path in paths.items()}
        asked = AggregationQuery(
            relations=("renamed",),
            columns=columns(**types),
            pipeline=({"$project": {"_id": 0} | paths},),
        )
        got = await gather(live.adapter, asked, live.reader, Limits())
        values = {"$a": 4, "$b": "t2", "$_id": 2, "$c.d": 6, "$d": None}
        assert got.table.num_rows == len(these)
        assert values_of(got.table, 2) == {name: values[path] for name, path in paths.items()}
        wrong = asked.model_copy(update={"columns": columns(**dict.fromkeys(types, "bool"))})
        with pytest.raises(SourceRefused, match=f"column '{next(iter(paths))}'"):
            await gather(live.adapter, wrong, live.reader, Limits())


def values_of(table: pa.Table, row: int) -> dict[str, Any]:
    """One row as a dict."""
    return table.slice(row, 1).to_pylist()[0]


async def test_text_that_is_no_text_is_refused(live: LiveMongo) -> None:
    """Bytes that are not UTF-8 are an error of the source that shows none of them."""
    good = bson.encode({"v": "ab" * SMALL})
    await live.admin.paths.bad.insert_one(RawBSONDocument(good.replace(b"abab", b"ab\xff\xfe", 1)))
    with pytest.raises(SourceRefused, match="can't be read"):
        await gather(live.adapter, query("bad", v="string"), live.reader, Limits())


async def test_cap_ends_the_cursor_on_the_server(live: LiveMongo) -> None:
    """What is not read to its end leaves no cursor behind, and so it is after a refusal."""
    await live.fill("many", [{"n": number, "t": "x" * 50} for number in range(4 * BATCH_ROWS)])
    got = await gather(
        live.adapter, query("many", n="int64", t="string"), live.reader, Limits(max_rows=10)
    )
    assert (got.table.num_rows, got.truncated) == (10, True)
    assert await live.running("many") == 0
    with pytest.raises(SourceRefused, match=r"'t'.*not int64"):
        await gather(live.adapter, query("many", n="int64", t="int64"), live.reader, Limits())
    assert await live.running("many") == 0


async def test_cancelling_ends_the_cursor_on_the_server(live: LiveMongo) -> None:
    """A fetch that is cancelled between batches leaves no cursor behind."""
    await live.fill("many", [{"n": number, "t": "x" * 50} for number in range(4 * BATCH_ROWS)])
    came = asyncio.Event()

    async def take(_batch: pa.Table) -> None:
        came.set()
        await asyncio.Event().wait()

    asked = query("many", n="int64", t="string")
    fetch = asyncio.create_task(live.adapter.fetch(asked, live.reader, Limits(), take))
    await came.wait()
    fetch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetch
    assert await live.running("many") == 0


async def test_cancelling_ends_the_operation_on_the_server(live: LiveMongo) -> None:
    """A pipeline that still runs for its first batch ends long before its deadline."""
    await live.fill("heavy", [{"n": number} for number in range(20_000)])
    slow = {
        "$match": {
            "$or": [
                {"$expr": {"$eq": [{"$ifNull": ["$nothing", "$n"]}, f"{number}"]}}
                for number in range(4_000)
            ]
        }
    }
    asked = query("heavy", slow, n="int64")
    fetch = asyncio.create_task(gather(live.adapter, asked, live.reader, Limits(timeout_s=60)))
    async with asyncio.timeout(20):
        while not await live.running("heavy"):
            assert not fetch.done()
    fetch.cancel()
    async with asyncio.timeout(5):
        with contextlib.suppress(asyncio.CancelledError):
            await fetch
        while await live.running("heavy"):
            pass
    assert fetch.cancelled()
