"""Turns qdrant-client's embedded mode into a server that speaks Qdrant's REST protocol.

Any client can then use it from any process, with a key. CROSSTALK_SANDBOX_QDRANT_URL names a Qdrant
to use instead, with its keys in CROSSTALK_SANDBOX_QDRANT_API_KEY and ..._READ_ONLY_API_KEY.
"""

import asyncio
import importlib.metadata
import os
import secrets
import warnings
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from pydantic_core import to_json
from qdrant_client import QdrantClient
from qdrant_client.http import models

from sandbox.process import HttpServer, ServerFailed

URL_VARIABLE = "CROSSTALK_SANDBOX_QDRANT_URL"
KEY_VARIABLE = "CROSSTALK_SANDBOX_QDRANT_API_KEY"
READ_ONLY_KEY_VARIABLE = "CROSSTALK_SANDBOX_QDRANT_READ_ONLY_API_KEY"
WITHOUT_KEY = {"/", "/healthz", "/livez", "/readyz"}
READING_POSTS = (
    "/points",
    "/points/query",
    "/points/query/batch",
    "/points/scroll",
    "/points/count",
)


@dataclass
class QdrantServer:
    """A Qdrant at a URL, the key that may do everything in it, and one that can only read."""

    url: str
    api_key: str = field(repr=False)
    read_only_api_key: str = field(repr=False)
    _http: HttpServer | None = field(default=None, repr=False)

    async def stop(self) -> None:
        """Stop answering; a server that the sandbox did not start is left alone."""
        if self._http is not None:
            await self._http.stop()

    async def restart(self) -> None:
        """Stop if it runs, then answer again with the same contents on the same port."""
        if self._http is None:
            raise ServerFailed(f"The Qdrant of {URL_VARIABLE} is not the sandbox's to restart.")
        await self._http.stop()
        await self._http.start(self._http.port)


async def start_qdrant(port: int = 0) -> QdrantServer:
    """Start an empty Qdrant on the port or a free one, with new keys."""
    if url := os.environ.get(URL_VARIABLE):
        key = os.environ.get(KEY_VARIABLE, "")
        return QdrantServer(url, key, os.environ.get(READ_ONLY_KEY_VARIABLE, key))
    api_key, read_only_api_key = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    app = _app(_Store(), api_key, read_only_api_key)
    # The client's constructor asks for the version and blocks the event loop until it is told.
    http = HttpServer("Qdrant", app, own_thread=True)
    await http.start(port)
    return QdrantServer(http.url, api_key, read_only_api_key, http)


class _Missing(Exception):
    """There is no collection of this name."""


class _Store:
    """The embedded Qdrant, used by one thread only, since it locks nothing."""

    def __init__(self) -> None:
        self._client = QdrantClient(":memory:")
        self._thread = ThreadPoolExecutor(1, "qdrant")

    async def do(self, work: Callable[[QdrantClient], Any], needs: str | None = None) -> Response:
        """Run the work once the collection it needs is there, and envelope its result."""
        began = perf_counter()

        def run() -> bytes:
            if needs is not None and not self._client.collection_exists(needs):
                raise _Missing(needs)
            with warnings.catch_warnings():
                # Embedded mode warns where it is slower than a server, not where it is wrong.
                warnings.simplefilter("ignore")
                result = work(self._client)
            return to_json({"result": result, "status": "ok", "time": perf_counter() - began})

        body = await asyncio.get_running_loop().run_in_executor(self._thread, run)
        return Response(body, media_type="application/json")


def _app(store: _Store, api_key: str, read_only_api_key: str) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.middleware("http")
    async def check_key(  # pyright: ignore[reportUnusedFunction]
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = request.headers.get("api-key") or bearer
        if request.url.path in WITHOUT_KEY or secrets.compare_digest(
            key.encode(), api_key.encode()
        ):
            return await call_next(request)
        if not key:
            reason = "Must provide an API key or an Authorization bearer token"
            return PlainTextResponse(reason, 401)
        if not secrets.compare_digest(key.encode(), read_only_api_key.encode()):
            return PlainTextResponse("Invalid API key or JWT", 401)
        if not _only_reads(request):
            return _error(403, "Forbidden: Global manage access is required")
        return await call_next(request)

    @app.exception_handler(_Missing)
    async def missing(_request: Request, error: _Missing) -> Response:  # pyright: ignore[reportUnusedFunction]
        return _error(404, f"Not found: Collection `{error}` doesn't exist!")

    @app.exception_handler(ValueError)
    @app.exception_handler(RequestValidationError)
    async def wrong_input(_request: Request, error: Exception) -> Response:  # pyright: ignore[reportUnusedFunction]
        if isinstance(error, RequestValidationError):
            said = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())
            return _error(400, f"Format error in JSON body: {said}")
        return _error(400, f"Wrong input: {error}")

    _add_collections(app, store)
    _add_points(app, store)
    return app


