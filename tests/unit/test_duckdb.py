"""Files as a source: DuckDB, Parquet and CSV; types, names, estimates, and files that are away."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from adapters.base import Limits
from adapters.duckdb import DuckdbAdapter
from adapters.errors import ConfigurationError, SourceRefused, SourceUnreachable
from adapters.query import OutputColumn, SqlQuery
from orchestrator.semantic import SemanticModel, load
from orchestrator.wire import open_pipeline
from tests.contract.harness import gather

_ID = "12345678-1234-5678-1234-567812345678"
_MADE = f"""
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE SCHEMA old;
CREATE TABLE all_kinds (
    i INTEGER PRIMARY KEY, h HUGEINT, f FLOAT, d DECIMAL(5,2), s VARCHAR COLLATE NOCASE,
    e mood, u UUID, b BOOLEAN, day DATE, moment TIMESTAMPTZ, t TIMESTAMP_MS, l INTEGER[],
    o STRUCT(a INTEGER), j JSON, clock TIME);
INSERT INTO all_kinds VALUES
    (1, 7, 0.5, 1.25, 'a', 'sad', '{_ID}', true, '2026-06-15', '2026-06-15 14:00+02',
     '2026-06-15 12:00', [1, 2], {{'a': 1}}, '{{"a":1}}', '12:00'),
    (2, NULL, NULL, NULL, 'A', 'happy', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
COMMENT ON TABLE all_kinds IS 'one of each';
COMMENT ON COLUMN all_kinds.i IS 'the number';
CREATE TABLE old.orders AS SELECT range AS id, range % 10 AS part FROM range(20000);
CREATE VIEW busy AS SELECT part, count(*) AS n FROM old.orders GROUP BY part;
CREATE VIEW elsewhere AS SELECT * FROM read_csv('{{folder}}/other.csv');
"""
WORDS = {
    "i": "int64",
    "h": "decimal(38,0)",
    "f": "float64",
    "d": "decimal(5,2)",
    "s": "string",
    "e": "string",
    "u": "string",
    "b": "bool",
    "day": "date",
    "moment": "timestamptz",
    "t": "timestamp",
    "l": "json",
    "o": "json",
    "j": "json",
    "clock": "mixed",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file, two CSV files and a Parquet file."""
    path = tmp_path_factory.mktemp("lake")
    (path / "lines-1.csv").write_text("zip,amount\n01234,1.5\n")
    (path / "other.csv").write_text("zip\n1\n")
    (path / "lines-2.csv").write_text("zip,amount\n99999,2.5\n")
    with duckdb.connect(str(path / "a.duckdb")) as made:
        made.execute(_MADE.replace("{folder}", str(path)))
        made.execute(f"COPY old.orders TO '{path}/orders.parquet'")
    return path


@pytest.fixture
def lake(folder: Path) -> DuckdbAdapter:
    """An adapter over all of them."""
    files = {"lines": "lines-*.csv", "orders": "orders.parquet"}
    return DuckdbAdapter("lake", folder=folder, database="a.duckdb", files=files)


async def rows(
    adapter: DuckdbAdapter, relation: str, text: str, *parameters: Any, **words: str
) -> list[dict[str, Any]]:
    """The rows of a SELECT."""
    query = SqlQuery(
        relations=(relation,),
        columns=tuple(OutputColumn(name=name, type=word) for name, word in words.items()),
        text=text,
        parameters=parameters,
    )
    return (await gather(adapter, query, None, Limits())).table.to_pylist()


async def test_catalog_has_tables_views_and_files(lake: DuckdbAdapter) -> None:
    """Relations of the file and declared files stand side by side, with keys and comments; a view
    that needs another file is left out."""
    catalog = await lake.introspect(None, 10)
    found = {relation.name: relation for relation in catalog.relations}
    assert list(found) == ["all_kinds", "busy", "lines", "old.orders", "orders"]
    kinds = found["all_kinds"]
    assert {column.name: column.type for column in kinds.columns} == WORDS
    assert (kinds.key, kinds.comment, kinds.rows) == (("i",), "one of each", 2)
    number = kinds.column("i")
    assert number is not None
    assert (number.comment, number.nullable, number.distinct) == ("the number", False, 2)
    assert [found[name].rows for name in ("busy", "lines", "orders")] == [10, 2, 20_000]


@pytest.mark.parametrize("relation", ["old.orders", "orders"])
async def test_distinct_values_are_estimated(lake: DuckdbAdapter, relation: str) -> None:
    """A table's own statistics, or a count where rows are few, tell how many values there are."""
    found = (await lake.introspect(None, 10)).relation(relation)
    assert found is not None
    distinct = {column.name: column.distinct for column in found.columns}
    assert distinct["id"] == pytest.approx(20_000, rel=0.2)
    assert distinct["part"] == pytest.approx(10, rel=0.2)


async def test_each_kind_of_value_is_read(lake: DuckdbAdapter) -> None:
    """Each of DuckDB's types comes as its canonical word, and null stays null."""
    words = {name: word for name, word in WORDS.items() if word != "mixed"}
    text = f"SELECT {', '.join(words)} FROM all_kinds ORDER BY i"
    first, second = await rows(lake, "all_kinds", text, **words)
    assert first == {
        "i": 1,
        "h": Decimal(7),
        "f": 0.5,
        "d": Decimal("1.25"),
        "s": "a",
        "e": "sad",
        "u": _ID,
        "b": True,
        "day": datetime(2026, 6, 15, tzinfo=UTC).date(),
        "moment": datetime(2026, 6, 15, 12, tzinfo=UTC),
        "t": datetime(2026, 6, 15, 12),  # noqa: DTZ001
        "l": "[1,2]",
        "o": '{"a":1}',
        "j": '{"a":1}',
    }
    assert [name for name, value in second.items() if value is not None] == ["i", "s", "e"]


@pytest.mark.parametrize(
    ("where", "parameter", "ids"),
    [
        ("s = $1", "a", [1]),
        ("u = $1", _ID, [1]),
        ("u = $1", "no uuid", []),
        ("u = ANY($1)", [_ID, "no uuid"], [1]),
        ("e = ANY($1)", ["happy", "no mood"], [2]),
        ("e < $1", "i", [2]),
        ("d = $1", Decimal("1.250"), [1]),
        ("moment = $1", datetime(2026, 6, 15, 12, tzinfo=UTC), [1]),
        ("i = ANY($1)", [], []),
    ],
)
async def test_text_compares_as_text(
    lake: DuckdbAdapter, where: str, parameter: Any, ids: list[int]
) -> None:
    """Enums, UUIDs and text with a collation compare as plain text does in the join."""
    text = f"SELECT i FROM all_kinds WHERE {where}"
    assert await rows(lake, "all_kinds", text, parameter, i="int64") == [{"i": id_} for id_ in ids]


async def test_a_pattern_is_all_its_files(lake: DuckdbAdapter) -> None:
    """A relation of several files has the rows of all, and a number with a leading zero is text."""
    found = await rows(
        lake, "lines", "SELECT zip, amount FROM lines", zip="string", amount="float64"
    )
    assert sorted(row["zip"] for row in found) == ["01234", "99999"]


async def test_a_type_without_a_word_is_refused(lake: DuckdbAdapter) -> None:
    """A column that has no canonical type is an error that names it, not text."""
    with pytest.raises(SourceRefused, match="'clock'"):
        await rows(lake, "all_kinds", "SELECT clock FROM all_kinds", clock="string")


@pytest.mark.parametrize(
    "connect",
    [
        {"database": "away.duckdb"},
        {"files": {"orders": "away.parquet"}},
        {"files": {"orders": "away-*.csv"}},
    ],
)
async def test_a_file_that_is_away_says_to_check_the_path(
    folder: Path, connect: dict[str, Any]
) -> None:
    """A file that is not there is SourceUnreachable, with a hint, and without the path."""
    adapter = DuckdbAdapter("lake", folder=folder, **connect)
    with pytest.raises(SourceUnreachable, match="Check the path") as away:
        await rows(adapter, "orders", "SELECT id FROM orders", id="int64")
    with pytest.raises(SourceUnreachable):
        await adapter.introspect(None, 10)
    assert str(folder) not in str(away.value)


async def test_a_file_that_is_no_database_is_an_error_of_the_source(folder: Path) -> None:
    """A file of another kind is a SourceError, not a crash."""
    adapter = DuckdbAdapter("lake", folder=folder, database="lines-1.csv")
    with pytest.raises((SourceRefused, SourceUnreachable), match="lake"):
        await adapter.introspect(None, 10)


@pytest.mark.parametrize(
    ("connect", "fits"),
    [
        ("{database: a.duckdb}", True),
        ("{files: {orders: orders.parquet}}", True),
        ("{}", False),
        ("{files: {orders: orders.xlsx}}", False),
        ("{path: a.duckdb}", False),
    ],
)
async def test_connect_is_checked(tmp_path: Path, connect: str, fits: bool) -> None:
    """A source needs a database or files, of a kind that can be read, and relative paths begin at
    the folder of the model."""
    path = tmp_path / "semantic_model.yaml"
    path.write_text(
        f"name: Shop\nsources: {{lake: {{kind: duckdb, connect: {connect}}}}}\nentities: {{}}\n"
    )
    with duckdb.connect(str(tmp_path / "a.duckdb")) as made:
        made.execute("CREATE TABLE orders AS SELECT 1 AS id")
        made.execute(f"COPY orders TO '{tmp_path}/orders.parquet'")
    model: SemanticModel = load(path, {})
    url = f"sqlite+aiosqlite:///{tmp_path}/store.db"
    if not fits:
        with pytest.raises(ConfigurationError, match="does not fit a duckdb source"):
            await open_pipeline(model=model, vault=None, store_url=url, warm=False)
        return
    pipeline = await open_pipeline(model=model, vault=None, store_url=url, warm=False)
    try:
        catalog = await pipeline.sources["lake"].adapter.introspect(None, 10)
    finally:
        await pipeline.close()
    assert [relation.name for relation in catalog.relations] == ["orders"]
