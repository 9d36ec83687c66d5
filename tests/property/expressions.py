"""Random values and conditions of semantic SQL, by templates.

In a template `{int64}` stands for a value of that kind, `{int64?}` for a column and `{int64!}` for
a literal; `{X}` is a value of a kind that is drawn once a template, `{p}` a condition.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from hypothesis import strategies as st

from tests.property.data import CODES, DATES, DECIMALS, INTS, MOMENTS, SEGMENTS, STRINGS

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[int]], int]
KINDS = ("int64", "string", "decimal", "float64", "bool", "date", "timestamptz", "timestamp")
NUMBERS = ("int64", "decimal", "float64")
_PLACE = re.compile(r"\{(\w+)([!?]?)\}")

VALUES: dict[str, tuple[str, ...]] = {
    "int64": (
        "COALESCE({int64}, {int64!})",
        "NULLIF({int64?}, {int64!})",
        "CASE WHEN {p} THEN {int64} ELSE {int64} END",
        "CASE WHEN {p} THEN {int64} END",
        "{int64} % 7",
        "ABS({int64})",
        "-({int64})",
        "CAST({bool} AS BIGINT)",
        "LENGTH({string})",
        "EXTRACT(YEAR FROM {date})",
        "EXTRACT(MONTH FROM {timestamp})",
        "EXTRACT(HOUR FROM {timestamptz})",
        "YEAR({timestamptz})",
        "DATE_DIFF('day', {date}, {date})",
        "GREATEST({int64}, {int64})",
        "{int64} * 3",
        "{int64} // 2",
        "TRY_CAST({string} AS BIGINT)",
        "CAST({decimal} AS BIGINT)",
        "EXTRACT(QUARTER FROM {timestamp})",
        "EXTRACT(DOW FROM {date})",
        "EXTRACT(WEEK FROM {date})",
        "DATE_DIFF('month', {timestamp}, {timestamp})",
        "POSITION('a' IN {string})",
        "IF({p}, {int64}, 0)",
    ),
    "float64": (
        "COALESCE({float64}, {float64!})",
        "{float64} * 0.5",
        "{float64} + {float64}",
        "{int64} / 4",
        "{float64} / NULLIF({float64?}, 0)",
        "CAST({int64} AS DOUBLE)",
        "CAST({decimal} AS DOUBLE)",
        "ABS({float64})",
        "FLOOR({float64})",
        "NULLIF({float64}, {float64!})",
        "CASE WHEN {p} THEN {float64} ELSE {float64!} END",
        "CEIL({float64})",
        "ROUND({float64?}, 1)",
        "TRY_CAST({string} AS DOUBLE)",
        "SQRT(ABS({float64}))",
        "{decimal} * 0.25e0",
    ),
    "decimal": (
        "COALESCE({decimal}, 0)",
        "{decimal?} + {decimal!}",
        "{decimal?} - 1",
        "NULLIF({decimal}, {decimal!})",
        "ABS({decimal?})",
        "ROUND({decimal?}, 1)",
        "CASE WHEN {p} THEN {decimal} END",
        "CAST({int64?} AS DECIMAL(38, 2))",
        "{decimal?} * 2",
        "{decimal!} * {int64?}",
        "CAST({float64?} AS DECIMAL(15, 2))",
        "TRY_CAST({string} AS DECIMAL(15, 2))",
        "FLOOR({decimal?})",
    ),
    "string": (
        "COALESCE({string}, {string!})",
        "NULLIF({string}, {string!})",
        "UPPER({string})",
        "LOWER({string})",
        "TRIM({string})",
        "{string} || {string}",
        "CONCAT({string}, '-', {string})",
        "SUBSTRING({string}, 1, 2)",
        "REPLACE({string}, 'a', 'xy')",
        "REGEXP_REPLACE({string}, '[aeiou]', '_', 'g')",
        "REGEXP_EXTRACT({string}, '[a-z]+')",
        "CASE WHEN {p} THEN {string} ELSE {string!} END",
        "CASE {string?} WHEN {string!} THEN 'one' WHEN {string!} THEN 'two' END",
        "CAST({int64} AS TEXT)",
        "CAST({date} AS TEXT)",
        "LEAST({string}, {string})",
        "LEFT({string}, 2)",
        "RIGHT({string}, 1)",
        "SPLIT_PART({string}, 'a', 1)",
        "CAST({decimal} AS TEXT)",
        "CAST({bool} AS TEXT)",
        "STRFTIME({date}, '%Y-%m')",
        "CAST({timestamp} AS TEXT)",
        "COALESCE(TRIM({string}), {string}, '?')",
        "GREATEST({string}, {string!})",
    ),
    "bool": (
        "({p})",
        "COALESCE({bool}, FALSE)",
        "CASE WHEN {p} THEN {bool} END",
        "NOT {bool}",
        "({bool} = ({p}))",
    ),
    "date": (
        "COALESCE({date}, {date!})",
        "CAST({timestamp} AS DATE)",
        "CAST({timestamptz} AS DATE)",
        "CAST(DATE_TRUNC('month', {date}) AS DATE)",
        "CAST({date} + INTERVAL 3 DAY AS DATE)",
        "CAST({date} - INTERVAL '1 month' AS DATE)",
        "CASE WHEN {p} THEN {date} ELSE {date} END",
        "LAST_DAY({date})",
        "DATE_TRUNC('week', {date})",
        "{date} + 40",
        "CAST({date} - INTERVAL 1 YEAR AS DATE)",
        "GREATEST({date}, {date})",
    ),
    "timestamptz": (
        "COALESCE({timestamptz}, {timestamptz!})",
        "DATE_TRUNC('day', {timestamptz})",
        "DATE_TRUNC('quarter', {timestamptz})",
        "{timestamptz} + INTERVAL 36 HOUR",
        "{timestamptz} - INTERVAL '1' DAY",
        "CASE WHEN {p} THEN {timestamptz} END",
        "{timestamptz} + INTERVAL '1 month 2 days'",
        "CAST({timestamp} AS TIMESTAMPTZ)",
        "LEAST({timestamptz}, {timestamptz})",
    ),
    "timestamp": (
        "COALESCE({timestamp}, {timestamp!})",
        "DATE_TRUNC('month', {timestamp})",
        "{timestamp} + INTERVAL 1 MONTH",
        "DATE_TRUNC('hour', {timestamp})",
        "{timestamptz} AT TIME ZONE 'Europe/Berlin'",
        "DATE_TRUNC('day', {timestamptz} AT TIME ZONE 'America/New_York')",
        "CAST({date} AS TIMESTAMP)",
        "{timestamp} - INTERVAL '90 minutes'",
        "DATE_TRUNC('week', {timestamp})",
    ),
}
_SIMPLE = 7
"""So many conditions stand first that a source may be given."""

CONDITIONS: tuple[str, ...] = (
    "{X?} IS NOT NULL",
    "{X?} <> {X!}",
    "{X?} > {X!}",
    "{X?} = {X!}",
    "{X?} IS NULL",
    "{X!} <= {X?}",
    "{X?} IN ({X!}, {X!}, {X!})",
    "NOT ({p})",
    "({p} OR {p})",
    "({p} AND {p})",
    "{X?} = {X?}",
    "{X} < {X}",
    "{X} >= {X!}",
    "{X?} BETWEEN {X!} AND {X!}",
    "NOT {X?} BETWEEN {X!} AND {X}",
    "{X?} NOT IN ({X!}, {X!}, {X})",
    "{X?} IN ({X!}, NULL)",
    "{X?} NOT IN ({X!}, NULL)",
    "{string?} LIKE {pattern}",
    "{string} NOT LIKE {pattern}",
    "{string} ILIKE {pattern}",
    "{X?} IS DISTINCT FROM {X}",
    "{X} IS NOT DISTINCT FROM {X!}",
    "{bool}",
    "{int64?} = {decimal?}",
    "{int64?} < {float64}",
    "{decimal?} >= {float64}",
    "{int64?} > 1.5",
    "{float64?} > 2",
    "{decimal?} = 3",
    "({p}) IS TRUE",
    "({p}) IS NULL",
    "STARTS_WITH({string}, 'a')",
    "CONTAINS({string}, {string!})",
    "{timestamptz?} >= {timestamptz!} AND {timestamptz?} < {timestamptz!}",
    "YEAR({date?}) = 2024",
    "{date?} >= '2024-02-29'",
    "{timestamptz?} < '2024-06-15'",
    "({X?}, {string?}) <> ({X!}, {string!})",
    "({int64?}, {string?}) IN (({int64!}, {string!}), ({int64!}, {string!}))",
    "({string?}, {int64?}) < ({string!}, {int64!})",
    "REGEXP_MATCHES({string}, '^[a-c]')",
    "{string} SIMILAR TO 'a.*'",
    "{int64?} = '3'",
    "{decimal?} >= '2.00'",
    "{float64} <= '0.5'",
    "{decimal?} IN ('2', '7.50')",
    "{timestamptz?} BETWEEN '2024-01-01' AND '2024-12-31 23:30:00'",
    "{date?} IN ('2024-02-29', '2025-01-01')",
    "{date?} < {timestamp?}",
    "{timestamp} > {date}",
    "{X?} = ({X})",
    "{int64?} % 2 = 0",
    "{string} BETWEEN 'A' AND 'b'",
    "{bool} IS NOT TRUE",
    "{bool?} <> {bool}",
    "LENGTH({string?}) > 1",
    "{string?} IS NULL OR {string?} = ''",
)
PATTERNS = ("a%", "%o%", "_", "%", "", "A%", "%\\%", "$%", "100%", "%'%", "%é%", "a_b", "o__n")


@dataclass(frozen=True, slots=True)
class Column:
    """What a query can name: its SQL, its kind and, for keys, what its values name."""

    sql: str
    kind: str
    domain: str | None = None


@lru_cache(maxsize=256)
def _upto(most: int) -> st.SearchStrategy[int]:
    return st.integers(0, most)


def quoted(text: str) -> str:
    """A text literal."""
    return "'" + text.replace("'", "''") + "'"


class Expressions:
    """Draws values and conditions; all choices are integers, and 0 is the simplest of each."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self._draw(_upto(len(options) - 1))] if len(options) > 1 else options[0]

    def chance(self, percent: int) -> bool:
        """True in about so many cases of a hundred."""
        parts = 100 // math.gcd(percent, 100)
        return self._draw(_upto(parts - 1)) * 100 >= (100 - percent) * parts

    def value(self, kind: str, columns: Sequence[Column], depth: int = 2) -> str:
        """A value of that kind over the columns."""
        own = [column.sql for column in columns if column.kind == kind]
        if own and (depth == 0 or not self.chance(30)):
            return self.pick(own)
        if depth == 0 or (not own and self.chance(50)):
            return self.literal(kind)
        return self.form(kind, columns, depth)

    def form(self, kind: str, columns: Sequence[Column], depth: int = 2) -> str:
        """A value of that kind that is more than a column or a literal."""
        return self.fill(self.pick(VALUES[kind]), columns, depth)

    def condition(self, columns: Sequence[Column], depth: int = 2) -> str:
        """A condition over the columns, true, false or null."""
        simple = depth <= 0 or self.chance(50)
        known = CONDITIONS[:_SIMPLE] if simple else CONDITIONS
        return self.fill(self.pick(known), columns, depth)

    def fill(self, template: str, columns: Sequence[Column], depth: int = 1) -> str:
        """What a template says, over the columns."""
        known = tuple(dict.fromkeys(column.kind for column in columns)) or KINDS
        kind = self.pick(known) if "{X" in template else ""

        def put(match: re.Match[str]) -> str:
            name = kind if match[1] == "X" else match[1]
            if name == "p":
                return self.condition(columns, depth - 1)
            if name == "pattern":
                return quoted(self.pick(PATTERNS))
            if match[2] == "!":
                return self.literal(name)
            return self.value(name, columns, 0 if match[2] else depth - 1)

        return _PLACE.sub(put, template)

    def literal(self, kind: str) -> str:
        """A literal that stands in the data, often."""
        match kind:
            case "int64":
                return str(self.pick((*INTS, 2**53 + 1)))
            case "float64":
                return self.pick(("0.5", "1", "-2.25", "CAST('NaN' AS DOUBLE)", "7.0", "1e6"))
            case "decimal":
                return str(self.pick(DECIMALS))
            case "string":
                return quoted(
                    self.pick((*SEGMENTS, *CODES[:4], *STRINGS) if self.chance(50) else SEGMENTS)
                )
            case "bool":
                return self.pick(("TRUE", "FALSE"))
            case "date":
                return f"DATE '{self.pick(DATES)}'"
            case _:
                moment = self.pick(MOMENTS).isoformat(" ")
                zone = "+00:00" if kind == "timestamptz" else ""
                return f"{kind.upper()} '{moment}{zone}'"
