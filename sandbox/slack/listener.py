"""Uvicorn inside an event loop that is already running, able to hang up on a client."""

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn
from starlette.datastructures import Address


class Server(uvicorn.Server):
    """Uvicorn inside somebody else's event loop: no signal handlers, and it says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    def hang_up(self, client: Address | None) -> None:
        """Reset the connection that comes from this address."""
        for protocol in list(self.server_state.connections):
            if protocol.transport.get_extra_info("peername") == client:
                protocol.transport.abort()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
