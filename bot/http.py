"""The HTTP side: Slack's requests, health and metrics."""

from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from adapters.credentials import Secret
from bot.metrics import Metrics


def http_app(
    app: AsyncApp,
    signing: Secret | None,
    metrics: Metrics,
    is_ready: Callable[[], bool],
    *,
    installs: bool = False,
) -> FastAPI:
    """The routes. Without a secret that signs them Slack's requests are not taken; with
    `installs`, workspaces may install the app."""
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
    handler = AsyncSlackRequestHandler(app)
    if signing is not None:

        async def slack(request: Request) -> Response:
            if not await _is_signed(request, signing):
                return Response("invalid request", 401)
            return await handler.handle(request)

        http.add_api_route("/slack/events", slack, methods=["POST"])
    if installs:
        for path in ("/slack/install", "/slack/oauth_redirect"):
            http.add_api_route(path, handler.handle, methods=["GET"])
    return http


async def _is_signed(request: Request, signing: Secret) -> bool:
    """Whether Slack signed the request, in the last five minutes. What the verifier can't read
    would end as a server error: Slack has not signed that either."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    try:
        body = (await request.body()).decode()
    except UnicodeDecodeError:
        return False
    if not (timestamp.isascii() and timestamp.isdigit() and signature.isascii()):
        return False
    return SignatureVerifier(await signing.value()).is_valid(body, timestamp, signature)
