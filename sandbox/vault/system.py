"""Turns sys/ paths into the state of the Vault: its seal, mounts, policies and leases."""

import re
from typing import Protocol

from sandbox.vault import policies
from sandbox.vault.leases import Lease, Leases
from sandbox.vault.requests import (
    Backend,
    Json,
    Refusal,
    VaultRequest,
    answer,
    seconds,
    unsupported,
)
from sandbox.vault.tokens import Tokens

VERSION = "1.19.0"
SEAL_PATHS = {"seal", "unseal", "seal-status", "health", "init"}


class Sealable(Protocol):
    """What sys/ must know of the whole Vault."""

    mounts: dict[str, Backend]

    @property
    def sealed(self) -> bool:
        """Whether every door but the unsealing one is shut."""
        ...

    def seal(self) -> None:
        """Shut."""
        ...

    def unseal(self, key: str | None = None) -> None:
        """Open."""
        ...

    def mount(self, path: str, kind: str, version: str) -> None:
        """Put an engine or an auth method at a path."""
        ...


class SystemBackend:
    """sys/: what concerns the Vault as a whole."""

    kind = "system"

    def __init__(self, vault: Sealable, tokens: Tokens, leases: Leases) -> None:
        self._vault = vault
        self._tokens = tokens
        self._leases = leases

    async def handle(self, request: VaultRequest) -> Json | None:
        """Answer by the first part of the path."""
        area, _, rest = request.path.partition("/")
        if area in SEAL_PATHS:
            return self._on_seal(area, request)
        match area:
            case "mounts" | "auth":
                return self._on_mounts("auth/" if area == "auth" else "", rest, request)
            case "policies" if rest == "acl" or rest.startswith("acl/"):
                return self._on_policies(rest.removeprefix("acl").removeprefix("/"), request)
            case "leases":
                return await self._on_leases(rest, request)
            case _:
                raise unsupported(request)

    def _on_seal(self, area: str, request: VaultRequest) -> Json | None:
        match request.operation, area:
            case "read", "health":
                return self._status() | {"standby": False}
            case "read", "init":
                return {"initialized": True}
            case "update", "seal":
                self._vault.seal()
                return None
            case "update", "unseal":
                self._vault.unseal(request.text("key"))
            case "read", "seal-status":
                pass
            case _:
                raise unsupported(request)
        return self._status()

    def _status(self) -> Json:
        return {
            "type": "shamir",
            "initialized": True,
            "sealed": self._vault.sealed,
            "t": 1,
            "n": 1,
            "progress": 0,
            "version": VERSION,
            "storage_type": "inmem",
        }

    def _on_mounts(self, prefix: str, path: str, request: VaultRequest) -> Json | None:
        if request.operation == "update" and path:
            options = request.body.get("options") or {}
            kind, version = request.text("type"), str(options.get("version", "1"))
            self._vault.mount(f"{prefix}{path.strip('/')}/", kind, version)
            return None
        if request.operation != "read" or path:
            raise unsupported(request)
        shown = {
            mount.removeprefix(prefix): {
                "type": backend.kind,
                "options": {"version": "2"} if backend.kind == "kv" else None,
            }
            for mount, backend in self._vault.mounts.items()
            if mount.startswith("auth/") == bool(prefix)
        }
        return answer(shown) | shown

    def _on_policies(self, name: str, request: VaultRequest) -> Json | None:
        known = self._tokens.policies
        match request.operation:
            case "list" if not name:
                return answer({"keys": [*sorted(known), "root"]})
            case "read" if name in known:
                return answer({"name": name, "policy": known[name].text})
            case "read":
                raise Refusal(404)
            case "update" if name and name != "root":
                try:
                    known[name] = policies.parse(request.text("policy"))
                except ValueError as error:
                    raise Refusal(400, f"failed to parse policy: {error}") from error
                return None
            case "delete" if name not in {"root", "default"}:
                known.pop(name, None)
                return None
            case _:
                raise unsupported(request)

    async def _on_leases(self, rest: str, request: VaultRequest) -> Json | None:
        if request.operation == "list" and rest.startswith("lookup"):
            return self._list_leases(rest.removeprefix("lookup").strip("/"))
        if request.operation != "update":
            raise unsupported(request)
        if listed := re.fullmatch(r"revoke-prefix/(.+)", rest):
            for lease in self._below(listed[1].strip("/")):
                await lease.revoke()
            return None
        action, _, lease_id = rest.partition("/")
        if action not in {"lookup", "renew", "revoke"}:
            raise unsupported(request)
        lease = self._leases.live(lease_id or request.text("lease_id"))
        if lease is None:
            if action == "revoke":
                return None
            raise Refusal(400, "invalid lease" if action == "lookup" else "lease not found")
        match action:
            case "lookup":
                return answer(_describe(lease))
            case "revoke":
                await lease.revoke()
                return None
            case _:
                increment_s = seconds(request.body.get("increment"), lease.ttl_s)
                await self._leases.renew(lease, increment_s)
                left_s = round(lease.left_s)
                return answer(lease_id=lease.id, renewable=True, lease_duration=left_s)

    def _below(self, prefix: str) -> list[Lease]:
        return [
            lease
            for lease in self._leases.all()
            if lease.live and lease.id.startswith(f"{prefix}/" if prefix else "")
        ]

    def _list_leases(self, prefix: str) -> Json:
        start = len(prefix) + 1 if prefix else 0
        parts = [lease.id[start:].partition("/") for lease in self._below(prefix)]
        if not parts:
            raise Refusal(404)
        return answer({"keys": sorted({first + slash for first, slash, _ in parts})})


def _describe(lease: Lease) -> Json:
    return {
        "id": lease.id,
        "issue_time": lease.issued_at.isoformat(),
        "expire_time": lease.expires_at.isoformat(),
        "renewable": True,
        "ttl": round(lease.left_s),
    }
