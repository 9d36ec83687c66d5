"""sqlite3's errors to Crosstalk's, one table."""

import sqlite3

from adapters.errors import (
    SchemaMismatch,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
)

CAUGHT = (sqlite3.Error, OSError, TimeoutError)
_UNREACHABLE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR}
)

_LACKING = ("no such table", "no such column")


def translate(error: Exception, source: str) -> SourceError:
    """The error to raise for a driver's error; the driver's text is kept out of it."""
    if isinstance(error, TimeoutError):
        return SourceTimeout(
            f"{source} did not answer in time, so its rows are missing. "
            "Ask for a shorter period or fewer rows."
        )
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if isinstance(error, OSError) or code in _UNREACHABLE:
        return SourceUnreachable(
            f"{source} can't be opened, so its rows are missing. Check the path of its file under "
            "`connect`, that it may be read, and that no other process keeps it locked."
        )
    if str(error).startswith(_LACKING):  # SQLite has one code for this and for bad syntax
        return SchemaMismatch(
            f"{source} does not have what the query reads, so its rows are missing. "
            "Check the semantic model against the file."
        )
    return SourceRefused(
        f"{source} refused the query ({type(error).__name__}), so its rows are missing. "
        "Check the semantic model against the file."
    )
