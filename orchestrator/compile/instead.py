"""What is not allowed, as the person wrote it, and what to write instead."""

import re

from sqlglot import exp

_WRITTEN: dict[type[exp.Expr], str] = {
    exp.Array: "[…]",
    exp.Bracket: "field[…]",
    exp.Struct: "{…}",
    exp.Map: "MAP",
    exp.JSONExtract: "->",
    exp.JSONExtractScalar: "->>",
    exp.Lambda: "x -> …",
    exp.RegexpILike: "~*",
    exp.Collate: "COLLATE",
    exp.Explode: "UNNEST",
    exp.Rand: "RANDOM",
    exp.Fetch: "FETCH FIRST",
    exp.LimitOptions: "LIMIT … PERCENT",
    exp.TableSample: "TABLESAMPLE",
    exp.Localtimestamp: "LOCALTIMESTAMP",
    exp.Localtime: "LOCALTIME",
    exp.Connect: "CONNECT BY",
    exp.HistoricalData: "AT (…)",
    exp.PositionalColumn: "#1",
    exp.Placeholder: "A placeholder",
    exp.Parameter: "A placeholder",
    exp.ByteString: "E'…'",
    exp.RawString: "$$…$$",
    exp.ColumnDef: "STRUCT",
}
"""How people write what has no name of its own in the text."""

_MOMENT = "Write the moment itself, as in TIMESTAMPTZ '2026-01-31 09:00:00+00'."
_COLUMNS = "Select the fields as columns of their own."
_PATH = "Declare the path as a field in the semantic model."
_SAME = "Answers have to be the same each time."
_ARRAY = "Declare the array as an entity of its own, with `unwind` in its binding."
_SPLIT = "Use SPLIT_PART(field, ',', 1) for one part."
_DIFFERENCE = "Use DATE_DIFF('day', start, end)."
_MOVED = "Use field + INTERVAL 1 DAY."
_LATERAL = "Write a join on a subquery, or a subquery in the SELECT."
_READ = "Answers only read: leave it out."
_JOIN = "Join ON equal fields."
_LEVELS = "Join the entity with itself, once for each level."
_CASE = "Use CASE WHEN … THEN … ELSE … END."
_VALUE = "Write the value itself."
_QUOTES = "Write text in single quotes."
_SERIES = "Group by the moments of the data: DATE_TRUNC('month', field)."
_INSTEAD: dict[str, str] = {
    "CURRENT_DATE": "Write the day itself, as in DATE '2026-01-31'.",
    "TODAY": "Write the day itself, as in DATE '2026-01-31'.",
    **dict.fromkeys(("NOW", "GETDATE", "SYSDATE", "CURRENT_TIMESTAMP"), _MOMENT),
    **dict.fromkeys(("LOCALTIMESTAMP", "LOCALTIME", "CURRENT_TIME"), _MOMENT),
    "TO_CHAR": "Use STRFTIME(field, '%Y-%m').",
    "DATE_FORMAT": "Use STRFTIME(field, '%Y-%m').",
    "FORMAT_DATE": "Use STRFTIME(field, '%Y-%m').",
    "TO_DATE": "Use CAST(field AS DATE).",
    "STRPTIME": "Use CAST(field AS DATE) or TRY_CAST(field AS TIMESTAMP).",
    "TO_TIMESTAMP": "Use TIMESTAMP '1970-01-01' + field * INTERVAL 1 SECOND.",
    **dict.fromkeys(("AGE", "TIMESTAMPDIFF"), _DIFFERENCE),
    "MONTHS_BETWEEN": "Use DATE_DIFF('month', start, end).",
    **dict.fromkeys(("DATEADD", "TIMESTAMPADD"), _MOVED),
    "ADD_MONTHS": "Use field + INTERVAL 1 MONTH.",
    "INTERVAL": "Write whole units, as in INTERVAL 36 HOUR or INTERVAL '1 day 12 hours'.",
    "WEEKDAY": "Use EXTRACT(DOW FROM field).",
    **dict.fromkeys(("GENERATE_SERIES", "RANGE"), _SERIES),
    "PIVOT": "Write one SUM(…) FILTER (WHERE …) for each column.",
    "UNPIVOT": "Write one SELECT for each column, joined by UNION ALL.",
    "UNNEST": _ARRAY,
    "LATERAL": _LATERAL,
    "TABLESAMPLE": "Write ORDER BY and LIMIT.",
    "LIMIT … PERCENT": "Use QUALIFY PERCENT_RANK() OVER (ORDER BY field) <= 0.1.",
    **dict.fromkeys(("FETCH FIRST", "TOP"), "Use LIMIT."),
    **dict.fromkeys(("`", "["), 'Write names that need it in double quotes, as "order".'),
    "AS c(…)": "Rename the fields in the SELECT: SELECT c.field AS name.",
    "VALUES": "Write the values into a condition: field IN (…).",
    "[…]": "Write a list of values: field IN (…).",
    "field[…]": "Use SUBSTRING(field, start, length) for text.",
    **dict.fromkeys(("ARRAY_AGG", "LIST", "LIST_AGG"), "Use STRING_AGG(field, ', ')."),
    **dict.fromkeys(("{…}", "MAP", "ROW", "STRUCT", "STRUCT_PACK"), _COLUMNS),
    **dict.fromkeys(("->", "->>", "JSON_EXTRACT", "JSON_EXTRACT_STRING"), _PATH),
    **dict.fromkeys(("x -> …", "LIST_TRANSFORM", "LIST_FILTER"), _ARRAY),
    "LIST_AGGREGATE": "Use an aggregate with GROUP BY.",
    "COLUMNS": "Name the fields, or write *.",
    "#1": "Name the column.",
    **dict.fromkeys(("RANDOM", "UUID", "GEN_RANDOM_UUID"), _SAME),
    **dict.fromkeys(("MD5", "SHA1", "SHA256", "HASH"), "Compare the field itself."),
    **dict.fromkeys(("FOR UPDATE", "FOR SHARE", "INTO"), _READ),
    "SUMMARIZE": "Use COUNT(*), MIN(field), MAX(field) and AVG(field).",
    **dict.fromkeys(("NATURAL JOIN", "POSITIONAL JOIN"), _JOIN),
    "(a JOIN b)": "Write it as a subquery: JOIN (SELECT … FROM a JOIN b ON …) AS c ON ….",
    "USING": _JOIN,
    "ASOF JOIN": "Join ON equal fields and keep one row with QUALIFY ROW_NUMBER() OVER (…) = 1.",
    **dict.fromkeys(("RECURSIVE", "CONNECT BY"), _LEVELS),
    **dict.fromkeys(("IFF", "DECODE"), _CASE),
    **dict.fromkeys(("ISNULL", "ZEROIFNULL"), "Use COALESCE(field, value)."),
    "NULLIFZERO": "Use NULLIF(field, 0).",
    "SAFE_DIVIDE": "Use one / NULLIF(other, 0).",
    "FIRST": "Use ARG_MIN(field, moment).",
    "LAST": "Use ARG_MAX(field, moment).",
    "EVERY": "Use BOOL_AND(condition).",
    "APPROX_QUANTILE": "Use QUANTILE_CONT(field, 0.5).",
    "HISTOGRAM": "Use COUNT(*) with GROUP BY.",
    "WIDTH_BUCKET": "Use FLOOR(field / width) with GROUP BY.",
    "STRLEN": "Use LENGTH(field).",
    "SUFFIX": "Use ENDS_WITH(field, 'end').",
    "PREFIX": "Use STARTS_WITH(field, 'start').",
    "INITCAP": "Use UPPER(field) or LOWER(field).",
    "LPAD": "Use RIGHT('00000' || field, 5).",
    "RPAD": "Use LEFT(field || '     ', 5).",
    "TRANSLATE": "Use REPLACE(field, 'old', 'new').",
    **dict.fromkeys(("FORMAT", "PRINTF"), "Use CONCAT(…) and ROUND(…)."),
    **dict.fromkeys(("STRING_SPLIT", "SPLIT", "REGEXP_SPLIT_TO_ARRAY"), _SPLIT),
    "~*": "Use LOWER(field) ~ 'pattern'.",
    "REGEXP_FULL_MATCH": "Use field ~ '^(pattern)$'.",
    "COLLATE": "Use LOWER(field) to compare or order without capitals.",
    "A placeholder": _VALUE,
    **dict.fromkeys(("E'…'", "$$…$$"), _QUOTES),
}
_LONGEST_NAME = 60
_OF_FUNCTIONS = (
    "Use the functions there are (COALESCE, CASE, ROUND, SUBSTRING, DATE_TRUNC, DATE_DIFF and "
    "others of that kind), or ask for the rows."
)
_OF_NODES = "Write it with joins, conditions, groups and subqueries."


