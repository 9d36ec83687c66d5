"""A SQLite file as a source: what it stores is looked at before it is compared or given."""

import sqlite3
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Limits
from adapters.errors import SourceRefused, SourceUnreachable
from adapters.query import OutputColumn, SqlQuery
from adapters.sqlite import SqliteAdapter
from adapters.sqlite.coercion import canonical
from tests.contract.harness import gather

_MADE = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, score INT, weight REAL, spend DECIMAL(10,2),
    active BOOLEAN, day DATE, at TIMESTAMPTZ, noted DATETIME, more JSON, code VARCHAR(9), raw);
INSERT INTO customers VALUES
    (1, 'Ada', 5, 0.5, '1.25', 1, '2026-06-15', '2026-06-15T14:00:00+02:00',
     '2026-06-15 12:00:00', '{"a": 1}', '07', 'x'),
    (2, 'ADA', 7, 2, 3, 0, NULL, '2026-06-15 12:00:00', NULL, NULL, '8', 1),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE messy (id INTEGER PRIMARY KEY, n INTEGER, w REAL, s TEXT);
INSERT INTO messy VALUES (1, 1, 1.5, 'a'), (2, 'many', 2.5, x'00'), (3, 3, 'heavy', 'c');
CREATE TABLE firm (n INTEGER, s TEXT) STRICT;
INSERT INTO firm VALUES (1, 'a'), (2, 'b');
CREATE INDEX customers_name ON customers (name, score);
CREATE TABLE lines (order_id INT, line INT, PRIMARY KEY (order_id, line)) WITHOUT ROWID;
CREATE VIEW named AS SELECT id, name FROM customers WHERE name IS NOT NULL;
"""


@pytest.fixture
def box(tmp_path: Path) -> SqliteAdapter:
    """An adapter over a file with a table of each kind."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.executescript(_MADE)
    connection.close()
    return SqliteAdapter("box", folder=tmp_path, database="a.db")


async def rows(
    adapter: SqliteAdapter, relation: str, text: str, *parameters: Any, **words: str
) -> list[dict[str, Any]]:
    """The rows of a SELECT."""
    query = SqlQuery(
        relations=(relation,),
        columns=tuple(OutputColumn(name=name, type=word) for name, word in words.items()),
        text=text,
        parameters=parameters,
    )
    return (await gather(adapter, query, None, Limits())).table.to_pylist()


@pytest.mark.parametrize(
    ("declared", "word"),
    [
        ("INTEGER", "int64"),
        ("unsigned big int", "int64"),
        ("VARCHAR(255)", "string"),
        ("text", "string"),
        ("UUID", "string"),
        ("DOUBLE PRECISION", "float64"),
        ("NUMERIC", "decimal"),
        ("decimal(10, 2)", "decimal(10,2)"),
        ("NUMERIC(5)", "decimal(5,0)"),
        ("Boolean", "bool"),
        ("DATE", "date"),
        ("datetime", "timestamp"),
        ("TIMESTAMP WITH TIME ZONE", "timestamptz"),
        ("JSON", "json"),
        ("BLOB", "mixed"),
        ("", "mixed"),
    ],
)
def test_declared_types_have_words(declared: str, word: str) -> None:
    """A declared type is read by its name, or else by SQLite's own rules."""
    assert canonical(declared) == word


async def test_catalog_has_tables_and_views(box: SqliteAdapter) -> None:
    """Tables and views stand with their keys, words and rows; SQLite's own tables do not."""
    catalog = await box.introspect(None, 10)
    found = {relation.name: relation for relation in catalog.relations}
    assert list(found) == ["customers", "firm", "lines", "messy", "named"]
    assert found["customers"].key == ("id",)
    assert found["lines"].key == ("order_id", "line")
    assert (found["customers"].rows, found["named"].rows) == (3, 2)


