"""asyncpg's errors to Crosstalk's, one table."""

import asyncpg

from adapters.errors import (
    SchemaMismatch,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
)

_TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    OSError,
)
_TIMEOUTS = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, TimeoutError)
_MISFITS = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,  # no such operator for a column's type
    asyncpg.DatatypeMismatchError,
)

CAUGHT = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
    UnicodeDecodeError,  # text of a database without an encoding
)


def translate(error: Exception, source: str) -> SourceError:
    """The error to raise for a driver's error; the driver's text is kept out of it."""
    if isinstance(error, _TIMEOUTS):
        return SourceTimeout(
            f"{source} did not answer in time, so its rows are missing. "
            "Ask for a shorter period or fewer rows."
        )
    if isinstance(error, _TRANSIENT):
        return SourceUnreachable(
            f"{source} can't be reached, so its rows are missing. "
            "Check that the database is up, then ask again."
        )
    if isinstance(error, _MISFITS):
        return SchemaMismatch(
            f"{source} does not have what the query reads ({type(error).__name__}), so its rows "
            "are missing. Check the semantic model against the database."
        )
    return SourceRefused(
        f"{source} refused the query ({type(error).__name__}), so its rows are missing. "
        "Check the rights of its Vault role, and the semantic model against the database."
    )
