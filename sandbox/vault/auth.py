"""Turns Vault's auth/token and auth/approle paths into tokens."""

import hashlib
import re
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sandbox.vault.leases import Leases
from sandbox.vault.requests import Json, Refusal, VaultRequest, answer, seconds, unsupported
from sandbox.vault.tokens import Token, Tokens

DEFAULT_TTL_S = 32 * 86400.0


class TokenBackend:
    """auth/token: tokens made from tokens, and what a token can ask about itself."""

    kind = "token"

    def __init__(self, tokens: Tokens, leases: Leases) -> None:
        self._tokens = tokens
        self._leases = leases

    async def handle(self, request: VaultRequest) -> Json | None:
        """Answer create, lookup-self, renew-self, revoke-self and revoke-accessor."""
        token = request.token
        if token is None:
            raise Refusal(403, "permission denied")
        match request.operation, request.path:
            case "update", "create":
                return answer(auth=self._create(token, request).as_auth())
            case "read", "lookup-self":
                return answer(token.as_data())
            case "update", "renew-self":
                return answer(auth=await self._renew(token, request))
            case "update", "revoke-self" if token.lease is not None:
                await token.lease.revoke()
                return None
            case "update", "revoke-accessor":
                await self._revoke(request.text("accessor"))
                return None
            case _:
                raise unsupported(request)

    def _create(self, parent: Token, request: VaultRequest) -> Token:
        names = request.texts("policies") or list(parent.policies)
        if not parent.is_root and not set(names) <= set(parent.policies):
            raise Refusal(400, "child policies must be subset of parent")
        max_ttl_s = seconds(request.body.get("explicit_max_ttl"), DEFAULT_TTL_S)
        token = self._tokens.issue(
            names,
            display_name="token",
            path="auth/token/create",
            ttl_s=seconds(request.body.get("ttl"), max_ttl_s),
            max_ttl_s=max_ttl_s,
            renewable=bool(request.body.get("renewable", True)),
        )
        if token.lease is not None and not parent.is_root:
            parent.made.append(token.lease)
        return token

    async def _revoke(self, accessor: str) -> None:
        named = self._tokens.of_accessor(accessor)
        if named is None or named.lease is None:
            raise Refusal(400, "1 error occurred:\n\t* invalid accessor\n\n")
        await named.lease.revoke()

    async def _renew(self, token: Token, request: VaultRequest) -> Json:
        if token.lease is None or not token.renewable:
            raise Refusal(400, "lease is not renewable")
        increment_s = seconds(request.body.get("increment"), token.lease.ttl_s)
        await self._leases.renew(token.lease, increment_s)
        return token.as_auth()


@dataclass
class Role:
    """An AppRole: who shows its role id and one of its secret ids gets its policies."""

    settings: Json
    role_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret_ids: dict[str, "SecretId"] = field(default_factory=dict[str, "SecretId"], repr=False)


@dataclass
class SecretId:
    """One secret id, known by its digest: until when, and how often it can be used (0: no end)."""

    expires_at: datetime | None
    uses_left: int


class AppRoleBackend:
    """auth/approle: programs that sign in with a role id and a secret id."""

    kind = "approle"

    def __init__(self, mount: str, tokens: Tokens) -> None:
        self._mount = mount
        self._tokens = tokens
        self._roles: dict[str, Role] = {}

    async def handle(self, request: VaultRequest) -> Json | None:
        """Answer login, and the paths that make and read roles."""
        if request.path == "login" and request.operation == "update":
            return answer(auth=self._login(request).as_auth())
        if request.path == "role" and request.operation == "list":
            return answer({"keys": sorted(self._roles)})
        named = re.fullmatch(r"role/([^/]+)(?:/(role-id|secret-id))?", request.path)
        if named is None:
            raise unsupported(request)
        name, part = named.groups()
        if part is None and request.operation == "update":
            role = self._roles.setdefault(name, Role({}))
            role.settings |= request.body
            return None
        role = self._roles.get(name)
        if role is None:
            raise Refusal(404)
        return self._on_role(name, role, part, request)

    def _on_role(
        self, name: str, role: Role, part: str | None, request: VaultRequest
    ) -> Json | None:
        match request.operation, part:
            case "read", None:
                return answer(role.settings)
            case "delete", None:
                del self._roles[name]
                return None
            case "read", "role-id":
                return answer({"role_id": role.role_id})
            case "update", "role-id":
                role.role_id = request.text("role_id")
                return None
            case "update", "secret-id":
                return answer(_add_secret_id(role))
            case _:
                raise unsupported(request)

    def _login(self, request: VaultRequest) -> Token:
        role_id, secret_id = request.text("role_id"), request.text("secret_id")
        role = next((role for role in self._roles.values() if role.role_id == role_id), None)
        if role is None or not _use_secret_id(role, secret_id):
            raise Refusal(400, "invalid role or secret ID")
        max_ttl_s = seconds(role.settings.get("token_max_ttl"), DEFAULT_TTL_S)
        named = VaultRequest("read", "", role.settings).texts("token_policies")
        return self._tokens.issue(
            named,
            display_name="approle",
            path=f"{self._mount}login",
            ttl_s=seconds(role.settings.get("token_ttl"), max_ttl_s),
            max_ttl_s=max_ttl_s,
        )


def _add_secret_id(role: Role) -> Json:
    secret_id = str(uuid.uuid4())
    ttl_s = seconds(role.settings.get("secret_id_ttl"), 0)
    uses = int(role.settings.get("secret_id_num_uses") or 0)
    expires_at = datetime.now(UTC) + timedelta(seconds=ttl_s) if ttl_s else None
    role.secret_ids[_digest(secret_id)] = SecretId(expires_at, uses)
    return {
        "secret_id": secret_id,
        "secret_id_accessor": secrets.token_urlsafe(18),
        "secret_id_ttl": round(ttl_s),
        "secret_id_num_uses": uses,
    }


def _use_secret_id(role: Role, secret_id: str) -> bool:
    """Whether the secret id is one of the role's and still good; the last use removes it."""
    digest = _digest(secret_id)
    known = role.secret_ids.get(digest)
    if known is None:
        return False
    if known.expires_at is not None and known.expires_at <= datetime.now(UTC):
        del role.secret_ids[digest]
        return False
    if known.uses_left == 1:
        del role.secret_ids[digest]
    known.uses_left -= 1
    return True


def _digest(secret_id: str) -> str:
    return hashlib.sha256(secret_id.encode()).hexdigest()
