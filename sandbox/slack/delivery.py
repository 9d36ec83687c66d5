"""Hands payloads to the app, over a websocket or signed over HTTP, and tries events again."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.slack.app import App
from sandbox.slack.socket_mode import Connections, DispatchError

ACK_TIMEOUT_S = 3.0
RETRY_DELAYS_S = (0.0, 60.0, 300.0)


def signature(signing_secret: str, timestamp: str, body: bytes) -> str:
    """X-Slack-Signature, version 0."""
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(signing_secret.encode(), signed, hashlib.sha256).hexdigest()


class Delivery:
    """The way to one app: its request URL when it has one, else its websockets."""

    def __init__(
        self,
        app: App,
        connections: Connections,
        request_url: str | None,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> None:
        self.request_url = request_url
        self._app = app
        self._connections = connections
        self._ack_timeout_s = ack_timeout_s
        self._retry_delays_s = retry_delays_s
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def event(self, payload: dict[str, Any]) -> None:
        """Send an event until it is acknowledged, or as often as Slack would."""
        retry: tuple[int, str] | None = None
        for number, delay_s in enumerate((*self._retry_delays_s, None), start=1):
            try:
                await self._send("events_api", payload, retry)
                return
            except DispatchError as failure:
                if delay_s is None or str(failure) == "no_retry":
                    return
                retry = (number, str(failure))
                await asyncio.sleep(delay_s)

    async def interaction(self, payload: dict[str, Any]) -> Any:
        """Send an interaction once: what the app acknowledged it with."""
        return await self._send("interactive", payload)

    async def command(self, payload: dict[str, Any]) -> Any:
        """Send a slash command once: what the app acknowledged it with."""
        return await self._send("slash_commands", payload)

    async def _send(
        self, kind: str, payload: dict[str, Any], retry: tuple[int, str] | None = None
    ) -> Any:
        if self.request_url is None:
            return await self._connections.send(kind, payload, self._ack_timeout_s, retry)
        return await self._post(self.request_url, kind, payload, retry)

    async def _post(
        self, url: str, kind: str, payload: dict[str, Any], retry: tuple[int, str] | None
    ) -> Any:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if kind == "events_api":
            headers["Content-Type"] = "application/json"
            body = json.dumps(payload).encode()
        elif kind == "interactive":
            body = urlencode({"payload": json.dumps(payload)}).encode()
        else:
            body = urlencode(payload).encode()
        timestamp = str(int(time.time()))
        headers["X-Slack-Request-Timestamp"] = timestamp
        headers["X-Slack-Signature"] = signature(self._app.signing_secret, timestamp, body)
        if retry is not None:
            headers["X-Slack-Retry-Num"] = str(retry[0])
            headers["X-Slack-Retry-Reason"] = retry[1]
        self._session = self._session or aiohttp.ClientSession()
        try:
            async with (
                asyncio.timeout(self._ack_timeout_s),
                self._session.post(url, data=body, headers=headers) as response,
            ):
                if response.status != 200:
                    final = response.headers.get("X-Slack-No-Retry") == "1"
                    raise DispatchError("no_retry" if final else "http_error")
                if response.content_type == "application/json":
                    return await response.json()
                text = await response.text()
                return {"text": text} if text else None
        except TimeoutError:
            raise DispatchError("http_timeout") from None
        except aiohttp.ClientError:
            raise DispatchError("connection_failed") from None
