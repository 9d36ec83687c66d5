"""PyMongo's errors to Crosstalk's, one table."""

from bson.errors import BSONError
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from adapters.coercion import marked_misfit
from adapters.errors import SourceError, SourceRefused, SourceTimeout, SourceUnreachable

CAUGHT = (PyMongoError, BSONError, OSError, TimeoutError)
_SHUTTING_DOWN = frozenset({91, 189, 11600, 11602})
_CONVERSION_FAILED = 241


def translate(error: Exception, source: str) -> SourceError:
    """The error to raise for a driver's error; the driver's text is kept out of it."""
    if isinstance(error, ExecutionTimeout | NetworkTimeout | WTimeoutError | TimeoutError):
        return SourceTimeout(
            f"{source} did not answer in time, so its documents are missing. "
            "Ask for a shorter period or fewer rows."
        )
    if isinstance(error, AutoReconnect | ConnectionFailure | OSError) or (
        isinstance(error, OperationFailure) and error.code in _SHUTTING_DOWN
    ):
        return SourceUnreachable(
            f"{source} can't be reached, so its documents are missing. "
            "Check that the database is up, then ask again."
        )
    if isinstance(error, BSONError):
        return SourceRefused(
            f"{source} sent a document that can't be read (text that is not UTF-8, perhaps), so "
            "its documents are missing. Correct the document in the database."
        )
    if isinstance(error, OperationFailure) and error.code == _CONVERSION_FAILED:
        return marked_misfit(str(error)) or SourceRefused(
            f"{source} came upon a number that is out of range (a whole number has 64 bits, a "
            "decimal 34 digits), so there is no exact result. Ask for less at once, or for no "
            "such calculation."
        )
    return SourceRefused(
        f"{source} refused the query ({type(error).__name__}), so its documents are missing. "
        "Check the rights of its Vault role, and the semantic model against the database."
    )
