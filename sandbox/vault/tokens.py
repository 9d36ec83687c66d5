"""Turns a proof of identity into a token with policies, and a token into what it may do."""

import secrets
from dataclasses import dataclass, field

from sandbox.vault import policies
from sandbox.vault.leases import Lease, Leases

ROOT = "root"


@dataclass(eq=False)
class Token:
    """A client token: its policies, and all that was made with it and ends with it."""

    id: str = field(repr=False)
    policies: tuple[str, ...]
    display_name: str
    path: str
    renewable: bool = True
    accessor: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    lease: Lease | None = None
    made: list[Lease] = field(default_factory=list[Lease], repr=False)

    @property
    def is_root(self) -> bool:
        """Whether it may do everything."""
        return ROOT in self.policies

    @property
    def left_s(self) -> int:
        """How long it is still valid; 0 for the root token, which does not end."""
        return 0 if self.lease is None else round(self.lease.left_s)

    def as_auth(self) -> dict[str, object]:
        """What a login answers under "auth"."""
        return {
            "client_token": self.id,
            "accessor": self.accessor,
            "policies": list(self.policies),
            "token_policies": list(self.policies),
            "metadata": {},
            "lease_duration": self.left_s,
            "renewable": self.renewable and self.lease is not None,
            "entity_id": "",
            "token_type": "service",
            "orphan": True,
        }

    def as_data(self) -> dict[str, object]:
        """What a lookup answers under "data"."""
        expires = None if self.lease is None else self.lease.expires_at.isoformat()
        return {
            "id": self.id,
            "accessor": self.accessor,
            "policies": list(self.policies),
            "display_name": self.display_name,
            "path": self.path,
            "ttl": self.left_s,
            "expire_time": expires,
            "renewable": self.renewable and self.lease is not None,
            "num_uses": 0,
            "meta": None,
            "orphan": True,
            "type": "service",
        }


class Tokens:
    """The tokens and the policies of one Vault."""

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._tokens: dict[str, Token] = {}
        self.policies = {"default": policies.parse(policies.DEFAULT_POLICY)}
        self.root = Token(f"hvs.{secrets.token_urlsafe(24)}", (ROOT,), ROOT, "auth/token/root")
        self._tokens[self.root.id] = self.root

    def find(self, token_id: str) -> Token | None:
        """The token, unless it ended or never was."""
        return self._tokens.get(token_id)

    def of_accessor(self, accessor: str) -> Token | None:
        """The token of this accessor, unless it ended or never was."""
        return next((one for one in self._tokens.values() if one.accessor == accessor), None)

    def issue(
        self,
        names: list[str],
        *,
        display_name: str,
        path: str,
        ttl_s: float,
        max_ttl_s: float,
        renewable: bool = True,
    ) -> Token:
        """A new token with the policies of these names and the default one."""
        held = tuple(sorted({"default", *names}))
        token = Token(f"hvs.{secrets.token_urlsafe(24)}", held, display_name, path, renewable)
        self._tokens[token.id] = token

        async def end() -> None:
            self._tokens.pop(token.id, None)
            for lease in token.made:
                await lease.revoke()

        token.lease = self._leases.issue(path, end, ttl_s=ttl_s, max_ttl_s=max_ttl_s)
        return token

    def allow(self, token: Token, path: str, wanted: set[str]) -> bool:
        """Whether the token's policies give all that is wanted on the path."""
        if token.is_root:
            return True
        held = [self.policies[name] for name in token.policies if name in self.policies]
        return wanted <= policies.capabilities(held, path)