async def test_estimates_are_those_of_analyze(box: SqliteAdapter, tmp_path: Path) -> None:
    """Where ANALYZE has run, rows and distinct values come from it, without counting."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute("ANALYZE")
    connection.execute("UPDATE sqlite_stat1 SET stat = '1000 50 5' WHERE idx = 'customers_name'")
    connection.commit()
    connection.close()
    relation = (await box.introspect(None, 10)).relation("customers")
    assert relation is not None
    assert relation.rows == 1000
    distinct = {column.name: column.distinct for column in relation.columns}
    assert (distinct["id"], distinct["name"], distinct["score"]) == (1000, 20, None)


async def test_each_kind_of_value_is_read(box: SqliteAdapter) -> None:
    """What SQLite has no type for is read from its text or number, and null stays null."""
    words = {
        "id": "int64",
        "name": "string",
        "score": "int64",
        "weight": "float64",
        "spend": "decimal(10,2)",
        "active": "bool",
        "day": "date",
        "at": "timestamptz",
        "noted": "timestamp",
        "more": "json",
    }
    text = f"SELECT {', '.join(words)} FROM customers ORDER BY id"
    first, second, third = await rows(box, "customers", text, **words)
    noon = datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert list(first.values()) == [
        *(1, "Ada", 5, 0.5, Decimal("1.25"), True, date(2026, 6, 15), noon),
        *(noon.replace(tzinfo=None), '{"a": 1}'),
    ]
    assert list(second.values())[:8] == [2, "ADA", 7, 2.0, Decimal(3), False, None, noon]
    assert [name for name, value in third.items() if value is not None] == ["id"]


@pytest.mark.parametrize(
    ("column", "word"),
    [
        ("name", "int64"),
        ("name", "date"),
        ("name", "timestamptz"),
        ("name", "timestamp"),
        ("name", "decimal"),
        ("name", "bool"),
        ("score", "bool"),
        ("score", "timestamptz"),
        ("spend", "decimal(10,1)"),
        ("weight", "int64"),
        ("weight", "string"),
        ("raw", "bool"),
        ("at", "timestamp"),
    ],
)
async def test_loss_names_the_column(box: SqliteAdapter, column: str, word: str) -> None:
    """A value that is not what the word says, or would change, is an error naming its column."""
    text = f"SELECT {column} FROM customers"
    with pytest.raises(SourceRefused, match=f"'{column}'"):
        await rows(box, "customers", text, **{column: word})


@pytest.mark.parametrize(
    ("where", "parameter", "ids"),
    [
        ("name = $1", "ADA", [2]),
        ("name IN (SELECT value FROM json_each($1))", ["Ada", "Grace"], [1]),
        ("score IN (SELECT value FROM json_each($1))", [7, 5], [1, 2]),
        ("score IN (SELECT value FROM json_each($1))", [], []),
        ("weight IN (SELECT value FROM json_each($1))", [0.5, 0.1 + 0.2], [1]),
        ("weight >= $1", 2.0, [2]),
        ("score <> $1", 5, [2]),
        ("score IS NULL AND id > $1", 0, [3]),
    ],
)
async def test_comparisons_mean_what_they_mean_in_the_join(
    box: SqliteAdapter, where: str, parameter: Any, ids: list[int]
) -> None:
    """Numbers and text compare by value, whatever collation a column was declared with."""
    text = f"SELECT id FROM customers WHERE {where} ORDER BY id"
    assert await rows(box, "customers", text, parameter, id="int64") == [{"id": id_} for id_ in ids]


async def test_groups_are_by_code_point(box: SqliteAdapter) -> None:
    """Text that differs in case makes two groups, as in the join."""
    text = "SELECT name, count(*) AS n FROM customers GROUP BY name ORDER BY name"
    found = await rows(box, "customers", text, name="string", n="int64")
    assert [(row["name"], row["n"]) for row in found] == [(None, 1), ("ADA", 1), ("Ada", 1)]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("SELECT id FROM messy WHERE n < 2", "n"),
        ("SELECT sum(n) AS id FROM messy", "n"),
        ("SELECT id FROM messy ORDER BY w", "w"),
        ("SELECT id FROM messy WHERE s = 'a'", "s"),
        ("SELECT DISTINCT n AS id FROM messy", "n"),
        ("SELECT m.id FROM (SELECT id, n FROM messy) AS m WHERE m.n = 1", "n"),
    ],
)
async def test_mixed_storage_is_not_compared(box: SqliteAdapter, text: str, column: str) -> None:
    """A column whose values are of several kinds is refused where it would be compared, though no
    such row would come."""
    with pytest.raises(SourceRefused, match=f"'{column}' of messy"):
        await rows(box, "messy", text, id="int64")


async def test_mixed_storage_that_is_not_read_does_no_harm(box: SqliteAdapter) -> None:
    """A query that leaves the mixed column alone is answered."""
    found = await rows(box, "messy", "SELECT id FROM messy WHERE id > $1", 1, id="int64")
    assert found == [{"id": 2}, {"id": 3}]


async def test_numbers_kept_as_text_are_not_compared_as_numbers(box: SqliteAdapter) -> None:
    """A model that calls a column of text a number is refused, where '07' < 8 would be tried."""
    with pytest.raises(SourceRefused, match="'code' of customers"):
        await rows(box, "customers", "SELECT code FROM customers WHERE code < $1", 8, code="int64")


async def test_a_strict_table_is_trusted(box: SqliteAdapter) -> None:
    """SQLite itself keeps the types of a STRICT table, so it is compared at once."""
    found = await rows(box, "firm", "SELECT s FROM firm WHERE n = $1", 2, s="string")
    assert found == [{"s": "b"}]


@pytest.mark.parametrize("value", [2**63, Decimal("1.5"), date(2026, 6, 15), "a\0b", ["a\0b"]])
async def test_what_sqlite_can_not_hold_is_refused(box: SqliteAdapter, value: Any) -> None:
    """A parameter that SQLite has no type for, or would cut, is refused and not guessed at."""
    with pytest.raises(SourceRefused, match="can't compare"):
        await rows(box, "customers", "SELECT id FROM customers WHERE id = $1", value, id="int64")


async def test_a_file_that_is_away_says_to_check_the_path(tmp_path: Path) -> None:
    """A file that is not there is SourceUnreachable, with a hint, and is not made."""
    away = SqliteAdapter("box", folder=tmp_path, database="away.db")
    with pytest.raises(SourceUnreachable, match="Check the path") as error:
        await away.introspect(None, 10)
    assert str(tmp_path) not in str(error.value)
    assert not (tmp_path / "away.db").exists()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file of another kind is a SourceError, not a crash."""
    (tmp_path / "a.db").write_text("id,name\n" * 1_000)
    with pytest.raises(SourceRefused, match="box refused"):
        await SqliteAdapter("box", folder=tmp_path, database="a.db").introspect(None, 10)


async def test_a_file_that_is_being_written_is_read_or_tried_again(
    box: SqliteAdapter, tmp_path: Path
) -> None:
    """A writer that keeps the file to itself makes a transient error."""
    writer = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(SourceUnreachable, match="locked") as locked:
            await rows(box, "customers", "SELECT id FROM customers", id="int64")
    finally:
        writer.execute("ROLLBACK")
        writer.close()
    assert locked.value.transient
    assert len(await rows(box, "customers", "SELECT id FROM customers", id="int64")) == 3