def _only_reads(request: Request) -> bool:
    path = request.url.path
    return request.method == "GET" or (request.method == "POST" and path.endswith(READING_POSTS))


def _error(status: int, what: str) -> Response:
    body = to_json({"status": {"error": what}, "time": 0.0})
    return Response(body, status, media_type="application/json")


def _add_collections(app: FastAPI, store: _Store) -> None:
    @app.get("/")
    async def version() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
        # The embedded mode is part of the client, so its version is the client's.
        version = importlib.metadata.version("qdrant-client")
        return {"title": "qdrant - vector search engine", "version": version}

    @app.get("/healthz")
    @app.get("/livez")
    @app.get("/readyz")
    async def health() -> Response:  # pyright: ignore[reportUnusedFunction]
        return PlainTextResponse("healthz check passed")

    @app.get("/collections")
    async def list_collections() -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(lambda client: client.get_collections())

    @app.get("/collections/{name}")
    async def describe(name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(lambda client: client.get_collection(name), name)

    @app.get("/collections/{name}/exists")
    async def exists(name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(lambda client: {"exists": client.collection_exists(name)})

    @app.put("/collections/{name}")
    async def create(name: str, body: models.CreateCollection) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(
            lambda client: client.create_collection(
                name,
                vectors_config=body.vectors,
                sparse_vectors_config=body.sparse_vectors,
                metadata=body.metadata,
            )
        )

    @app.delete("/collections/{name}")
    async def delete(name: str) -> Response:  # pyright: ignore[reportUnusedFunction]
        # Qdrant answers false, and no error, when there was nothing to delete.
        return await store.do(
            lambda client: client.collection_exists(name) and client.delete_collection(name)
        )

    @app.put("/collections/{name}/index")
    async def create_index(name: str, body: models.CreateFieldIndex) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(
            lambda client: client.create_payload_index(name, body.field_name, body.field_schema),
            name,
        )


def _add_points(app: FastAPI, store: _Store) -> None:
    @app.put("/collections/{name}/points")
    async def upsert(name: str, body: models.PointInsertOperations) -> Response:  # pyright: ignore[reportUnusedFunction]
        points = body.batch if isinstance(body, models.PointsBatch) else body.points
        return await store.do(lambda client: client.upsert(name, points), name)

    @app.post("/collections/{name}/points/delete")
    async def delete(name: str, body: models.PointsSelector) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(lambda client: client.delete(name, body), name)

    @app.post("/collections/{name}/points")
    async def retrieve(name: str, body: models.PointRequest) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(
            lambda client: client.retrieve(
                name, body.ids, _or(body.with_payload, True), _or(body.with_vector, False)
            ),
            name,
        )

    @app.post("/collections/{name}/points/query")
    async def query(name: str, body: models.QueryRequest) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(lambda client: _query(client, name, body), name)

    @app.post("/collections/{name}/points/query/batch")
    async def query_batch(name: str, body: models.QueryRequestBatch) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(
            lambda client: [_query(client, name, query) for query in body.searches], name
        )

    @app.post("/collections/{name}/points/scroll")
    async def scroll(name: str, body: models.ScrollRequest) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(lambda client: _scroll(client, name, body), name)

    @app.post("/collections/{name}/points/count")
    async def count(name: str, body: models.CountRequest) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await store.do(lambda client: client.count(name, body.filter), name)


def _query(client: QdrantClient, name: str, body: models.QueryRequest) -> models.QueryResponse:
    return client.query_points(
        name,
        query=body.query,
        using=body.using,
        prefetch=body.prefetch,
        query_filter=body.filter,
        search_params=body.params,
        limit=_or(body.limit, 10),
        offset=body.offset,
        with_payload=_or(body.with_payload, False),
        with_vectors=_or(body.with_vector, False),
        score_threshold=body.score_threshold,
        lookup_from=body.lookup_from,
    )


def _scroll(client: QdrantClient, name: str, body: models.ScrollRequest) -> dict[str, Any]:
    records, next_page_offset = client.scroll(
        name,
        scroll_filter=body.filter,
        limit=_or(body.limit, 10),
        order_by=body.order_by,
        offset=body.offset,
        with_payload=_or(body.with_payload, True),
        with_vectors=_or(body.with_vector, False),
    )
    return {"points": records, "next_page_offset": next_page_offset}


def _or(value: Any, default: Any) -> Any:
    """Clients leave out what they have no wish about; each path has a default of its own."""
    return default if value is None else value
