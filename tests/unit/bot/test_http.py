"""The HTTP side, asked without a network."""

import hashlib
import hmac
import json
import time
from typing import Any

import httpx
import pytest
from slack_bolt.app.async_app import AsyncApp

from adapters.credentials import Secret
from bot.http import http_app
from bot.metrics import Metrics
from orchestrator.limiter import Load

SECRET = "signing"


def signed(body: bytes, timestamp: str) -> dict[str, str]:
    """The headers that Slack sends with a body."""
    digest = hmac.new(SECRET.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    return {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest.hexdigest()}",
        "content-type": "application/json",
    }


def client(
    app: AsyncApp, signing: Secret | None = None, *, is_ready: bool = True
) -> httpx.AsyncClient:
    """A client of the routes."""
    metrics = Metrics(lambda: {"sales": Load(3, 2, 1)})
    routes = http_app(app, signing, metrics, lambda: is_ready)
    transport = httpx.ASGITransport(app=routes, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://bot")


@pytest.fixture
def bolt() -> AsyncApp:
    """A Bolt app that takes what it is given."""
    return AsyncApp(token="xoxb-1", request_verification_enabled=False)


async def test_slacks_handshake_is_answered(bolt: AsyncApp) -> None:
    """A request with a good signature reaches Bolt."""
    body = json.dumps({"type": "url_verification", "challenge": "c"}).encode()
    async with client(bolt, Secret(SECRET)) as slack:
        reply = await slack.post(
            "/slack/events", content=body, headers=signed(body, str(int(time.time())))
        )
    assert (reply.status_code, reply.json()) == (200, {"challenge": "c"})


@pytest.mark.parametrize(
    "change",
    [
        {"x-slack-request-timestamp": "soon"},
        {"x-slack-request-timestamp": "²"},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "1"},
        {"x-slack-signature": "v0=ü"},
        {"x-slack-signature": "v0=00"},
    ],
)
async def test_what_can_not_be_verified_is_refused(bolt: AsyncApp, change: dict[str, Any]) -> None:
    """Stale, forged and unreadable headers all give 401, never a server error."""
    headers = {**signed(b"{}", str(int(time.time()))), **change}
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    async with client(bolt, Secret(SECRET)) as slack:
        reply = await slack.post("/slack/events", content=b"{}", headers=encoded)
    assert reply.status_code == 401


async def test_a_body_that_is_no_text_is_refused(bolt: AsyncApp) -> None:
    """Bytes that are not UTF-8 can't be signed by Slack."""
    async with client(bolt, Secret(SECRET)) as slack:
        reply = await slack.post(
            "/slack/events", content=b"\xff", headers=signed(b"\xff", str(int(time.time())))
        )
    assert reply.status_code == 401


async def test_without_a_secret_there_is_no_route(bolt: AsyncApp) -> None:
    """Unsigned requests are never taken."""
    async with client(bolt) as slack:
        assert (await slack.post("/slack/events")).status_code == 404


@pytest.mark.parametrize(("is_ready", "status"), [(True, 200), (False, 503)])
async def test_health_and_readiness_differ(bolt: AsyncApp, is_ready: bool, status: int) -> None:
    """A bot that drains is alive and not ready."""
    async with client(bolt, is_ready=is_ready) as probe:
        assert (await probe.get("/healthz")).status_code == 200
        assert (await probe.get("/readyz")).status_code == status
        told = (await probe.get("/metrics")).text
        assert "crosstalk_question_seconds" in told
        for name, count in (("limit", 3), ("running", 2), ("waiting", 1)):
            assert f'crosstalk_source_{name}{{source="sales"}} {count}.0' in told
