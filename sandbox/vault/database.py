"""Turns database roles into logins with a lease: Vault's database secrets engine."""

import json
import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time

from sandbox.vault.accounts import (
    Accounts,
    AccountsFailed,
    Login,
    MongoAccounts,
    PostgresAccounts,
    connection_url,
)
from sandbox.vault.leases import Leases
from sandbox.vault.requests import Json, Refusal, VaultRequest, answer, seconds, unsupported
from sandbox.vault.tokens import Token

PLUGINS: dict[str, type[PostgresAccounts] | type[MongoAccounts]] = {
    "postgresql-database-plugin": PostgresAccounts,
    "mongodb-database-plugin": MongoAccounts,
}
DEFAULT_TTL_S = 3600.0
DEFAULT_MAX_TTL_S = 86400.0
BUFFER = timedelta(seconds=5)
"""How much later than its lease Vault lets the database end a login."""
ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Connection:
    """A database server as it was configured."""

    plugin: str
    url_template: str
    admin: str
    allowed_roles: tuple[str, ...]
    accounts: Accounts


@dataclass(frozen=True)
class Role:
    """How the logins of one kind are made, and how long they are valid."""

    db_name: str
    creation_statements: list[str]
    revocation_statements: list[str]
    renew_statements: list[str]
    default_ttl_s: float
    max_ttl_s: float


class DatabaseBackend:
    """database/: config/<name>, roles/<name> and creds/<role>."""

    kind = "database"

    def __init__(self, mount: str, leases: Leases) -> None:
        self._mount = mount
        self._leases = leases
        self._connections: dict[str, Connection] = {}
        self._roles: dict[str, Role] = {}

    async def handle(self, request: VaultRequest) -> Json | None:
        """Answer configuration, and make logins."""
        area, _, name = request.path.partition("/")
        match area, request.operation:
            case "creds", "read":
                return await self._make_login(name, request.token)
            case "config", "update":
                await self._configure(name, request)
                return None
            case "roles", "update":
                self._roles[name] = _role(request)
                return None
            case "config" | "roles", "list":
                known = self._connections if area == "config" else self._roles
                return answer({"keys": sorted(known)})
            case "config" | "roles", "read":
                return answer(self._describe(area, name))
            case "config" | "roles", "delete":
                known = self._connections if area == "config" else self._roles
                known.pop(name, None)
                return None
            case _:
                raise unsupported(request)

    async def _configure(self, name: str, request: VaultRequest) -> None:
        plugin = PLUGINS.get(request.text("plugin_name"))
        if plugin is None:
            raise Refusal(400, "unknown plugin_name")
        template, admin = request.text("connection_url"), str(request.body.get("username", ""))
        accounts = plugin(connection_url(template, admin, str(request.body.get("password", ""))))
        if request.body.get("verify_connection", True):
            try:
                await accounts.verify()
            except AccountsFailed as error:
                what = f"error creating database object: error verifying connection: {error}"
                raise Refusal(400, what) from None
        self._connections[name] = Connection(
            request.text("plugin_name"),
            template,
            admin,
            tuple(request.texts("allowed_roles")),
            accounts,
        )

    def _describe(self, area: str, name: str) -> Json:
        if area == "config" and (connection := self._connections.get(name)):
            return {
                "plugin_name": connection.plugin,
                "allowed_roles": list(connection.allowed_roles),
                "connection_details": {
                    "connection_url": connection.url_template,
                    "username": connection.admin,
                },
            }
        if area == "roles" and (role := self._roles.get(name)):
            return {
                "db_name": role.db_name,
                "creation_statements": role.creation_statements,
                "revocation_statements": role.revocation_statements,
                "renew_statements": role.renew_statements,
                "default_ttl": round(role.default_ttl_s),
                "max_ttl": round(role.max_ttl_s),
            }
        raise Refusal(404)

    async def _make_login(self, name: str, token: Token | None) -> Json:
        role = self._roles.get(name)
        if role is None:
            raise Refusal(400, f"unknown role: {name}")
        connection = self._connections.get(role.db_name)
        if connection is None:
            raise Refusal(500, f'failed to find entry for connection with name: "{role.db_name}"')
        if not {name, "*"} & set(connection.allowed_roles):
            raise Refusal(500, f'"{name}" is not an allowed role')
        accounts = connection.accounts
        who = token.display_name if token is not None else "unknown"
        expires_at = datetime.now(UTC) + timedelta(seconds=role.default_ttl_s) + BUFFER
        login = Login(_username(who, name, accounts.max_name_part), _password(), expires_at)
        try:
            await accounts.create(login, role.creation_statements)
        except AccountsFailed as error:
            raise Refusal(500, f"failed to create user: {error}") from None
        lease = self._leases.issue(
            f"{self._mount}creds/{name}",
            lambda: accounts.drop(login.username, role.revocation_statements),
            ttl_s=role.default_ttl_s,
            max_ttl_s=role.max_ttl_s,
            username=login.username,
            extend=lambda until: accounts.extend(
                login.username, until + BUFFER, role.renew_statements
            ),
        )
        if token is not None:
            token.made.append(lease)
            if token.lease is not None and not token.lease.live:
                # The token ended while the login was made, so nothing else would take it back.
                await lease.revoke()
                raise Refusal(403, "permission denied")
        return answer(
            {"username": login.username, "password": login.password},
            lease_id=lease.id,
            renewable=True,
            lease_duration=round(role.default_ttl_s),
        )


def _role(request: VaultRequest) -> Role:
    max_ttl_s = seconds(request.body.get("max_ttl"), DEFAULT_MAX_TTL_S)
    default_ttl_s = seconds(request.body.get("default_ttl"), DEFAULT_TTL_S)
    return Role(
        db_name=request.text("db_name"),
        creation_statements=_statements(request, "creation_statements"),
        revocation_statements=_statements(request, "revocation_statements"),
        renew_statements=_statements(request, "renew_statements"),
        default_ttl_s=min(default_ttl_s, max_ttl_s),
        max_ttl_s=max_ttl_s,
    )


def _statements(request: VaultRequest, name: str) -> list[str]:
    """Statements come as a list, as one text, or as a text that is a JSON list."""
    value = request.body.get(name) or []
    if not isinstance(value, str):
        return [str(statement) for statement in value]
    return list(json.loads(value)) if value.startswith("[") else [value]


def _username(who: str, role: str, max_part: int) -> str:
    unique = "".join(secrets.choice(ALPHABET) for _ in range(20))
    return f"v-{who[:max_part]}-{role[:max_part]}-{unique}-{int(time())}"


def _password() -> str:
    """Twenty characters with a digit, a dash and letters of both kinds, as rules may demand."""
    return "A1a-" + "".join(secrets.choice(ALPHABET) for _ in range(16))
