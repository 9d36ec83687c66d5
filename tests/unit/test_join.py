"""The join: DuckDB that reaches nothing, counted keys, and no trace left."""

import asyncio
from pathlib import Path

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from adapters.errors import QueryError
from adapters.query import OutputColumn, SqlQuery
from orchestrator.compile.plan import FetchStep, JoinStep, KeyCheck, Plan
from orchestrator.join import JoinedTable, join
from orchestrator.staging import StagingPool, StagingSettings

_PAIRS = """SELECT a.id, b.name FROM (SELECT * FROM fetched_s1) AS a
LEFT JOIN (SELECT * FROM fetched_s2) AS b ON b.id = a.id ORDER BY a.id"""


def step(name: str) -> FetchStep:
    """A fetch of an id and a name."""
    columns = (OutputColumn(name="id", type="int64"), OutputColumn(name="name", type="string"))
    query = SqlQuery(relations=("public.x",), columns=columns, text="SELECT")
    return FetchStep(name, f"source-{name}", "customer", query)


def plan(sql: str, *checks: KeyCheck, optional: frozenset[str] = frozenset()) -> Plan:
    """A plan of two fetches and this join, whose columns are called as its SQL calls them."""
    steps = (step("s1"), step("s2"))
    tree = sqlglot.parse_one(sql, read="duckdb")
    columns = tuple(tree.named_selects) if isinstance(tree, exp.Query) else ("id",)
    return Plan("SELECT", steps, JoinStep(sql, checks), columns, (), (), optional)


def rows(*pairs: tuple[int | None, str | None]) -> pa.Table:
    """A fetched table."""
    ids, names = [one for one, _ in pairs], [name for _, name in pairs]
    return pa.table({"id": pa.array(ids, pa.int64()), "name": pa.array(names, pa.string())})


def joined(sql: str, *checks: KeyCheck, **tables: pa.Table) -> JoinedTable:
    """The join of two small tables, or of these."""
    both = {"s1": rows((1, "a")), "s2": rows((1, "b"))} | tables
    return joined_by(plan(sql, *checks), both)


def joined_by(one: Plan, tables: dict[str, pa.Table], folder: Path | None = None) -> JoinedTable:
    """The join of a plan whose steps gave these tables."""

    async def staged() -> JoinedTable:
        pool = StagingPool(StagingSettings(spill_folder=folder))
        try:
            async with pool.opened() as staging:
                for name, table in tables.items():
                    async with staging.filling(name, table.schema) as take:
                        await take(table)
                return await join(one, staging)
        finally:
            await pool.close()

    return asyncio.run(staged())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_parquet('http://127.0.0.1:1/x')",
        "SELECT * FROM glob('/*')",
        "ATTACH '/tmp/stolen.db' AS x",
        "COPY fetched_s1 TO '/tmp/stolen.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET lock_configuration = false",
        "SELECT * FROM table",
        "SELECT * FROM pa",
    ],
)
def test_duckdb_is_locked(sql: str) -> None:
    """A join can't read or write files, load code, see Python's variables or loosen its bounds."""
    with pytest.raises(QueryError, match="the join failed"):
        joined(sql)
    assert not Path("/tmp/stolen.db").exists()  # noqa: S108 -- must not be there
    assert not Path("/tmp/stolen.csv").exists()  # noqa: S108 -- must not be there


def test_rows_are_joined() -> None:
    """Tables come under their steps' names and give the query's rows."""
    found = joined(_PAIRS, s1=rows((1, "a"), (2, "b")), s2=rows((2, "two")))
    assert found.table.to_pylist() == [{"id": 1, "name": None}, {"id": 2, "name": "two"}]
    assert (found.possible, found.losses, found.warnings) == (True, (), ())


