"""What the parser refuses: everything that is not one plain SELECT over entities."""

import pytest

from adapters.errors import QueryError, SqlNotAllowed, UnknownName
from orchestrator.compile.parse import MAX_CHARACTERS, MAX_TABLES, parse
from tests.unit.compile.shop import planned

_ONE = "Write one SELECT"
HOSTILE = {
    "DROP TABLE customer": _ONE,
    "CREATE TABLE x (a INT)": _ONE,
    "CREATE VIEW x AS SELECT 1": _ONE,
    "ALTER TABLE customer ADD COLUMN x INT": _ONE,
    "TRUNCATE customer": _ONE,
    "INSERT INTO customer VALUES (1)": _ONE,
    "UPDATE customer SET name = 'x'": _ONE,
    "DELETE FROM customer": _ONE,
    "MERGE INTO customer USING account ON TRUE WHEN MATCHED THEN DELETE": _ONE,
    "SELECT name FROM customer; DELETE FROM customer": _ONE,
    "SELECT name FROM customer; SELECT name FROM customer": _ONE,
    "SELECT name FROM customer; COMMIT": _ONE,
    "COMMIT": _ONE,
    "ROLLBACK": _ONE,
    "BEGIN": _ONE,
    "BEGIN; SELECT 1": _ONE,
    "SET search_path = pg_catalog": _ONE,
    "RESET ROLE": _ONE,
    "SET ROLE postgres": _ONE,
    "COPY customer TO '/tmp/x'": _ONE,
    "COPY (SELECT name FROM customer) TO '/tmp/x.csv'": _ONE,
    "ATTACH '/etc/passwd' AS x": _ONE,
    "DETACH x": _ONE,
    "PRAGMA database_list": _ONE,
    "INSTALL httpfs": _ONE,
    "LOAD httpfs": _ONE,
    "CALL pragma_version()": _ONE,
    "EXPLAIN SELECT name FROM customer": _ONE,
    "EXPLAIN ANALYZE DELETE FROM customer": _ONE,
    "DESCRIBE customer": _ONE,
    "SHOW TABLES": _ONE,
    "VACUUM": _ONE,
    "GRANT ALL ON customer TO PUBLIC": _ONE,
    "EXPORT DATABASE '/tmp/x'": "can't be read|Write one",
    "DO $$ BEGIN END $$": "can't be read|Write one",
    "PREPARE x AS SELECT 1": _ONE,
    "": _ONE,
    "-- SELECT name FROM customer": _ONE,
    "/* SELECT */ DELETE FROM customer /* name */": _ONE,
    "SELECT name FROM customer /* ; */; /* */ DROP TABLE customer": _ONE,
    "SELECT (": "can't be read",
    "SELECT 'open": "can't be read",
    "SELECT * FROM read_csv('/etc/passwd')": "(?i)read_?csv",
    "SELECT * FROM read_parquet('/tmp/x')": "(?i)read_?parquet",
    "SELECT * FROM read_json_auto('/tmp/x')": "(?i)read_json_auto",
    "SELECT * FROM read_text('/etc/passwd')": "(?i)read_text",
    "SELECT * FROM glob('/*')": "(?i)glob",
    "SELECT * FROM duckdb_settings()": "duckdb_settings",
    "SELECT * FROM '/etc/passwd'": "letters, digits",
    'SELECT * FROM "/tmp/x.parquet"': "letters, digits",
    "SELECT * FROM generate_series(1, 1000000000)": "(?i)series",
    "SELECT * FROM range(1000000000)": "(?i)range|series",
    "SELECT * FROM UNNEST([1, 2])": "(?i)not allowed",
    "SELECT * FROM VALUES (1) AS t(a)": "(?i)not allowed",
    "SELECT pg_read_file('/etc/passwd') FROM customer": "pg_read_file",
    "SELECT PG_READ_FILE('/etc/passwd') FROM customer": "(?i)pg_read_file",
    'SELECT "pg_read_file"(name) FROM customer': "pg_read_file",
    "SELECT pg_catalog.pg_sleep(9) FROM customer": "not allowed",
    "SELECT pg_sleep(9) FROM customer": "pg_sleep",
    "SELECT query_to_xml('DELETE', true, true, '') FROM customer": "query_to_xml",
    "SELECT dblink('x', 'SELECT 1') FROM customer": "dblink",
    "SELECT set_config('a', 'b', false) FROM customer": "set_config",
    "SELECT current_setting('a') FROM customer": "(?i)current_setting",
    "SELECT nextval('s') FROM customer": "(?i)next_?val",
    "SELECT lo_import('/etc/passwd') FROM customer": "lo_import",
    "SELECT getenv('HOME') FROM customer": "(?i)getenv",
    "SELECT version() FROM customer": "(?i)version",
    "SELECT CURRENT_USER FROM customer": "(?i)current_?user",
    "SELECT RANDOM() FROM customer": "(?i)rand",
    "SELECT name FROM customer WHERE EXISTS (SELECT ts_stat('SELECT 1'))": "ts_stat",
    "SELECT name FROM customer ORDER BY pg_sleep(1)": "pg_sleep",
    "SELECT COUNT(*) FILTER (WHERE pg_sleep(1) IS NULL) FROM customer": "pg_sleep",
    "SELECT name INTO stolen FROM customer": "(?i)into",
    "SELECT name FROM customer FOR UPDATE": "FOR UPDATE",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION SELECT n FROM t) SELECT n FROM t": "RECURSIVE",
    "WITH x AS (DELETE FROM customer RETURNING name) SELECT name FROM x": "(?i)delete|returning",
    "WITH fetched_s1 AS (SELECT 1 AS a) SELECT a FROM fetched_s1": "fetched_",
    "WITH fragment_2 AS (SELECT 1 AS a) SELECT a FROM fragment_2": "fragment_",
    "SELECT name FROM public.customer": "without a schema",
    "SELECT name FROM pg_catalog.pg_authid": "without a schema",
    "SELECT name FROM other.public.customer": "without a schema",
    "SELECT name FROM customer TABLESAMPLE (10 PERCENT)": "(?i)sample",
    "SELECT name FROM customer PIVOT (COUNT(*) FOR segment IN ('a'))": "(?i)pivot",
    "SELECT x -> 1 FROM customer": "(?i)not allowed",
    "SELECT LIST_TRANSFORM([1], x -> x) FROM customer": "(?i)not allowed",
    "SELECT [1, 2] FROM customer": "not allowed",
    "SELECT {'a': 1} FROM customer": "(?i)not allowed",
    "SELECT $1 FROM customer": "(?i)parameter|placeholder",
    "SELECT ? FROM customer": "(?i)parameter|placeholder",
    "SELECT name FROM сustomer": "letters, digits",
    "SELECT nаme FROM customer": "letters, digits",
    'SELECT name AS "a""; DROP" FROM customer': "letters, digits",
    'SELECT name AS "x\u202ey" FROM customer': "letters, digits",
}


