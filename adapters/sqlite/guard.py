"""The last looks at a generated SQLite query: before it is sent, and as SQLite prepares it.

The compiler generates from a checked tree, so a refusal here is a fault of the compiler. The
authorizer is SQLite's own: it is asked about every table and function that a statement touches.
"""

import sqlite3
from collections.abc import Callable, Iterable

from adapters import one_select
from adapters.query import SqlQuery

_LISTS = frozenset({"json_each"})
_FUNCTIONS = frozenset(
    """abs avg coalesce count date datetime dense_rank first_value ifnull iif instr julianday lag
    last_value lead length like lower ltrim max min nullif rank replace round row_number rtrim
    strftime substr substring sum time total trim typeof upper""".split()
)
_SCHEMA = ("sqlite_", "pragma_")

_Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


def check(query: SqlQuery) -> None:
    """Raise UnsafeQuery unless the text is one SELECT over the declared relations alone."""
    one_select.check(query, "sqlite", _FUNCTIONS, _LISTS)


def authorizer(relations: Iterable[str]) -> _Authorizer:
    """What `set_authorizer` takes: reading `relations`, also through a view, and plain functions.

    All else is denied: other tables, the schema, ATTACH, PRAGMA, recursion, and every change.
    """
    readable = {name.lower() for name in relations} | _LISTS

    def authorize(
        action: int, first: str | None, second: str | None, _database: str | None, via: str | None
    ) -> int:
        table = (first or "").lower()
        allowed = (
            action == sqlite3.SQLITE_SELECT
            or (action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _FUNCTIONS)
            or (
                action == sqlite3.SQLITE_READ
                and not table.startswith(_SCHEMA)
                and (via is not None or table in readable)
            )
        )
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

    return authorize
