"""A secret that is given as it is, or by its place in Vault's KV store, where it may be rotated."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from adapters.credentials.vault import Vault
from adapters.errors import ConfigurationError, CredentialError, VaultRefused

T = TypeVar("T")
log = structlog.get_logger(__name__)
IN_VAULT = "vault:"
KEEP_S = 60.0


class Secret:
    """A secret's value as it is now. One of Vault is read again after `keep_s`, or when whoever
    takes it has refused it; while Vault is away it stays as it was."""

    def __init__(self, given: str, vault: Vault | None = None, *, keep_s: float = KEEP_S) -> None:
        self._place = given.removeprefix(IN_VAULT) if given.startswith(IN_VAULT) else ""
        self._value = "" if self._place else given
        self._vault = vault
        self._keep_s = keep_s
        self._read_at = -math.inf
        self._lock = asyncio.Lock()
        if self._place and vault is None:
            raise ConfigurationError(
                f"The setting {IN_VAULT}{self._place} names a secret of Vault, but VAULT_ADDR is "
                "not set. Set it, or give the secret itself."
            )

    async def value(self) -> str:
        """The secret. Raises CredentialError when it was never read and can't be."""
        async with self._lock:
            if self._place and time.monotonic() - self._read_at >= self._keep_s:
                await self._read()
            return self._value

    async def other_than(self, refused: str) -> str | None:
        """The secret after `refused` was, when it has been changed since, else None."""
        async with self._lock:
            if self._place and self._value == refused:
                await self._read()
            return self._value if self._value != refused else None

    async def used(
        self, call: Callable[[str], Awaitable[T]], is_refusal: Callable[[Exception], bool]
    ) -> T:
        """What `call` gives with the secret; where it raises a refusal and the secret has been
        changed since, what it gives with the new one. Raises what `call` does, CredentialError."""
        given = await self.value()
        try:
            return await call(given)
        except Exception as error:
            changed = await self.other_than(given) if is_refusal(error) else None
            if changed is None:
                raise
            return await call(changed)

    async def _read(self) -> None:
        path, _, name = self._place.partition("#")
        assert self._vault is not None
        try:
            fields = await self._vault.fields(path)
        except CredentialError as error:
            if not self._value:
                raise
            log.warning("secret_not_read_again", path=path, reason=type(error).__name__)
        else:
            if not fields.get(name or "api_key"):
                raise VaultRefused(
                    f"Vault's secret {path} has no field {name or 'api_key'}. Correct the secret, "
                    "or the setting that names it."
                )
            self._value = fields[name or "api_key"]
        self._read_at = time.monotonic()
