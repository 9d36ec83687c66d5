"""What people try that semantic SQL has not: the error names it as they wrote it and gives a way
out, and that way is open.
"""

import re

import pytest

from adapters.errors import SqlNotAllowed
from orchestrator.compile.parse import parse
from tests.unit.compile.shop import planned

_FROM = " FROM customer"
_GROUPED = f"COUNT(*) AS n{_FROM} GROUP BY 1"
_JOINED = 'SELECT c.name FROM customer AS c JOIN "order" AS o ON c.customer_id = o.customer_id'
_LATER = "left_at + INTERVAL 36 HOUR"

EXPRESSIONS: dict[str, tuple[str, str, str]] = {
    "joined_on > CURRENT_DATE": ("CURRENT_DATE", "DATE '", "joined_on > DATE '2026-01-31'"),
    "joined_on > TODAY()": ("TODAY", "DATE '", "joined_on > DATE '2026-01-31'"),
    "left_at > NOW()": ("NOW", "TIMESTAMPTZ '", "left_at > TIMESTAMPTZ '2026-01-31 09:00:00+00'"),
    "CURRENT_TIMESTAMP": ("CURRENT_TIMESTAMP", "TIMESTAMPTZ '", "left_at"),
    "LOCALTIMESTAMP": ("LOCALTIMESTAMP", "TIMESTAMPTZ '", "left_at"),
    "GETDATE()": ("GETDATE", "TIMESTAMPTZ '", "left_at"),
    "TO_CHAR(joined_on, 'YYYY')": ("TO_CHAR", "STRFTIME", "STRFTIME(joined_on, '%Y')"),
    "DATE_FORMAT(joined_on, '%Y')": ("DATE_FORMAT", "STRFTIME", "STRFTIME(joined_on, '%Y')"),
    "TO_DATE(name, 'YYYY')": ("TO_DATE", "CAST", "CAST(name AS DATE)"),
    "STRPTIME(name, '%Y')": ("STRPTIME", "TRY_CAST", "TRY_CAST(name AS TIMESTAMP)"),
    "TO_TIMESTAMP(customer_id)": (
        "TO_TIMESTAMP",
        "INTERVAL 1 SECOND",
        "TIMESTAMP '1970-01-01' + customer_id * INTERVAL 1 SECOND",
    ),
    "AGE(joined_on, joined_on)": (
        "AGE",
        "DATE_DIFF('day'",
        "DATE_DIFF('day', joined_on, joined_on)",
    ),
    "MONTHS_BETWEEN(joined_on, joined_on)": (
        "MONTHS_BETWEEN",
        "DATE_DIFF('month'",
        "DATE_DIFF('month', joined_on, joined_on)",
    ),
    "DATEADD('day', 1, joined_on)": ("DATEADD", "INTERVAL 1 DAY", "joined_on + INTERVAL 1 DAY"),
    "left_at + INTERVAL 1.5 DAY": ("INTERVAL 1.5", "36 HOUR", _LATER),
    "left_at + INTERVAL -1.5 DAY": ("INTERVAL 1.5", "36 HOUR", _LATER),
    "left_at + INTERVAL '1.5' DAY": ("INTERVAL 1.5", "36 HOUR", _LATER),
    "left_at + INTERVAL '.5 days'": ("INTERVAL .5 days", "36 HOUR", _LATER),
    "left_at + INTERVAL '1 day ago'": ("INTERVAL 1 day ago", "36 HOUR", _LATER),
    "left_at + INTERVAL '1 day 12:00'": ("INTERVAL 1 day 12:00", "36 HOUR", _LATER),
    "ADD_MONTHS(joined_on, 1)": ("ADD_MONTHS", "INTERVAL 1 MONTH", "joined_on + INTERVAL 1 MONTH"),
    "WEEKDAY(joined_on)": ("WEEKDAY", "DOW", "EXTRACT(DOW FROM joined_on)"),
    "LIST(name)": ("LIST", "STRING_AGG", "STRING_AGG(name, ', ')"),
    "ARRAY_AGG(name)": ("ARRAY_AGG", "STRING_AGG", "STRING_AGG(name, ', ')"),
    "LIST_AGG(name)": ("LIST_AGG", "STRING_AGG", "STRING_AGG(name, ', ')"),
    "name -> 'a'": ("->", "semantic model", "name"),
    "name ->> '$.a'": ("->>", "semantic model", "name"),
    "JSON_EXTRACT(name, '$.a')": ("JSON_EXTRACT", "semantic model", "name"),
    "{'a': name}": ("{…}", "columns", "name, segment"),
    "ROW(name, segment)": ("ROW", "columns", "name, segment"),
    "CAST(name AS STRUCT(a INT))": ("STRUCT", "columns", "name"),
    "name[1:3]": ("field[…]", "SUBSTRING", "SUBSTRING(name, 1, 3)"),
    "segment = ANY(['a', 'b'])": ("[…]", "IN (…)", "segment IN ('a', 'b')"),
    "LIST_TRANSFORM([1], x -> x + 1)": ("LIST_TRANSFORM", "`unwind`", "name"),
    "UNNEST([1, 2])": ("UNNEST", "`unwind`", "name"),
    "COLUMNS('na.*')": ("COLUMNS", "Name the fields", "name"),
    "LPAD(name, 5, '0')": ("LPAD", "RIGHT", "RIGHT('00000' || name, 5)"),
    "RPAD(name, 5, ' ')": ("RPAD", "LEFT", "LEFT(name || '     ', 5)"),
    "REPEAT(name, 3)": ("REPEAT", "functions there are", "CONCAT(name, name, name)"),
    "HASH(name)": ("HASH", "field itself", "name"),
    "MD5(name)": ("MD5", "field itself", "name"),
    "RANDOM()": ("RANDOM", "same each time", "name"),
    "UUID()": ("UUID", "same each time", "name"),
    "IFF(spend > 1, 1, 0)": ("IFF", "CASE", "CASE WHEN spend > 1 THEN 1 ELSE 0 END"),
    "DECODE(name, 'a', 1)": ("DECODE", "CASE", "CASE WHEN name = 'a' THEN 1 END"),
    "ISNULL(name, 'x')": ("ISNULL", "COALESCE", "COALESCE(name, 'x')"),
    "NULLIFZERO(spend)": ("NULLIFZERO", "NULLIF(", "NULLIF(spend, 0)"),
    "SAFE_DIVIDE(spend, 2)": ("SAFE_DIVIDE", "NULLIF(", "spend / NULLIF(2, 0)"),
    "FIRST(name)": ("FIRST", "ARG_MIN", "ARG_MIN(name, joined_on)"),
    "LAST(name)": ("LAST", "ARG_MAX", "ARG_MAX(name, joined_on)"),
    "EVERY(spend > 1)": ("EVERY", "BOOL_AND", "BOOL_AND(spend > 1)"),
    "APPROX_QUANTILE(spend, 0.5)": ("APPROX_QUANTILE", "QUANTILE_CONT", "QUANTILE_CONT(spend, .5)"),
    "STRLEN(name)": ("STRLEN", "LENGTH", "LENGTH(name)"),
    "PREFIX(name, 'a')": ("PREFIX", "STARTS_WITH", "STARTS_WITH(name, 'a')"),
    "SUFFIX(name, 'a')": ("SUFFIX", "ENDS_WITH", "ENDS_WITH(name, 'a')"),
    "INITCAP(name)": ("INITCAP", "UPPER", "UPPER(name)"),
    "TRANSLATE(name, 'a', 'b')": ("TRANSLATE", "REPLACE", "REPLACE(name, 'a', 'b')"),
    "PRINTF('%s', name)": ("PRINTF", "CONCAT", "CONCAT(name, ROUND(spend, 1))"),
    "STRING_SPLIT(name, ',')": ("STRING_SPLIT", "SPLIT_PART", "SPLIT_PART(name, ',', 1)"),
    "name ~* 'a'": ("~*", "LOWER", "LOWER(name) ~ 'a'"),
    "REGEXP_FULL_MATCH(name, 'a')": ("REGEXP_FULL_MATCH", "'^(pattern)$'", "name ~ '^(a)$'"),
    "name COLLATE NOCASE": ("COLLATE", "LOWER", "LOWER(name)"),
    "$1": ("placeholder", "value itself", "1"),
    "?": ("placeholder", "value itself", "1"),
    "#1": ("#1", "Name the column", "name"),
    "E'a'": ("E'…'", "single quotes", "'a'"),
    "$$a$$": ("$$…$$", "single quotes", "'a'"),
    "HISTOGRAM(segment)": ("HISTOGRAM", "COUNT(*)", "COUNT(*)"),
    "SIN(spend)": ("SIN", "functions there are", "spend"),
}
QUERIES: dict[str, tuple[str, str, str]] = {
    f"SELECT *{_FROM} PIVOT (COUNT(*) FOR segment IN ('a'))": (
        "PIVOT",
        "FILTER (WHERE",
        f"SELECT SUM(spend) FILTER (WHERE segment = 'a') AS a{_FROM}",
    ),
    "PIVOT customer ON segment USING COUNT(*)": (
        "PIVOT",
        "FILTER (WHERE",
        f"SELECT COUNT(*) FILTER (WHERE segment = 'a') AS a{_FROM}",
    ),
    f"SELECT *{_FROM} UNPIVOT (v FOR k IN (name, segment))": (
        "UNPIVOT",
        "UNION ALL",
        f"SELECT name AS v{_FROM} UNION ALL SELECT segment{_FROM}",
    ),
    "SELECT * FROM UNNEST([1]) AS t(a)": ("UNNEST", "`unwind`", f"SELECT name{_FROM}"),
    f"SELECT name{_FROM}, LATERAL (SELECT 1 AS n) AS x": (
        "LATERAL",
        "subquery",
        f'SELECT name, (SELECT COUNT(*) FROM "order") AS n{_FROM}',
    ),
    "SELECT a FROM customer AS c(a, b)": (
        "FROM … AS c(a, b)",
        "SELECT c.field AS name",
        "SELECT c.name AS a FROM customer AS c",
    ),
    "SELECT a FROM search(memo, 'late', 3) AS m(a)": (
        "FROM … AS m(a)",
        "SELECT c.field AS name",
        "SELECT m.score AS a FROM search(memo, 'late', 3) AS m",
    ),
    "SELECT a FROM (VALUES (1)) AS t(a)": (
        "VALUES",
        "IN (…)",
        f"SELECT name{_FROM} WHERE customer_id IN (1)",
    ),
    f"SELECT name{_FROM} TABLESAMPLE (10 PERCENT)": (
        "TABLESAMPLE",
        "LIMIT",
        f"SELECT name{_FROM} ORDER BY name LIMIT 10",
    ),
    f"SELECT name{_FROM} USING SAMPLE 10": ("TABLESAMPLE", "LIMIT", f"SELECT name{_FROM} LIMIT 10"),
    f"SELECT name{_FROM} LIMIT 10%": (
        "LIMIT … PERCENT",
        "PERCENT_RANK()",
        f"SELECT name{_FROM} QUALIFY PERCENT_RANK() OVER (ORDER BY spend) <= 0.1",
    ),
    f"SELECT name{_FROM} FETCH FIRST 5 ROWS ONLY": (
        "FETCH FIRST",
        "LIMIT",
        f"SELECT name{_FROM} LIMIT 5",
    ),
    f"SELECT TOP 5 name{_FROM}": ("near “5”", "LIMIT", f"SELECT name{_FROM} LIMIT 5"),
    "SELECT name FROM `customer`": ("near “`”", "double quotes", 'SELECT name FROM "customer"'),
    "SELECT name FROM [customer]": ("near “[”", "double quotes", 'SELECT name FROM "customer"'),
    "SELECT name FROM customer AS c NATURAL JOIN ticket AS t": ("NATURAL JOIN", "ON", _JOINED),
    'SELECT name FROM customer POSITIONAL JOIN "order"': ("POSITIONAL JOIN", "ON", _JOINED),
    'SELECT c.name FROM customer AS c ASOF JOIN "order" AS o ON c.joined_on >= o.due_on': (
        "ASOF JOIN",
        "QUALIFY ROW_NUMBER()",
        f"{_JOINED} QUALIFY ROW_NUMBER() OVER (PARTITION BY c.name ORDER BY o.due_on) = 1",
    ),
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION SELECT n FROM t) SELECT n FROM t": (
        "RECURSIVE",
        "with itself",
        "SELECT a.name FROM customer AS a JOIN customer AS b ON a.customer_id = b.customer_id",
    ),
    f"SELECT name{_FROM} CONNECT BY PRIOR customer_id = customer_id": (
        "CONNECT BY",
        "with itself",
        "SELECT a.name FROM customer AS a JOIN customer AS b ON a.customer_id = b.customer_id",
    ),
    'SELECT c.name FROM customer AS c JOIN ("order" AS o JOIN ticket AS t ON TRUE) ON TRUE': (
        "A JOIN in brackets",
        "subquery",
        f"SELECT c.name{_FROM} AS c JOIN (SELECT t.customer_id FROM ticket AS t) AS x ON TRUE",
    ),
    'SELECT name FROM customer RIGHT JOIN "order" USING (customer_id) JOIN ticket '
    "USING (customer_id)": ("USING after a RIGHT or FULL JOIN", "ON", _JOINED),
    "SELECT * FROM GENERATE_SERIES(1, 10) AS t(n)": (
        "GENERATE_SERIES",
        "DATE_TRUNC('month', field)",
        f"SELECT DATE_TRUNC('month', joined_on) AS m, {_GROUPED}",
    ),
    "SELECT * FROM RANGE(10)": ("RANGE", "DATE_TRUNC", f"SELECT YEAR(joined_on) AS y, {_GROUPED}"),
    f"SELECT name INTO stolen{_FROM}": ("INTO", "only read", f"SELECT name{_FROM}"),
    f"SELECT name{_FROM} FOR UPDATE": ("FOR UPDATE", "only read", f"SELECT name{_FROM}"),
    f"SELECT name{_FROM} FOR SHARE": ("FOR SHARE", "only read", f"SELECT name{_FROM}"),
    "SUMMARIZE customer": ("SUMMARIZE", "MIN(field)", f"SELECT MIN(spend) AS low{_FROM}"),
    "COPY customer TO 'x'": ("COPY", "one SELECT", f"SELECT name{_FROM}"),
    "PRAGMA database_list": ("PRAGMA", "one SELECT", f"SELECT name{_FROM}"),
    "SET x = 1": ("SET", "one SELECT", f"SELECT name{_FROM}"),
    "SHOW TABLES": ("SHOW", "one SELECT", f"SELECT name{_FROM}"),
}


