"""Turns what was handed out into what is taken back: at revocation, or when its time is over."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

RETRY_FIRST_S = 0.5
RETRY_LONGEST_S = 30.0
STOP_TIMEOUT_S = 10.0

log = structlog.get_logger()


@dataclass(eq=False)
class Lease:
    """A login or a token that is valid for a while; `path` is what it was asked from, `ended_at` is
    when it was taken back."""

    id: str
    path: str
    username: str | None
    ttl_s: float
    issued_at: datetime
    expires_at: datetime
    last_valid_at: datetime
    take_back: Callable[[], Awaitable[None]] = field(repr=False)
    extend: Callable[[datetime], Awaitable[None]] | None = field(repr=False)
    ended_at: datetime | None = None
    revoked: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _overdue: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def role(self) -> str:
        """The last part of the path: the database role of a login."""
        return self.path.rpartition("/")[2]

    @property
    def live(self) -> bool:
        """Whether it has not been taken back yet."""
        return not self.revoked.is_set()

    @property
    def left_s(self) -> float:
        """How long it is still valid."""
        return max(0.0, (self.expires_at - datetime.now(UTC)).total_seconds())

    async def revoke(self) -> None:
        """Take it back, once; whoever asks meanwhile waits for the same end.

        When that fails the lease is over all the same, and its end is tried again.
        """
        async with self._lock:
            if self.live:
                try:
                    await self.take_back()
                except BaseException:
                    self.expires_at = min(self.expires_at, datetime.now(UTC))
                    self._overdue.set()
                    raise
                self.ended_at = datetime.now(UTC)
                self.revoked.set()
                self._overdue.set()

    async def expire(self, unsealed: asyncio.Event) -> None:
        """Wait for the end, which a renewal may move, then revoke until it has worked."""
        retry_s = RETRY_FIRST_S
        while self.live:
            if self.left_s > 0:
                await _first(self._overdue, self.left_s)
                continue
            await unsealed.wait()
            try:
                await self.revoke()
            except Exception as error:  # noqa: BLE001 - a database that is down may come back
                log.warning("vault.revocation_failed", path=self.path, error=type(error).__name__)
                await _first(self.revoked, retry_s)
                retry_s = min(2 * retry_s, RETRY_LONGEST_S)


class Leases:
    """Every lease of one Vault, with a task for each that ends it in time."""

    def __init__(self, unsealed: asyncio.Event) -> None:
        self._leases: dict[str, Lease] = {}
        self._expiring: dict[str, asyncio.Task[None]] = {}
        self._unsealed = unsealed

    def issue(
        self,
        path: str,
        take_back: Callable[[], Awaitable[None]],
        *,
        ttl_s: float,
        max_ttl_s: float,
        username: str | None = None,
        extend: Callable[[datetime], Awaitable[None]] | None = None,
    ) -> Lease:
        """Begin a lease on what has just been made."""
        now = datetime.now(UTC)
        lease = Lease(
            id=f"{path}/{secrets.token_urlsafe(18)}",
            path=path,
            username=username,
            ttl_s=ttl_s,
            issued_at=now,
            expires_at=now + timedelta(seconds=min(ttl_s, max_ttl_s)),
            last_valid_at=now + timedelta(seconds=max_ttl_s),
            take_back=take_back,
            extend=extend,
        )
        self._leases[lease.id] = lease
        self._expiring[lease.id] = asyncio.create_task(lease.expire(self._unsealed))
        return lease

    def live(self, lease_id: str) -> Lease | None:
        """The lease of this id, unless it is revoked or never was."""
        lease = self._leases.get(lease_id)
        return lease if lease is not None and lease.live else None

    def all(self) -> list[Lease]:
        """Every lease since the start, the revoked ones too."""
        return list(self._leases.values())

    async def renew(self, lease: Lease, increment_s: float) -> None:
        """Let it live for the increment from now, but not longer than it may at all."""
        wanted = datetime.now(UTC) + timedelta(seconds=increment_s)
        expires_at = min(wanted, lease.last_valid_at)
        if lease.extend is not None:
            await lease.extend(expires_at)
        lease.expires_at = expires_at

    async def revoke_all(self) -> None:
        """Take back all that is still out, within a deadline, and stop watching the clock."""
        out = [lease for lease in self._leases.values() if lease.live]
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await asyncio.gather(*(self._last_revocation(lease) for lease in out))
        except TimeoutError:
            left = sum(lease.live for lease in out)
            log.warning("vault.leases_left", count=left)
        for task in self._expiring.values():
            task.cancel()
        await asyncio.gather(*self._expiring.values(), return_exceptions=True)

    async def _last_revocation(self, lease: Lease) -> None:
        try:
            await lease.revoke()
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, the others go on
            log.warning("vault.lease_left", path=lease.path, error=type(error).__name__)


async def _first(event: asyncio.Event, timeout_s: float) -> None:
    """Return when the event comes or the time is over."""
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return
