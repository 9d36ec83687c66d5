"""qdrant-client's errors to Crosstalk's, one table."""

from http import HTTPStatus

import httpx
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from adapters.errors import (
    SchemaMismatch,
    SourceError,
    SourceRefused,
    SourceTimeout,
    SourceUnreachable,
)

CAUGHT = (ResponseHandlingException, UnexpectedResponse, httpx.HTTPError, OSError, TimeoutError)


def translate(error: Exception, source: str) -> SourceError:
    """The error to raise for a client's error; the client's text is kept out of it."""
    cause = error.source if isinstance(error, ResponseHandlingException) else error
    if isinstance(cause, httpx.TimeoutException | TimeoutError):
        return SourceTimeout(
            f"{source} did not answer in time, so its hits are missing. Ask again, or for fewer."
        )
    if isinstance(cause, UnexpectedResponse) and cause.status_code == HTTPStatus.NOT_FOUND:
        return SchemaMismatch(
            f"{source} does not have the collection that the semantic model names, so its hits are "
            "missing. Correct the model."
        )
    if isinstance(cause, UnexpectedResponse) and (cause.status_code or 0) < 500:
        return SourceRefused(
            f"{source} refused the search (HTTP {cause.status_code}), so its hits are missing. "
            "Check its API key in Vault, and the collection that the semantic model names."
        )
    return SourceUnreachable(
        f"{source} can't be reached, so its hits are missing. "
        "Check that the vector store is up, then ask again."
    )