@pytest.mark.parametrize(
    ("sql", "named", "way_out", "instead"),
    [
        *((f"SELECT {sql}{_FROM}", name, way, f"SELECT {instead}{_FROM}")
          for sql, (name, way, instead) in EXPRESSIONS.items()),
        *((sql, *said) for sql, said in QUERIES.items()),
    ],
)  # fmt: skip
def test_refusal_names_the_construct_and_gives_a_way_out(
    sql: str, named: str, way_out: str, instead: str
) -> None:
    """The message holds the construct as it was written and what to write, which compiles."""
    with pytest.raises(SqlNotAllowed) as refused:
        parse(sql)
    said = str(refused.value)
    assert re.search(rf"(?<!\w){re.escape(named)}(?!\w)", said)
    assert way_out in said
    assert len(said) < 300
    assert planned(instead).steps


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * EXCLUDE (health) FROM customer",
        "SELECT * REPLACE (UPPER(name) AS name) FROM customer",
        "FROM customer SELECT name",
        "SELECT name FROM customer ORDER BY ALL",
        "SELECT segment, COUNT(*) AS n FROM customer GROUP BY ALL",
        "SELECT DISTINCT ON (segment) segment, name FROM customer ORDER BY segment, name",
        "SELECT name FROM customer WHERE name ~ '^A' OR name SIMILAR TO 'B%' OR name GLOB 'C*'",
        'SELECT name FROM customer SEMI JOIN "order" USING (customer_id)',
        "SELECT SUM(spend) OVER w AS s FROM customer WINDOW w AS (ORDER BY customer_id)",
        "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY spend) AS m FROM customer",
        "SELECT name FROM customer WHERE (segment, name) IN (('a', 'b'), ('c', 'd'))",
        "WITH t AS (SELECT name, segment FROM customer) SELECT a FROM t AS c(a, b)",
        "SELECT a FROM (SELECT name, segment FROM customer) AS c(a, b)",
    ],
)
def test_what_duckdb_adds_to_sql_and_does_no_harm_is_read(sql: str) -> None:
    """Spellings of DuckDB that mean a plain query are plans."""
    assert planned(sql).steps


@pytest.mark.parametrize(
    ("sql", "near"),
    [
        ("SELECT name FROM customer WHERE", "“WHERE”"),
        ("SELECT name FROM", "“FROM”"),
        ("SELECT COALESCE() AS a FROM customer", "“)”"),
        ("SELECT name FROM customer WHERE customer_id IN (1, 2", "“2”"),
        ("SELEC name FROM customer", "“FROM”"),
    ],
)
def test_a_mistake_is_shown_where_it_is(sql: str, near: str) -> None:
    """Text that can't be read is shown with line and column, and without the parser's classes."""
    with pytest.raises(SqlNotAllowed, match="can't be read") as refused:
        parse(sql)
    assert near in str(refused.value)
    assert "line 1, column" in str(refused.value)
    assert "<" not in str(refused.value)