def test_sums_of_integers_are_integers() -> None:
    """DuckDB's wide sums come as int64, and stay wide where they do not fit."""
    sql = "SELECT SUM(id) AS n FROM fetched_s1"
    assert joined(sql, s1=rows((2, ""), (3, ""))).table.schema.field("n").type == pa.int64()
    wide = joined(sql, s1=rows((2**62, ""), (2**62, ""))).table
    assert int(wide.column("n")[0].as_py()) == 2**63


def test_a_value_that_does_not_fit_says_so() -> None:
    """A conversion that fails in the join is a QueryError without the value."""
    with pytest.raises(QueryError, match="ConversionException") as refused:
        joined("SELECT CAST(name AS INT) AS n FROM fetched_s1", s1=rows((1, "hunter2")))
    assert "hunter2" not in str(refused.value)


def check(*, unique: bool = False) -> KeyCheck:
    """The equality of both ids."""
    return KeyCheck(("s1", '"id"', "sales"), ("s2", '"id"', "support"), right_unique=unique)


def test_keys_without_a_match_are_counted() -> None:
    """Distinct keys that the other side lacks are noted; nulls and repeats do not count."""
    left = rows((1, ""), (2, ""), (2, ""), (3, ""), (None, ""))
    found = joined(_PAIRS, check(), s1=left, s2=rows((1, ""), (None, "")))
    assert found.notes == ("2 keys had no match in support",)
    assert joined(_PAIRS, check()).notes == ()


def test_repeated_keys_are_counted_where_one_is_expected() -> None:
    """Keys that stand twice where one row is meant are a warning, if the left side has them."""
    right = rows((1, "a"), (1, "b"), (2, "a"), (9, "a"), (9, "b"))
    left = rows((1, ""), (2, ""))
    found = joined(_PAIRS, check(unique=True), s1=left, s2=right)
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("1 keys stand more than once in support")
    assert joined(_PAIRS, check(), s1=left, s2=right).warnings == ()


def test_keys_are_counted_through_their_transform() -> None:
    """A key is compared as the join compares it; what the transform can't read is no key."""
    number = """TRY_CAST(REPLACE("name", 'C-', '') AS BIGINT)"""
    one = KeyCheck(("s1", number, "sales"), ("s2", '"id"', "support"))
    left = rows((0, "C-1"), (0, "C-7"), (0, "?"))
    assert joined(_PAIRS, one, s1=left).notes == ("1 keys had no match in support",)


def test_failed_optional_fetch_leaves_empty_columns() -> None:
    """Without an optional fetch its columns are empty and no key is counted against it."""
    one = plan(_PAIRS, check(), optional=frozenset({"s2"}))
    found = joined_by(one, {"s1": rows((1, "a"))})
    assert found.table.to_pylist() == [{"id": 1, "name": None}]
    assert (found.notes, found.keys) == ((), ())


def test_failed_first_fetch_leaves_nothing() -> None:
    """Without the rows that the query reads from, no answer is possible."""
    assert not (joined_by(plan(_PAIRS), {"s2": rows((1, "b"))})).possible


@pytest.mark.parametrize("sql", [_PAIRS, "SELECT nothing FROM fetched_s1"])
def test_spill_folder_is_removed(sql: str, tmp_path: Path) -> None:
    """What DuckDB spills goes with the join, also when it fails."""
    tables = {"s1": rows((1, "a")), "s2": rows((1, "b"))}
    try:
        joined_by(plan(sql), tables, tmp_path)
    except QueryError:
        assert sql != _PAIRS
    assert list(tmp_path.iterdir()) == []


def test_a_huge_answer_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A join that gives more bytes than an answer may have ends early."""
    monkeypatch.setattr("orchestrator.join.MAX_ANSWER_BYTES", 1_000)
    many = rows(*((number, "x") for number in range(2_000)))
    found = joined("SELECT a.id FROM fetched_s1 AS a, fetched_s2 AS b", s1=many, s2=many)
    assert found.truncated
    assert 0 < found.table.num_rows < 2_000 * 2_000
