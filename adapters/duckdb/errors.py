"""DuckDB's errors to Crosstalk's, one table."""

import duckdb

from adapters.errors import (
    SchemaMismatch,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
)

CAUGHT = (duckdb.Error, OSError, TimeoutError)
_UNREACHABLE = (duckdb.IOException, FileNotFoundError, PermissionError)


def translate(error: Exception, source: str) -> SourceError:
    """The error to raise for a driver's error; the driver's text is kept out of it."""
    if isinstance(error, TimeoutError):
        return SourceTimeout(
            f"{source} did not answer in time, so its rows are missing. "
            "Ask for a shorter period or fewer rows."
        )
    if isinstance(error, _UNREACHABLE):
        return SourceUnreachable(
            f"{source} can't be opened, so its rows are missing. Check the path of its file under "
            "`connect`, that it may be read, and that no other process is writing it."
        )
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        return SchemaMismatch(
            f"{source} does not have what the query reads ({type(error).__name__}), so its rows "
            "are missing. Check the semantic model against the file."
        )
    return SourceRefused(
        f"{source} refused the query ({type(error).__name__}), so its rows are missing. "
        "Check the semantic model against the file."
    )
