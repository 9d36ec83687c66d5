"""The HTTP side: Slack's requests, health and metrics."""

from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.app.async_app import AsyncApp

from bot.metrics import Metrics


def http_app(
    app: AsyncApp | None,
    metrics: Metrics,
    is_ready: Callable[[], bool],
    *,
    installs: AsyncApp | None = None,
) -> FastAPI:
    """The routes. Without a Bolt app Slack's requests are not taken; `installs` is the one that
    workspaces are installed by."""
    http = FastAPI(title="Crosstalk", docs_url=None, redoc_url=None, openapi_url=None)

    async def healthz() -> Response:
        return Response("ok", media_type="text/plain")

    async def readyz() -> Response:
        ready = is_ready()
        return Response("ready" if ready else "not ready", 200 if ready else 503)

    async def metrics_text() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    http.add_api_route("/healthz", healthz)
    http.add_api_route("/readyz", readyz)
    http.add_api_route("/metrics", metrics_text)
    if app is not None:
        handler = AsyncSlackRequestHandler(app)

        async def slack(request: Request) -> Response:
            if not await _could_be_signed(request):
                return Response("invalid request", 401)
            return await handler.handle(request)

        http.add_api_route("/slack/events", slack, methods=["POST"])
    if installs is not None:
        for path in ("/slack/install", "/slack/oauth_redirect"):
            http.add_api_route(path, AsyncSlackRequestHandler(installs).handle, methods=["GET"])
    return http


async def _could_be_signed(request: Request) -> bool:
    """Whether Bolt can verify the signature; what it can't read would end as a server error."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    try:
        (await request.body()).decode()
    except UnicodeDecodeError:
        return False
    return timestamp.isascii() and timestamp.isdigit() and signature.isascii()
