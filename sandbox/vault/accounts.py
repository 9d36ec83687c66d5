"""Turns a role's statements into a login that exists in PostgreSQL or MongoDB, and drops it again.

Each call opens its own admin connection: a server that was restarted in between costs nothing.
"""

import contextlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import asyncpg
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

TIMEOUT_S = 10
USER_NOT_FOUND = 11
ONE_BY_ONE = 0x7661756C74
# The order matters: no new session can begin while the old ones are ended.
DROP_ROLE = (
    'ALTER ROLE "{{name}}" NOLOGIN',
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{{name}}'",
    'DROP OWNED BY "{{name}}"',
    'DROP ROLE "{{name}}"',
)
MOVE_END = ("ALTER ROLE \"{{name}}\" VALID UNTIL '{{expiration}}'",)


class AccountsFailed(Exception):
    """The database could not make or drop a login; the message names the kind of error alone."""


@dataclass(frozen=True)
class Login:
    """A login to be made."""

    username: str
    password: str = field(repr=False)
    expires_at: datetime

    def fill(self, statement: str) -> str:
        """The statement for this login."""
        return (
            _named(statement, self.username)
            .replace("{{password}}", self.password)
            .replace("{{expiration}}", f"{self.expires_at:%Y-%m-%d %H:%M:%S%z}")
        )


class Accounts(Protocol):
    """The logins of one database server."""

    @property
    def max_name_part(self) -> int:
        """How much of a role's name fits into a login's name."""
        ...

    async def verify(self) -> None:
        """Raise AccountsFailed when the admin cannot sign in."""
        ...

    async def create(self, login: Login, statements: list[str]) -> None:
        """Make the login as the role's creation statements say."""
        ...

    async def extend(self, username: str, expires_at: datetime, statements: list[str]) -> None:
        """Let the login be used until then, as the role's renewal statements say."""
        ...

    async def drop(self, username: str, statements: list[str]) -> None:
        """End the login's sessions and remove it; a login that is gone already is no error."""
        ...


@dataclass(frozen=True)
class PostgresAccounts:
    """Login roles of a PostgreSQL database."""

    url: str = field(repr=False)
    max_name_part: int = 8

    async def verify(self) -> None:
        """Sign in once."""
        await self._run([])

    async def create(self, login: Login, statements: list[str]) -> None:
        """Run the creation statements in one transaction."""
        await self._run([login.fill(statement) for statement in statements])

    async def extend(self, username: str, expires_at: datetime, statements: list[str]) -> None:
        """Run the renewal statements, or else move VALID UNTIL."""
        until = f"{expires_at:%Y-%m-%d %H:%M:%S%z}"
        chosen = [_named(one, username) for one in statements or MOVE_END]
        await self._run([one.replace("{{expiration}}", until) for one in chosen])

    async def drop(self, username: str, statements: list[str]) -> None:
        """Run the revocation statements, or else the usual ones, one after the other."""
        chosen = [_named(statement, username) for statement in statements or DROP_ROLE]
        await self._run(chosen, must_exist=username)

    async def _run(self, statements: list[str], must_exist: str | None = None) -> None:
        """Run the statements: what makes a login all or none, what drops one each for itself."""
        try:
            connection = await asyncpg.connect(
                self.url, timeout=TIMEOUT_S, command_timeout=TIMEOUT_S
            )
            try:
                # Two GRANTs on one table at the same time fail, so logins are made one by one.
                await connection.execute("SELECT pg_advisory_lock($1)", ONE_BY_ONE)
                exists = "SELECT true FROM pg_roles WHERE rolname = $1"
                if must_exist and not await connection.fetchval(exists, must_exist):
                    return
                # A dropped login must be barred for all to see before its sessions are ended.
                whole = contextlib.nullcontext() if must_exist else connection.transaction()
                async with whole:
                    for statement in statements:
                        await connection.execute(statement)
            finally:
                await connection.close()
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise AccountsFailed(f"PostgreSQL: {type(error).__name__}") from None


@dataclass(frozen=True)
class MongoAccounts:
    """Users of a MongoDB server; statements are JSON with a "db" and "roles"."""

    url: str = field(repr=False)
    max_name_part: int = 15

    async def verify(self) -> None:
        """Sign in once."""
        await self._command("admin", "ping")

    async def create(self, login: Login, statements: list[str]) -> None:
        """Make the user in the statement's database with the statement's roles."""
        statement: dict[str, Any] = json.loads(statements[0])
        database = statement.get("db", "admin")
        roles = [
            {"role": role, "db": database} if isinstance(role, str) else {"db": database} | role
            for role in statement["roles"]
        ]
        await self._command(database, "createUser", login.username, pwd=login.password, roles=roles)

    async def extend(self, username: str, expires_at: datetime, statements: list[str]) -> None:
        """MongoDB's users have no end of their own."""

    async def drop(self, username: str, statements: list[str]) -> None:
        """Remove the user from the statement's database, and end what it still runs."""
        database = json.loads(statements[0]).get("db", "admin") if statements else "admin"
        await self._command(database, "dropUser", username)
        await self._command("admin", "killAllSessions", [{"user": username, "db": database}])

    async def _command(self, database: str, command: str, value: Any = 1, **more: Any) -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            self.url, serverSelectionTimeoutMS=TIMEOUT_S * 1000
        )
        try:
            async with client:
                await client[database].command(command, value, **more)
        except PyMongoError as error:
            if isinstance(error, OperationFailure) and error.code == USER_NOT_FOUND:
                return
            raise AccountsFailed(f"MongoDB: {type(error).__name__}") from None


def connection_url(template: str, username: str, password: str) -> str:
    """The URL with the admin's name and password in it, escaped."""
    return template.replace("{{username}}", quote(username, safe="")).replace(
        "{{password}}", quote(password, safe="")
    )


def _named(statement: str, username: str) -> str:
    return statement.replace("{{name}}", username).replace("{{username}}", username)
