"""Vault: a lease for one fetch step, taken just before use and revoked when the step ends.

hvac stays inside this module. Nothing is cached: a credential lives as long as its `async with`.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import hvac
import hvac.exceptions
import requests
import structlog

from adapters.errors import CredentialError, VaultRefused, VaultSealed, VaultUnreachable

log = structlog.get_logger(__name__)
T = TypeVar("T")
_REVOCATION_WAIT_S = 2.0


@dataclass(frozen=True, slots=True)
class Credential:
    """What a driver needs to log in; secrets never show in a repr."""

    username: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    lease_id: str = ""


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Where Vault is and how to log in: an AppRole, or a token."""

    address: str
    role_id: str = ""
    secret_id: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    timeout_s: int = 5


class Vault:
    """Hands out credentials of Vault's database engine and of its KV v2 store."""

    def __init__(self, settings: VaultSettings) -> None:
        self._settings = settings
        self._token = ""
        self._login_lock = asyncio.Lock()
        self._revocations: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def lease(self, role: str) -> AsyncGenerator[Credential]:
        """A database credential of `role`, revoked when the block ends in any way.

        A revocation that takes long goes on behind the scenes (see `drain`); one that fails is
        logged, for the lease then ends by its TTL. Raises CredentialError.
        """
        answer = await self._call(lambda client: client.secrets.database.generate_credentials(role))
        credential = Credential(
            username=answer["data"]["username"],
            password=answer["data"]["password"],
            lease_id=answer["lease_id"],
        )
        try:
            yield credential
        finally:
            revocation = asyncio.create_task(self._revoke(credential.lease_id))
            self._revocations.add(revocation)
            revocation.add_done_callback(self._revocations.discard)
            await asyncio.wait({revocation}, timeout=_REVOCATION_WAIT_S)

    async def secret(self, path: str) -> Credential:
        """The KV v2 secret at `path` (mount `secret/`), whose fields bear Credential's names."""
        answer = await self._call(
            lambda client: client.secrets.kv.v2.read_secret_version(
                path, raise_on_deleted_version=True
            )
        )
        fields = answer["data"]["data"]
        return Credential(
            username=fields.get("username", ""),
            password=fields.get("password", ""),
            api_key=fields.get("api_key", ""),
        )

    async def drain(self) -> None:
        """Wait for revocations that are still under way."""
        await asyncio.gather(*self._revocations, return_exceptions=True)

    async def _revoke(self, lease_id: str) -> None:
        try:
            await self._call(lambda client: client.sys.revoke_lease(lease_id))
        except CredentialError as error:
            log.warning("lease_not_revoked", lease_id=lease_id, reason=type(error).__name__)

    async def _call(self, use: Callable[[Any], T]) -> T:
        """Run a Vault call in a thread, logging in first, and once more if the token has ended."""
        try:
            used = await self._login("")
            try:
                return await asyncio.to_thread(use, self._client(used))
            except hvac.exceptions.Forbidden:
                if self._settings.token:
                    raise
                return await asyncio.to_thread(use, self._client(await self._login(used)))
        except hvac.exceptions.VaultDown as error:
            raise VaultSealed(
                "Vault is sealed, so no credential could be made and this source was not read. "
                "Ask whoever runs Vault to unseal it, then ask again."
            ) from error
        except (hvac.exceptions.InternalServerError, hvac.exceptions.BadGateway) as error:
            raise VaultRefused(
                "Vault could not make a credential for this source, so it was not read; most often "
                "its database is down. Check that the database is up, then ask again."
            ) from error
        except hvac.exceptions.VaultError as error:
            raise VaultRefused(
                f"Vault refused a credential ({type(error).__name__}: {_reason(error)}), so this "
                "source was not read. Check the Vault role that the source names and the "
                "AppRole's policy."
            ) from error
        except requests.RequestException as error:
            raise VaultUnreachable(
                "Vault does not answer, so no credential could be made and this source was not "
                "read. Check VAULT_ADDR and that Vault is up, then ask again."
            ) from error

    async def _login(self, ended: str) -> str:
        """The token to use; a new login when there is none or it is the one that has `ended`."""
        if self._settings.token:
            return self._settings.token
        async with self._login_lock:
            if not self._token or self._token == ended:
                answer = await asyncio.to_thread(
                    lambda: self._client("").auth.approle.login(
                        role_id=self._settings.role_id, secret_id=self._settings.secret_id
                    )
                )
                self._token = answer["auth"]["client_token"]
            return self._token

    def _client(self, token: str) -> Any:
        return hvac.Client(
            url=self._settings.address, token=token, timeout=self._settings.timeout_s
        )


def _reason(error: hvac.exceptions.VaultError) -> str:
    return str(next(iter(error.errors or ()), "no reason given"))[:200]
