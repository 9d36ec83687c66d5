"""Credentials of one Vault for one process: leases, secrets, and the token they are had with."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import structlog

from adapters.credentials.calls import Calls, Credential, slow
from adapters.credentials.leases import Leases
from adapters.credentials.login import Login, Sessions
from adapters.credentials.settings import VaultSettings
from adapters.errors import CredentialError, VaultForbidden

log = structlog.get_logger(__name__)
T = TypeVar("T")
_BEAT_S = 5.0
_GOODBYE_S = 10.0


class Vault:
    """Hands out credentials of Vault's database engine and of its KV v2 store.

    With `sessions`, what a crash of this or another process has left is taken back. Call `start`
    to keep the token valid, `close` last.
    """

    def __init__(self, settings: VaultSettings, sessions: Sessions | None = None) -> None:
        self._settings = settings
        self._calls = Calls(settings)
        self._login = Login(settings, self._calls, sessions)
        self._leases = Leases(self._ask, settings.timeout_s)
        self._beat_s = sessions.beat_s if sessions is not None else _BEAT_S
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Renew the token, and look for what crashes have left, now and then until `close`."""
        self._keeping = asyncio.create_task(self._keep())

    def lease(self, role: str, seconds: float) -> AbstractAsyncContextManager[Credential]:
        """A database login of `role` for the block, which lives for `seconds` at most.

        It is renewed while it is needed, and revoked when the block ends in any way. Raises
        CredentialError; LeaseLost when the block failed because the login had ended.
        """
        return self._leases.lease(role, seconds)

    async def secret(self, path: str) -> Credential:
        """The KV v2 secret at `path`, whose fields bear Credential's names. Raises
        CredentialError."""
        fields = await self.fields(path)
        return Credential(
            username=fields.get("username", ""),
            password=fields.get("password", ""),
            api_key=fields.get("api_key", ""),
        )

    async def fields(self, path: str) -> dict[str, str]:
        """What the KV v2 secret at `path` holds now. Raises CredentialError."""
        mount = self._settings.kv_mount
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                answer = await self._ask(
                    lambda client: client.secrets.kv.v2.read_secret_version(
                        path, mount_point=mount, raise_on_deleted_version=True
                    )
                )
        except TimeoutError as error:
            raise slow() from error
        return answer["data"]["data"]

    async def drain(self) -> None:
        """Wait for revocations that are still under way."""
        await self._leases.drain()

    async def close(self) -> None:
        """Revoke all that is left, and the token, as far as Vault does so in time."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await self.drain()
                await self._login.close()
        except TimeoutError:
            log.warning("vault_did_not_answer_at_the_end")
        self._calls.close()

    async def _keep(self) -> None:
        while True:
            try:
                await self._login.keep()
                await self._login.sweep()
            except CredentialError as error:
                log.warning("vault_token_not_kept", reason=type(error).__name__)
            except Exception:
                log.exception("vault_sessions_not_kept")  # the ledger's store may be away
            await asyncio.sleep(self._beat_s)

    async def _ask(self, use: Callable[[Any], T]) -> T:
        """Call Vault, logging in first, and once more if the token has ended."""
        token = await self._login.token()
        try:
            return await self._calls.call(token, use)
        except VaultForbidden:
            if await self._login.is_valid(token):
                raise
            return await self._calls.call(await self._login.token(ended=token), use)