def refusal(node: exp.Expr, sql: str) -> str:
    """What to say of a node of `sql` that is not allowed: its name there, and a way out."""
    name = _name(node, sql)
    called = isinstance(node, exp.Func) and re.fullmatch(r"\w+", name) is not None
    if called:
        return refusal_of(name, f"The function {name}", _OF_FUNCTIONS)
    return refusal_of(name)


def refusal_of(word: str, what: str = "", otherwise: str = _OF_NODES) -> str:
    """The same of a construct by the word that it is known by; `otherwise` is said where there is
    no special way out."""
    return f"{what or word} is not allowed in semantic SQL. {hint(word) or otherwise}"


def hint(word: str) -> str:
    """What to write instead of a word, or nothing."""
    return _INSTEAD.get(word) or _INSTEAD.get(word.upper(), "")


def shortened(name: str) -> str:
    """A name as a message has room for it."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _name(node: exp.Expr, sql: str) -> str:
    if isinstance(node, exp.Anonymous):
        return shortened(node.name)
    if isinstance(node, exp.Pivot):
        return "UNPIVOT" if node.args.get("unpivot") else "PIVOT"
    if isinstance(node, exp.Lock):
        return "FOR UPDATE" if node.args.get("update") else "FOR SHARE"
    place = node.meta
    if isinstance(node, exp.Func) and "start" in place:
        word = sql[place["start"] : place["end"] + 1]
        if re.fullmatch(r"\w+", word):
            return word.upper()
    known = _WRITTEN.get(type(node))
    if known is not None:
        return known
    return node.sql_name() if isinstance(node, exp.Func) else _spaced(type(node).__name__)


def _spaced(name: str) -> str:
    """A node's class as words: `WindowSpec` is WINDOW SPEC."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).upper()