@pytest.mark.parametrize(("sql", "said"), HOSTILE.items())
def test_refused_with_what_it_is(sql: str, said: str) -> None:
    """Each hostile or unsupported text is refused with a message that names what is wrong."""
    with pytest.raises(SqlNotAllowed, match=said) as refused:
        parse(sql)
    assert len(str(refused.value)) < 400


def test_bounds_hold() -> None:
    """Length, depth, nodes and tables are bounded, each with its own message."""
    with pytest.raises(SqlNotAllowed, match=f"over {MAX_CHARACTERS:,} characters"):
        parse("SELECT name FROM customer WHERE name = '" + "x" * 30_000 + "'")
    with pytest.raises(SqlNotAllowed, match="nested over"):
        parse("SELECT " + "(" * 60 + "1" + ")" * 60)
    with pytest.raises(SqlNotAllowed, match="nested over"):
        parse("SELECT name FROM " + "(SELECT name FROM " * 50 + "customer" + ")" * 50)
    with pytest.raises(SqlNotAllowed, match="too large"):
        parse("SELECT name FROM customer WHERE spend IN (" + ", ".join("1" * 4_500) + ")")
    with pytest.raises(SqlNotAllowed, match=f"over {MAX_TABLES} entities"):
        parse("SELECT 1 FROM " + ", ".join(f"customer AS c{n}" for n in range(30)))


@pytest.mark.parametrize("operator", ["NOT ", "- ", "1 + ", "TRUE AND "])
def test_long_chains_are_refused_or_read(operator: str) -> None:
    """A chain without brackets ends as a tree or a refusal, never as a crash."""
    text = "SELECT " + operator * 1_900 + "1 FROM customer"
    try:
        parse(text)
    except SqlNotAllowed as refused:
        assert str(refused)  # noqa: PT017 -- both ends are right


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT name FROM custommer", "did you mean `customer`"),
        ("SELECT nme FROM customer", "did you mean `name`"),
        ("SELECT c.nme FROM customer AS c", "did you mean `name`"),
        ("SELECT name FROM pg_authid", "no entity “pg_authid”"),
        ("SELECT name FROM duckdb_settings", "known: "),
        ("SELECT score FROM customer", "score"),
        ("SELECT text FROM search(customer, 'late', 5) AS s", "can't be searched"),
    ],
)
def test_unknown_names_come_with_a_hint(sql: str, said: str) -> None:
    """A name that the model does not have is named, with the nearest one or all."""
    with pytest.raises(UnknownName, match=said):
        planned(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT text FROM search(memo, text, 5) AS s",
        "SELECT text FROM search(memo, '', 5) AS s",
        "SELECT text FROM search(memo, 'late', 0) AS s",
        "SELECT text FROM search(memo, 'late', 1001) AS s",
        "SELECT text FROM search(memo, 'late', 'many') AS s",
        "SELECT text FROM search(memo, 'late', 2.5) AS s",
        "SELECT text FROM search(memo, 'late') AS s",
    ],
)
def test_search_takes_text_and_a_bounded_number(sql: str) -> None:
    """search() needs a text in quotes and a whole number of hits within bounds."""
    with pytest.raises(SqlNotAllowed, match=r"argument of search\(\)"):
        planned(sql)


def test_a_query_without_entities_is_refused() -> None:
    """A SELECT that reads nothing says which entities there are."""
    with pytest.raises(QueryError, match="customer"):
        planned("SELECT 1 AS one")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT name FROM customer -- all of them",
        "SELECT /* the */ name FROM customer;",
        'SELECT "name" FROM "customer"',
        "select NAME from customer",
    ],
)
def test_harmless_spellings_are_read(sql: str) -> None:
    """Comments, one closing semicolon, quotes and capitals of words and fields do no harm."""
    assert [one.lower() for one in planned(sql).columns] == ["name"]
