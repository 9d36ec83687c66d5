"""Turns a command, or an ASGI app, into a server on 127.0.0.1 that ends with this process.

Knows nothing of what the servers serve; postgres.py, mongo.py, qdrant.py and vault/ say that.
"""

import asyncio
import contextlib
import ctypes
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TypedDict

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
POLL_S = 0.03
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
_PR_SET_PDEATHSIG = 1


class ServerFailed(Exception):
    """A server of the sandbox did not start or stop; the message says why and what its log said."""


def last_lines(log: str) -> list[str]:
    """The end of a log, short enough to stand in an error message."""
    return [line[:400] for line in log.strip().splitlines()[-8:]]


@dataclass
class ServerProcess:
    """One program that listens on one port, and that no longer runs when its parent is gone."""

    name: str
    command: Sequence[str | Path]
    port: int
    log_file: Path
    user: str | None = None
    telling_lines: Callable[[str], list[str]] = last_lines
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The process id, or None when the program does not run."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self, is_ready: Callable[[], Awaitable[bool]]) -> None:
        """Start the program and return when it is ready; raise ServerFailed when it will not be."""
        if not port_is_free(self.port):
            raise ServerFailed(f"{self.name} cannot start: port {self.port} of {HOST} is taken.")
        self._process = process = await self._spawn()
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                # Another program's readiness can only be asked for, not waited for.
                while process.returncode is None and not await is_ready():  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        except BaseException as error:
            await self.stop(signal.SIGKILL)
            if isinstance(error, TimeoutError):
                what = f"was not ready after {START_TIMEOUT_S:.0f} s"
                raise ServerFailed(self._failure(what)) from None
            raise
        if process.returncode is not None:
            raise ServerFailed(self._failure(f"ended with code {process.returncode} at start"))

    async def stop(self, how: signal.Signals) -> None:
        """Send the signal, and wait until the program has ended; kill it if it will not end."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(how)
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        # A session of its own keeps the terminal's Ctrl-C from the server: the sandbox stops it,
        # in order. The environment is cut down, so that no key of the caller's is in it.
        with self.log_file.open("wb") as log:
            return await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                cwd="/",
                start_new_session=True,
                preexec_fn=end_with_parent(),
                **run_as(self.user),
            )

    def _failure(self, what: str) -> str:
        said = self.telling_lines(self.log_file.read_text(errors="replace"))
        return f"{self.name} {what}; its log ends with:\n" + "\n".join(said)


class RunAs(TypedDict, total=False):
    """Whom a child process runs as, as subprocess takes it."""

    user: str
    group: int
    extra_groups: list[str]


def run_as(user: str | None) -> RunAs:
    """The arguments that make a child process run as the user, with none of root's groups."""
    if user is None:
        return {}
    import pwd

    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def end_with_parent() -> Callable[[], None] | None:
    """What a child does before its program runs so that it is not left behind; Linux alone can.

    The kernel sends SIGINT, which PostgreSQL and mongod take as an orderly stop, when the thread
    that started the child ends: so servers are started on the event loop, not on a pool's thread.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def port_is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def kept_secret(path: Path) -> str:
    """The secret in the file; a new one, which only the owner can read, when there is none."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text().strip()
    secret = secrets.token_urlsafe(24)
    path.touch(0o600)
    path.write_text(secret)
    return secret


class _QuietServer(uvicorn.Server):
    """uvicorn without its signal handlers: who runs the sandbox decides what Ctrl-C does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class HttpServer:
    """An ASGI app served over HTTP, from the running event loop or from a thread of its own.

    With a `certificate` (its file and that of its key) it is served over TLS. A thread lets the app
    answer while the event loop is held up, by a client that blocks it say.
    """

    def __init__(
        self,
        name: str,
        app: ASGIApp,
        *,
        own_thread: bool = False,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self.name = name
        self.port = 0
        self._app = app
        self._own_thread = own_thread
        self._certificate = certificate
        self._server: _QuietServer | None = None
        self._serving: asyncio.Task[None] | threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where the app answers."""
        return f"http{'s' if self._certificate else ''}://{HOST}:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen on the port (0: a free one) and return when requests are answered."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            listener.close()
            raise ServerFailed(f"{self.name} cannot start: port {port} is taken.") from error
        self.port = listener.getsockname()[1]
        self._server = _QuietServer(
            uvicorn.Config(
                self._app,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=2,
                ssl_certfile=str(self._certificate[0]) if self._certificate else None,
                ssl_keyfile=str(self._certificate[1]) if self._certificate else None,
            )
        )
        if self._own_thread:
            self._serving = threading.Thread(
                target=self._server.run, args=([listener],), name=self.name, daemon=True
            )
            self._serving.start()
        else:
            self._serving = asyncio.create_task(self._server.serve([listener]))
        deadline = monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if monotonic() > deadline:
                raise ServerFailed(f"{self.name} was not ready after {START_TIMEOUT_S:.0f} s.")
            await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """Answer what is being answered, for two seconds at most, and stop listening."""
        if self._server is None:
            return
        self._server.should_exit = True
        if isinstance(self._serving, threading.Thread):
            await asyncio.to_thread(self._serving.join)
        elif self._serving is not None:
            await self._serving
        self._server = self._serving = None
