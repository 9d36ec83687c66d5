"""A lease of the database engine: as long as its step may last, and over when the step is."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any, Protocol

import structlog
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from adapters.credentials.calls import Credential, slow
from adapters.errors import (
    CredentialError,
    LeaseLost,
    SourceRefused,
    SourceUnreachable,
    VaultRefused,
    VaultSlow,
    VaultUnreachable,
)

log = structlog.get_logger(__name__)
_REVOCATION_WAIT_S = 2.0
_REVOCATION_ATTEMPTS = 4
_LOOKUP_S = 2.0
_SLACK_S = 1.0
"""Vault counts in whole seconds."""


class Ask(Protocol):
    """A call of Vault with our token. Raises CredentialError."""

    def __call__(self, use: Callable[[Any], Any]) -> Awaitable[Any]: ...


class Leases:
    """Mints leases and takes them back; `patience_s` is how long a step waits for one."""

    def __init__(self, ask: Ask, patience_s: float) -> None:
        self._ask = ask
        self._patience_s = patience_s
        self._behind: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def lease(self, role: str, seconds: float) -> AsyncGenerator[Credential]:
        """A login of `role` that lives for `seconds` at most and until the block ends.

        A revocation that takes long goes on behind the scenes; one that fails is logged, for the
        lease then ends by its time. Raises CredentialError; LeaseLost when the block failed
        because the login had ended.
        """
        ends_at = time.monotonic() + seconds
        answer = await self._minted(role)
        lease_id: str = answer["lease_id"]
        over = asyncio.Event()
        keeping = asyncio.create_task(self._keep(answer, ends_at, over))
        try:
            yield Credential(answer["data"]["username"], answer["data"]["password"], "", lease_id)
        except (SourceRefused, SourceUnreachable) as error:
            if await self._is_lost(lease_id):
                raise LeaseLost(
                    "The login that Vault had made for this source ended while it was read, so its "
                    "rows are missing: somebody revoked it, or the Vault role allows too short a "
                    "time. Ask again; if it comes back, check max_ttl of the Vault role."
                ) from error
            raise
        finally:
            over.set()
            revocation = self._go_on(self._end(lease_id, keeping))
            await asyncio.wait({revocation}, timeout=_REVOCATION_WAIT_S)

    async def drain(self) -> None:
        """Wait for revocations that are still under way."""
        await asyncio.gather(*self._behind, return_exceptions=True)

    async def _minted(self, role: str) -> dict[str, Any]:
        """A new lease; one that comes when nobody waits for it any more is given back."""
        minting = asyncio.ensure_future(
            self._ask(lambda client: client.secrets.database.generate_credentials(role))
        )
        try:
            async with asyncio.timeout(self._patience_s):
                return await asyncio.shield(minting)
        except TimeoutError as error:
            self._go_on(self._give_back(minting))
            raise slow() from error
        except asyncio.CancelledError:
            self._go_on(self._give_back(minting))
            raise

    async def _keep(self, answer: dict[str, Any], ends_at: float, over: asyncio.Event) -> None:
        """Have the lease end when the step must: shorten a longer one now, and renew a shorter one
        whenever half of it is over."""
        until = time.monotonic() + answer["lease_duration"]
        granted_s: float = answer["lease_duration"]
        while answer["renewable"] and abs(until - ends_at) > _SLACK_S:
            left_s = until - time.monotonic()
            if until < ends_at and await _first(over, left_s / 2):
                return
            wanted_s = max(1, math.floor(ends_at - time.monotonic()))
            wanted_s = wanted_s if until > ends_at else min(wanted_s, math.ceil(granted_s))
            try:
                renewed = await self._renewed(answer["lease_id"], wanted_s)
            except VaultRefused as error:
                log.warning("lease_not_renewed", lease_id=answer["lease_id"], reason=str(error))
                return
            except CredentialError as error:
                log.warning("lease_not_renewed_yet", reason=type(error).__name__)
                if await _first(over, max(_SLACK_S, left_s / 4)):
                    return
                continue
            before, until = until, time.monotonic() + renewed
            if abs(until - before) < _SLACK_S / 2:
                return  # its Vault role allows no more

    async def _renewed(self, lease_id: str, seconds: int) -> float:
        answer = await self._ask(lambda client: client.sys.renew_lease(lease_id, seconds))
        return float(answer["lease_duration"])

    async def _is_lost(self, lease_id: str) -> bool:
        """Whether Vault no longer has the lease; False when it can't be asked."""
        try:
            async with asyncio.timeout(_LOOKUP_S):
                answer = await self._ask(lambda client: client.sys.read_lease(lease_id))
        except VaultRefused as error:
            return "invalid lease" in str(error)
        except (CredentialError, TimeoutError):
            return False
        return answer["data"]["ttl"] <= 0

    def _go_on(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do it behind the scenes, whatever becomes of the caller."""
        task = asyncio.create_task(work)
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
        return task

    async def _give_back(self, minting: asyncio.Future[dict[str, Any]]) -> None:
        with contextlib.suppress(CredentialError):
            await self._revoke((await minting)["lease_id"])

    async def _end(self, lease_id: str, keeping: asyncio.Task[None]) -> None:
        """Revoke the lease, once no renewal of it is under way."""
        await asyncio.gather(keeping, return_exceptions=True)
        await self._revoke(lease_id)

    async def _revoke(self, lease_id: str) -> None:
        persist = AsyncRetrying(
            retry=retry_if_exception_type((VaultSlow, VaultUnreachable)),
            wait=wait_exponential_jitter(initial=0.1, max=2.0),
            stop=stop_after_attempt(_REVOCATION_ATTEMPTS),
            reraise=True,
        )
        try:
            await persist(self._ask, lambda client: client.sys.revoke_lease(lease_id))
        except CredentialError as error:
            log.warning("lease_not_revoked", lease_id=lease_id, reason=type(error).__name__)


async def _first(event: asyncio.Event, timeout_s: float) -> bool:
    """Whether the event comes before the time is over."""
    try:
        async with asyncio.timeout(max(0.0, timeout_s)):
            return await event.wait()
    except TimeoutError:
        return event.is_set()
