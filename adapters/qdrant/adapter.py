"""Runs generated vector queries on Qdrant and gives Arrow.

Locks of a query, in order: the guard, an API key read from Vault for this step, a fresh client, a
time-out over all that it does, row and byte caps. The text becomes a vector by the `embed` given
at construction.
"""

import asyncio
import contextlib
import ssl
import warnings
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
from qdrant_client import AsyncQdrantClient, models

from adapters.base import Capabilities, Embed, Fetched, Limits, Take
from adapters.coercion import to_table
from adapters.credentials import Credential
from adapters.errors import SourceRefused
from adapters.limits import pour
from adapters.qdrant import errors
from adapters.qdrant.coercion import condition, row
from adapters.qdrant.guard import check
from adapters.qdrant.introspect import introspect
from adapters.query import NativeQuery, VectorQuery
from adapters.schema import Catalog

_SCROLL_ROWS = 1_000


class QdrantAdapter:
    """A Qdrant server at `url`."""

    kind = "qdrant"
    capabilities = Capabilities(
        language="vector",
        comparisons=frozenset({"=", "in", ">", ">=", "<", "<="}),
        exact=frozenset({"int64", "string", "bool"}),
        vector_search=True,
    )

    def __init__(self, source: str, *, url: str, embed: Embed) -> None:
        self.source = source
        self._url = url
        self._embed = embed
        address = urlsplit(url)
        # made once: a client would read the system's certificates anew, which stalls the event loop
        self._verify = ssl.create_default_context() if address.scheme == "https" else False
        if address.hostname in {"127.0.0.1", "localhost", "::1"}:
            warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")

    async def introspect(self, credential: Credential | None, timeout_s: float) -> Catalog:
        """The collections and their payload paths. Raises SourceError."""
        async with self._open(credential, timeout_s) as client:
            return await introspect(client, self.source)

    async def fetch(
        self, query: NativeQuery, credential: Credential | None, limits: Limits, take: Take
    ) -> Fetched:
        """Search or scroll one collection, up to the caps. Raises SourceError."""
        if not isinstance(query, VectorQuery):
            raise SourceRefused(f"{self.source} takes vector queries alone.")
        check(query)
        conditions = [condition(*one) for one in query.filters]
        where = models.Filter(must=list(conditions)) if conditions else None
        wanted = min(query.limit, limits.max_rows + 1)
        async with self._open(credential, limits.timeout_s) as client:

            async def batches() -> AsyncGenerator[pa.Table]:
                pages = (
                    _scroll(client, query.relations[0], where, wanted)
                    if query.text is None
                    else self._search(client, query, query.text, where, wanted)
                )
                async for page in pages:
                    yield to_table((row(point, query.paths) for point in page), query.columns)

            return await pour(batches(), limits, take)

    async def _search(
        self,
        client: AsyncQdrantClient,
        query: VectorQuery,
        text: str,
        where: models.Filter | None,
        wanted: int,
    ) -> AsyncGenerator[list[models.ScoredPoint]]:
        vector: np.ndarray = (await self._embed([text]))[0]
        answer = await client.query_points(
            query.relations[0],
            query=vector.tolist(),
            query_filter=where,
            limit=wanted,
            with_payload=True,
        )
        yield answer.points

    @contextlib.asynccontextmanager
    async def _open(
        self, credential: Credential | None, timeout_s: float
    ) -> AsyncGenerator[AsyncQdrantClient]:
        client = AsyncQdrantClient(
            url=self._url,
            api_key=(credential.api_key or None) if credential else None,
            timeout=max(1, int(timeout_s)),
            check_compatibility=False,
            verify=self._verify,
        )
        try:
            async with asyncio.timeout(timeout_s):
                yield client
        except errors.CAUGHT as error:
            raise errors.translate(error, self.source) from error
        finally:
            await client.close()


async def _scroll(
    client: AsyncQdrantClient, collection: str, where: models.Filter | None, wanted: int
) -> AsyncGenerator[list[models.Record]]:
    offset = None
    while wanted > 0:
        page, offset = await client.scroll(
            collection,
            scroll_filter=where,
            limit=min(_SCROLL_ROWS, wanted),
            offset=offset,
            with_vectors=False,
        )
        yield page
        wanted -= len(page)
        if offset is None:
            return
