"""A TCP proxy before one server, which spoils connections when a test wants it to."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Literal

HOST = "127.0.0.1"
_PIECE, _PIECES_AHEAD = 16_384, 4
_SLICE = 512
_WINDOW = 32_768  # small, so that what is throttled piles up at the server, not on the way
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: the end is an RST, not a FIN


@dataclass
class Strike:
    """What befalls a connection, and when: once the server has sent these bytes, or so many; as it
    is opened when that is nothing.

    "reset" ends it with an RST right behind them; "hold" lets nothing more through either way, and
    nobody is told: it is half open, until `release`. `times` is how many connections it befalls
    at most (None: all).
    """

    how: Literal["reset", "hold"]
    at: bytes | int = 0
    times: int | None = None


@dataclass
class Proxy:
    """Passes on what comes to `port`. Its faults hold for connections open and new, until `heal`.

    `struck` is set once a strike has befallen a connection; `carried` counts the server's bytes.
    """

    server_host: str
    server_port: int
    latency_s: float = 0.0
    bytes_per_s: float | None = None
    strike: Strike | None = None
    port: int = 0
    carried: int = 0
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    _listening: asyncio.Server | None = None
    _links: "set[_Link]" = field(default_factory=set["_Link"])

    @property
    def open(self) -> int:
        """How many clients are connected."""
        return len(self._links)

    @property
    def url(self) -> str:
        """The proxy as the address of an HTTP server."""
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """Listen: on a free port the first time, then on the same."""
        self._listening = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Be gone: connections are reset, and new ones refused."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        self.cut()

    def cut(self) -> None:
        """Reset every connection now."""
        for link in list(self._links):
            link.reset()

    def release(self) -> None:
        """Let what is held go on, and hold nothing new."""
        self.strike = None
        for link in self._links:
            link.gate.set()

    async def heal(self) -> None:
        """No faults any more; held connections are reset."""
        self.latency_s, self.bytes_per_s, self.strike = 0.0, None, None
        self.struck.clear()
        for link in list(self._links):
            if not link.gate.is_set():
                link.reset()
        if self._listening is None:
            await self.start()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, writer)
        self._links.add(link)
        try:
            await link.carry(reader)
        finally:
            self._links.discard(link)

    def strikes(self, strike: Strike, link: "_Link") -> None:
        """Have a connection struck, as often as is left."""
        if strike.times == 0:
            return
        if strike.times is not None:
            strike.times -= 1
        if strike.how == "reset":
            link.reset()
        else:
            link.gate.clear()
        self.struck.set()


class _Link:
    """One client's connection and the one to the server, with what is on its way between them."""

    def __init__(self, proxy: Proxy, client: asyncio.StreamWriter) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self._proxy = proxy
        self._client = client
        self._over = asyncio.Event()
        self._tail, self._carried = b"", 0

    def reset(self) -> None:
        """End it for the client with an RST."""
        raw: socket.socket = self._client.get_extra_info("socket")
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._client.transport.abort()
        self._over.set()

    async def carry(self, reader: asyncio.StreamReader) -> None:
        """Carry both ways until one side is gone."""
        if (strike := self._proxy.strike) is not None and not strike.at:
            self._proxy.strikes(strike, self)
        server: asyncio.StreamWriter | None = None
        tasks: list[asyncio.Task[object]] = []
        try:
            answers, server = await self._server()
            tasks += self._way(reader, server, 0)
            tasks += self._way(answers, self._client, _PIECES_AHEAD)
            await self._over.wait()
        except OSError:
            self.reset()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for writer in (server, self._client):
                if writer is not None:
                    writer.close()

    async def _server(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        raw = socket.socket()
        raw.setblocking(False)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
        there = (self._proxy.server_host, self._proxy.server_port)
        try:
            await asyncio.get_running_loop().sock_connect(raw, there)
        except OSError:
            raw.close()
            raise
        return await asyncio.open_connection(sock=raw, limit=_PIECE)

    def _way(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ahead: int
    ) -> list[asyncio.Task[object]]:
        pieces: asyncio.Queue[bytes] = asyncio.Queue(ahead)
        from_server = writer is self._client
        reading = asyncio.create_task(self._read(reader, pieces, from_server))
        return [reading, asyncio.create_task(self._write(pieces, writer, from_server))]

    async def _read(
        self, reader: asyncio.StreamReader, pieces: asyncio.Queue[bytes], from_server: bool
    ) -> None:
        piece = b"?"
        with contextlib.suppress(OSError):
            while piece:
                piece = await reader.read(_PIECE)
                await pieces.put(piece)
        if not from_server:
            self._over.set()  # also while it is held: who hangs up does not wait for anybody

    async def _write(
        self, pieces: asyncio.Queue[bytes], writer: asyncio.StreamWriter, from_server: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await pieces.get():
                await asyncio.sleep(self._proxy.latency_s)
                await self.gate.wait()
                await (self._to_client(piece) if from_server else _sent(writer, piece))
        self._over.set()

    async def _to_client(self, piece: bytes) -> None:
        """Pass on what the server sent; the strike comes right where it is to."""
        strike = self._proxy.strike
        end = self._until(strike, piece) if strike is not None else None
        if strike is not None and end is not None:
            await self._paced(piece[:end])
            self._proxy.strikes(strike, self)
            await self.gate.wait()
        await self._paced(piece[end or 0 :])

    def _until(self, strike: Strike, piece: bytes) -> int | None:
        """How much of the piece comes before the strike; None when it is not in there."""
        if isinstance(strike.at, int):
            left = strike.at - self._carried
            return left if 0 < left <= len(piece) else None
        seen = self._tail + piece
        at = seen.find(strike.at)
        self._tail = seen[-len(strike.at) :]
        return at + len(strike.at) - (len(seen) - len(piece)) if at >= 0 else None

    async def _paced(self, piece: bytes) -> None:
        """To the client, no faster than it may come."""
        rate = self._proxy.bytes_per_s
        size = _SLICE if rate else _PIECE
        for start in range(0, len(piece), size):
            part = piece[start : start + size]
            if rate:
                await asyncio.sleep(len(part) / rate)
            await _sent(self._client, part)
            self._carried += len(part)
            self._proxy.carried += len(part)


async def _sent(writer: asyncio.StreamWriter, piece: bytes) -> None:
    writer.write(piece)
    await writer.drain()


@contextlib.asynccontextmanager
async def proxied(host: str, port: int) -> AsyncGenerator[Proxy]:
    """A proxy before a server, gone at the end."""
    proxy = Proxy(host, port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.refuse()
