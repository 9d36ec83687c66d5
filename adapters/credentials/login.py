"""Our token of Vault: a login for this process, renewed before it ends, and known to a ledger.

Vault ends all leases of a token with the token. So each process has one of its own, whose accessor
(which opens nothing) is kept until it has been revoked: what a crash leaves is found by it.
"""

import asyncio
import math
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from adapters.credentials.calls import Calls
from adapters.credentials.settings import VaultSettings
from adapters.errors import CredentialError, VaultForbidden, VaultRefused

log = structlog.get_logger(__name__)
_CHILD_TTL = "1h"


class Sessions(Protocol):
    """The tokens that processes have, by accessor, kept where all processes see them.

    `beat_s` is how often `beat` is to be called for a process to count as alive.
    """

    beat_s: float

    async def begin(self, accessor: str) -> None:
        """Keep a token of this process."""
        ...

    async def beat(self) -> set[str]:
        """Say that this process lives; the accessors that still count as its own."""
        ...

    async def gone(self) -> list[str]:
        """Accessors of processes that no longer live; for a while nobody else is given them."""
        ...

    async def end(self, accessor: str) -> None:
        """Forget a token that has ended."""
        ...


@dataclass(eq=False, slots=True)
class _Session:
    """A token; `is_own` when it was made for this process alone. `ends_at` is monotonic."""

    token: str = field(repr=False)
    accessor: str
    is_renewable: bool
    is_own: bool
    ttl_s: float = math.inf
    ends_at: float = math.inf

    def lasts(self, seconds: float) -> None:
        """Vault has said how long it is valid from now: 0 is for ever."""
        if seconds:
            self.ends_at = time.monotonic() + seconds
            self.ttl_s = seconds if math.isinf(self.ttl_s) else self.ttl_s

    @property
    def is_old(self) -> bool:
        """Whether less than half of its time is left."""
        return self.ends_at - time.monotonic() < self.ttl_s / 2

    @property
    def has_ended(self) -> bool:
        """Whether its time is over."""
        return self.ends_at <= time.monotonic()


