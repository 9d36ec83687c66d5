"""Random SELECTs over the nasty documents' fields, by type and depth."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy, composite

Sql = SearchStrategy[str]
_LITERALS = {
    "int": st.sampled_from(["0", "1", "2", "3", "-1", "7", "NULL"]),
    "dec": st.sampled_from(["0.1", "1.5", "-0.05", "19.99", "2", "0"]),
    "float": st.sampled_from(["1e0", "-2.5e0", "1e-1", "0e0", "2.675e0"]),
    "str": st.sampled_from(["''", "'a'", "'abc'", "'ä'", "'$n'", "'K'", "' a '", "NULL"]),
    "ts": st.sampled_from(
        ["TIMESTAMPTZ '2024-03-31 01:00:00+00'", "TIMESTAMPTZ '1969-12-31 23:59:59.5+00'"]
    ),
    "day": st.sampled_from(["DATE '2024-02-29'", "DATE '2024-12-30'"]),
    "bool": st.sampled_from(["TRUE", "FALSE", "NULL"]),
}
_FIELDS = {
    "int": ["n"],
    "dec": ["d", "e"],
    "float": ["f", "g"],
    "str": ["s", "u"],
    "ts": ["ts"],
    "day": ["day"],
    "bool": ["b"],
}
# {} stands for an operand of the type that the list before it names
_FORMS: dict[str, list[tuple[str, str]]] = {
    "int": [
        *(("int int", "({} + {})"), ("int int", "({} - {})"), ("int", "({} * 3)")),
        *(("int", "(- {})"), ("int", "ABS({})"), ("int", "({} % 3)"), ("str", "LENGTH({})")),
        *(("int int", "COALESCE({}, {})"), ("int int", "NULLIF({}, {})")),
        *(("bool int int", "CASE WHEN {} THEN {} ELSE {} END"), ("int int", "GREATEST({}, {})")),
        *(("ts", "EXTRACT(week FROM {})"), ("ts", "EXTRACT(hour FROM {})")),
        *(("day", "EXTRACT(dow FROM {})"), ("ts", "EXTRACT(doy FROM {})")),
        *(("ts ts", "date_diff('month', {}, {})"), ("dec", "CAST({} AS BIGINT)")),
        *(("ts", "EXTRACT(hour FROM {} AT TIME ZONE 'Europe/Berlin')"), ("int", "ROUND({}, 1)")),
    ],
    "dec": [
        *(("dec dec", "({} + {})"), ("dec int", "({} - {})"), ("dec", "({} * 1.19)")),
        *(("dec", "ROUND({}, 1)"), ("dec", "ROUND({})"), ("dec", "FLOOR({})"), ("dec", "ABS({})")),
        *(("dec int", "COALESCE({}, {})"), ("dec dec", "LEAST({}, {})"), ("dec", "(- {})")),
        *(("bool dec", "CASE WHEN {} THEN {} END"), ("int", "CAST({} AS DECIMAL(12, 2))")),
    ],
    "float": [
        *(("float float", "({} + {})"), ("float float", "({} * {})"), ("float int", "({} / {})")),
        *(("int int", "({} / {})"), ("dec int", "({} / {})"), ("float float", "({} / {})")),
        *(("float", "ROUND({}, 1)"), ("float", "ROUND({})"), ("float", "CEIL({})")),
        *(("int", "CAST({} AS DOUBLE)"), ("dec", "CAST({} AS DOUBLE)"), ("float", "(- {})")),
        *(("float int", "COALESCE({}, {})"), ("float float", "GREATEST({}, {})")),
        *(("float float", "NULLIF({}, {})"), ("float dec", "({} - {})")),
    ],
    "str": [
        *(("str str", "({} || {})"), ("str str", "CONCAT({}, {})"), ("str", "SUBSTRING({}, 2, 2)")),
        *(("str", "TRIM({})"), ("str", "LTRIM({}, 'a')"), ("str", "REPLACE({}, 'a', 'b')")),
        *(("str str", "COALESCE({}, {})"), ("bool str str", "IF({}, {}, {})")),
        *(("str str", "NULLIF({}, {})"), ("int", "CAST({} AS TEXT)")),
    ],
    "ts": [
        *(("ts", "date_trunc('week', {})"), ("ts", "date_trunc('hour', {})")),
        *(("ts", "({} + INTERVAL 1 MONTH)"), ("ts", "({} - INTERVAL 36 HOUR)")),
        *(("ts ts", "COALESCE({}, {})"), ("ts ts", "GREATEST({}, {})")),
    ],
    "day": [("ts", "CAST({} AS DATE)"), ("day day", "COALESCE({}, {})")],
    "bool": [
        *(("bool bool", "({} AND {})"), ("bool bool", "({} OR {})"), ("bool", "(NOT {})")),
        *(("bool", "({} IS NULL)"), ("bool", "({} IS NOT TRUE)"), ("bool bool", "({} = {})")),
        *(("int int", "({} < {})"), ("int dec", "({} >= {})"), ("int float", "({} = {})")),
        *(("float float", "({} <= {})"), ("float float", "({} > {})"), ("dec float", "({} < {})")),
        *(("float float", "({} <> {})"), ("dec dec", "({} = {})"), ("dec dec", "({} > {})")),
        *(("str str", "({} = {})"), ("str str", "({} < {})"), ("str str", "({} <> {})")),
        *(("ts ts", "({} >= {})"), ("day ts", "({} < {})"), ("day day", "({} = {})")),
        *(("int int", "({} IS DISTINCT FROM {})"), ("float float", "({} IS DISTINCT FROM {})")),
        *(("int int int", "({} BETWEEN {} AND {})"), ("float float", "({} NOT BETWEEN {} AND 2)")),
        *(("int int", "({} IN (1, {}))"), ("int", "({} NOT IN (1, 2, NULL))")),
        *(("float", "({} IN (0.1, 1))"), ("str", "({} NOT IN ('a', 'abc'))"), ("int", "(m > {})")),
        *(("str", "({} LIKE '%a_%')"), ("str", "({} NOT LIKE 'a%')"), ("str", "({} ILIKE 'K%')")),
        *(("str", "(LOWER({}) = 'k')"), ("str", "CONTAINS({}, 'b')"), ("float", "(m = {})")),
    ],
}


@composite
def expression(draw: DrawFn, kind: str, depth: int) -> str:
    """An expression of a type, nested at most `depth` deep."""
    choice = draw(st.integers(0, 7))
    if depth == 0 or choice < 2:
        return draw(_LITERALS[kind]) if choice == 1 else draw(st.sampled_from(_FIELDS[kind]))
    kinds, form = draw(st.sampled_from(_FORMS[kind]))
    return form.format(*(draw(expression(one, depth - 1)) for one in kinds.split()))


def _any(depth: int) -> Sql:
    return st.sampled_from(sorted(_FORMS)).flatmap(lambda kind: expression(kind, depth))


@composite
def _aggregate(draw: DrawFn) -> str:
    name, kinds = draw(
        st.sampled_from(
            [
                *(("SUM", "int dec"), ("AVG", "int dec"), ("COUNT", "int dec float str ts bool")),
                *(("MIN", "int dec float str ts day bool"), ("MAX", "int dec float str ts day")),
            ]
        )
    )
    inner = draw(expression(draw(st.sampled_from(kinds.split())), 2))
    distinct = draw(st.sampled_from(["", "", "DISTINCT "])) if name in {"COUNT", "MIN"} else ""
    kept = draw(st.booleans())
    where = f" FILTER (WHERE {draw(expression('bool', 2))})" if kept else ""
    return f"{name}({distinct}{inner}){where}"


@composite
def _where(draw: DrawFn) -> str:
    count = draw(st.sampled_from([0, 0, 1, 1, 1, 2]))
    parts = [draw(expression("bool", 3)) for _ in range(count)]
    return f" WHERE {' AND '.join(parts)}" if parts else ""


def _named(parts: list[str]) -> str:
    return ", ".join(f"{part} AS c{n}" for n, part in enumerate(parts))


@composite
def selects(draw: DrawFn) -> str:
    """A SELECT over `t`: rows, groups, one group of all, or distinct rows."""
    shape = draw(st.sampled_from(["rows", "groups", "all", "distinct"]))
    where = draw(_where())
    if shape == "rows":
        parts = draw(st.lists(_any(3), min_size=1, max_size=2))
        way = draw(st.sampled_from(["", " DESC", " NULLS FIRST", " DESC NULLS FIRST"]))
        cut = draw(st.sampled_from(["", " LIMIT 3", " LIMIT 2 OFFSET 1"]))
        return f"SELECT id, {_named(parts)} FROM t{where} ORDER BY c0{way}, id{cut}"
    if shape == "distinct":
        parts = draw(st.lists(_any(2), min_size=1, max_size=2))
        return f"SELECT DISTINCT {_named(parts)} FROM t{where}"
    found = draw(st.lists(_aggregate(), min_size=1, max_size=2))
    if shape == "all":
        return f"SELECT {_named(found)} FROM t{where}"
    keys = draw(st.lists(_any(2), min_size=1, max_size=2))
    having = draw(
        st.sampled_from(["", " HAVING COUNT(*) > 1", " HAVING MAX(n) > 1 OR MIN(s) < 'b'"])
    )
    groups = ", ".join(str(n + 1) for n in range(len(keys)))
    return f"SELECT {_named([*keys, *found])} FROM t{where} GROUP BY {groups}{having}"
