"""Socket Mode: the app's websockets, the envelopes sent down them and the acks that come back."""

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from sandbox.slack.app import App
from sandbox.slack.faults import HangUp
from sandbox.slack.method import RefusedError

MOST_CONNECTIONS = 10
CONNECTION_LIFETIME_S = 18_060


class DispatchError(Exception):
    """The app did not answer as it should; the message is Slack's name for how."""


@dataclass(eq=False)
class Connection:
    """One websocket, and the envelopes it has not acknowledged yet."""

    socket: WebSocket
    pending: dict[str, asyncio.Future[Any]] = field(default_factory=dict[str, asyncio.Future[Any]])

    async def send(self, envelope: dict[str, Any]) -> None:
        await self.socket.send_text(json.dumps(envelope))


class Connections:
    """The open websockets of one app; each payload goes down any one of them."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._tickets: set[str] = set()
        self._open: deque[Connection] = deque()
        self._changed = asyncio.Condition()

    def __len__(self) -> int:
        return len(self._open)

    def issue_ticket(self) -> str:
        """What apps.connections.open hands out: good for one connection."""
        if len(self._open) >= MOST_CONNECTIONS:
            raise RefusedError("too_many_websockets")
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def wait_for(self, count: int, timeout_s: float = 10.0) -> None:
        """Until so many websockets are open."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: len(self._open) >= count)

    async def serve(self, socket: WebSocket, ticket: str) -> None:
        """One websocket from hello to its end."""
        if ticket not in self._tickets:
            await socket.close(code=1008)
            return
        self._tickets.remove(ticket)
        await socket.accept()
        connection = Connection(socket)
        self._open.append(connection)
        try:
            await connection.send(self._hello())
            async with self._changed:
                self._changed.notify_all()
            while True:
                self._acknowledged(connection, json.loads(await socket.receive_text()))
        except (WebSocketDisconnect, RuntimeError):
            pass  # closed by either side
        finally:
            self._drop(connection)

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": {
                "host": "applink-local",
                "build_number": 1,
                "approximate_connection_time": CONNECTION_LIFETIME_S,
            },
            "connection_info": {"app_id": self._app.id},
        }

    def _acknowledged(self, connection: Connection, ack: dict[str, Any]) -> None:
        future = connection.pending.pop(ack.get("envelope_id", ""), None)
        if future is not None and not future.done():
            future.set_result(ack.get("payload"))

    def _drop(self, connection: Connection) -> None:
        if connection in self._open:
            self._open.remove(connection)
        for future in connection.pending.values():
            if not future.done():
                future.set_exception(DispatchError("connection_closed"))

    async def send(
        self,
        kind: str,
        payload: dict[str, Any],
        timeout_s: float,
        retry: tuple[int, str] | None = None,
    ) -> Any:
        """Send one envelope down one websocket: the payload of its ack, None when it has none."""
        envelope: dict[str, Any] = {
            "envelope_id": secrets.token_hex(16),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope["retry_attempt"], envelope["retry_reason"] = retry or (0, "")
        try:
            async with asyncio.timeout(timeout_s):
                await self.wait_for(1, timeout_s)
                connection = self._open[0]
                self._open.rotate(-1)
                future = asyncio.get_running_loop().create_future()
                future.add_done_callback(lambda done: done.cancelled() or done.exception())
                connection.pending[envelope["envelope_id"]] = future
                await connection.send(envelope)
                return await future
        except TimeoutError:
            raise DispatchError("timeout") from None
        except (WebSocketDisconnect, RuntimeError):
            raise DispatchError("connection_closed") from None

    def drop(self, hang_up: HangUp) -> None:
        """Reset the websocket that is next in turn, without a word to the client."""
        if self._open:
            hang_up(self._open[0].socket.client)

    async def disconnect(self, reason: str) -> None:
        """Tell every client to come back on a new websocket; only a warning keeps the old one."""
        for connection in list(self._open):
            debug = {"host": "applink-local"}
            await connection.send({"type": "disconnect", "reason": reason, "debug_info": debug})
            if reason != "warning":
                self._drop(connection)
                await connection.socket.close()