class Login:
    """Logs in when a token is needed, and keeps it valid."""

    def __init__(self, settings: VaultSettings, calls: Calls, sessions: Sessions | None) -> None:
        self._settings = settings
        self._calls = calls
        self._sessions = sessions
        self._current: _Session | None = None
        self._before: list[_Session] = []
        self._lock = asyncio.Lock()
        self._told: set[str] = set()

    async def token(self, ended: str = "") -> str:
        """The token to use; of a new login when there is none or it is the one that has `ended`.

        Raises CredentialError.
        """
        async with self._lock:
            session = self._current
            if session is None or session.token == ended or session.has_ended:
                session = await self._begin()
            return session.token

    async def is_valid(self, token: str) -> bool:
        """Whether Vault still knows the token."""
        try:
            await self._calls.call(token, lambda client: client.auth.token.lookup_self())
        except VaultForbidden:
            return False
        return True

    async def keep(self) -> None:
        """Renew the token once half of its time is over, and log in anew where that can't be done;
        what was made with the one before may go on until that ends. Raises CredentialError."""
        await self._beat()
        async with self._lock:
            session = self._current
            if session is None or not session.is_old:
                return
            if session.is_renewable:
                await self._renew(session)
            if session.is_old and session.is_own:
                await self._begin()

    async def sweep(self) -> None:
        """Revoke the tokens, and so all leases, of processes that are gone. Raises
        CredentialError."""
        for accessor in await self._sessions.gone() if self._sessions else ():
            try:
                await self._revoke_gone(accessor)
            except VaultForbidden:
                self._tell("vault_sessions_not_revoked", needs="auth/token/revoke-accessor")
                return

    async def close(self) -> None:
        """Revoke the tokens of this process. What can't be revoked now is left to the next start,
        or to its time to live."""
        for session in (self._current, *self._before):
            if session is None or not session.is_own:
                continue
            try:
                await self._calls.call(
                    session.token, lambda client: client.auth.token.revoke_self()
                )
            except VaultForbidden:
                pass  # it has ended already
            except CredentialError as error:
                log.warning("vault_session_not_ended", reason=type(error).__name__)
                continue
            await self._ended(session)
        self._current, self._before = None, []

    async def _beat(self) -> None:
        session = self._current
        for one in [one for one in self._before if one.has_ended]:
            self._before.remove(one)
            await self._ended(one)
        if self._sessions is None or session is None or not session.is_own:
            return
        held = await self._sessions.beat()
        if session.accessor not in held and session is self._current:
            log.warning("vault_session_lost")  # others took this process for dead
            self._current = None

    async def _renew(self, session: _Session) -> None:
        try:
            answer = await self._calls.call(
                session.token, lambda client: client.auth.token.renew_self()
            )
        except VaultRefused as error:
            log.warning("vault_token_not_renewed", reason=type(error).__name__)
        else:
            session.lasts(answer["auth"]["lease_duration"])

    async def _begin(self) -> _Session:
        session = await self._logged_in()
        if session.is_own and self._sessions is not None:
            await self._sessions.begin(session.accessor)
        if self._current is not None:
            self._before.append(self._current)
        self._current = session
        return session

    async def _logged_in(self) -> _Session:
        settings = self._settings
        if settings.token:
            return await self._child_or_itself(settings.token)
        if settings.kubernetes_role:
            proof = await asyncio.to_thread(self._kubernetes_token)
            answer = await self._calls.call(
                "",
                lambda client: client.auth.kubernetes.login(
                    settings.kubernetes_role, proof, mount_point=settings.kubernetes_mount
                ),
            )
        else:
            answer = await self._calls.call(
                "",
                lambda client: client.auth.approle.login(
                    settings.role_id, settings.secret_id, mount_point=settings.approle_mount
                ),
            )
        return _of(answer["auth"])

    async def _child_or_itself(self, token: str) -> _Session:
        try:
            answer = await self._calls.call(
                token,
                lambda client: client.auth.token.create(ttl=_CHILD_TTL, display_name="crosstalk"),
            )
        except VaultForbidden:
            answer = await self._calls.call(token, lambda client: client.auth.token.lookup_self())
            self._tell("vault_token_is_shared", needs="auth/token/create")
            session = _Session(token, "", bool(answer["data"].get("renewable")), is_own=False)
            session.lasts(answer["data"]["ttl"])
            return session
        return _of(answer["auth"])

    def _kubernetes_token(self) -> str:
        try:
            return self._settings.kubernetes_token.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise VaultRefused(
                "The Kubernetes token to log in to Vault with can't be read, so no credential "
                "could be made and this source was not read. Check VAULT_K8S_TOKEN_FILE."
            ) from error

    async def _revoke_gone(self, accessor: str) -> None:
        try:
            await self._calls.call(
                await self.token(), lambda client: client.auth.token.revoke_accessor(accessor)
            )
        except VaultRefused as error:
            if "accessor" not in str(error):
                raise
        else:
            log.info("vault_session_of_a_crash_revoked")
        if self._sessions is not None:
            await self._sessions.end(accessor)

    def _tell(self, what: str, needs: str) -> None:
        """Warn once of a path that the policy does not let us update; we go on without."""
        if what not in self._told:
            self._told.add(what)
            log.warning(what, needs=needs)

    async def _ended(self, session: _Session) -> None:
        if self._sessions is not None and session.is_own:
            await self._sessions.end(session.accessor)


def _of(auth: dict[str, Any]) -> _Session:
    """The session of a login's answer; a batch token has no accessor and can't be revoked."""
    accessor = auth.get("accessor") or ""
    session = _Session(auth["client_token"], accessor, bool(auth["renewable"]), bool(accessor))
    session.lasts(auth["lease_duration"])
    return session
