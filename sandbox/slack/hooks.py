"""What the app is handed to answer with: trigger ids, response URLs and action tokens."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

TRIGGER_LIFETIME_S = 3.0
ACTION_TOKEN_LIFETIME_S = 10 * 60.0
RESPONSE_URL_LIFETIME_S = 30 * 60.0
RESPONSE_URL_USES = 5


class SpentError(Exception):
    """A trigger or response URL that can no longer be used, with Slack's name for why."""


@dataclass(frozen=True)
class Trigger:
    """Whose interaction it was, and in which modal, if in one."""

    user_id: str
    view_id: str | None


class Triggers:
    """Ids that let the app open one modal for one person within three seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._issued: dict[str, tuple[Trigger, float]] = {}
        self._used: set[str] = set()

    def issue(self, user_id: str, view_id: str | None = None) -> str:
        trigger_id = (
            f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        )
        self._issued[trigger_id] = (Trigger(user_id, view_id), self._clock())
        return trigger_id

    def redeem(self, trigger_id: str) -> Trigger:
        """What the trigger was issued for, once."""
        if trigger_id not in self._issued:
            raise SpentError("invalid_trigger_id")
        if trigger_id in self._used:
            raise SpentError("exchanged_trigger_id")
        trigger, issued_at = self._issued[trigger_id]
        if self._clock() - issued_at > TRIGGER_LIFETIME_S:
            raise SpentError("expired_trigger_id")
        self._used.add(trigger_id)
        return trigger


class ActionTokens:
    """Tokens of events, with which the app searches for whoever wrote the message."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._issued: dict[str, tuple[str, float]] = {}

    def issue(self, user_id: str) -> str:
        token = f"{secrets.randbelow(10**13)}.{secrets.token_hex(24)}"
        self._issued[token] = (user_id, self._clock())
        return token

    def asker(self, token: str) -> str:
        """The person whose message it came with."""
        user_id, issued_at = self._issued.get(token, ("", 0.0))
        if not user_id or self._clock() - issued_at > ACTION_TOKEN_LIFETIME_S:
            raise SpentError("invalid_action_token")
        return user_id


@dataclass
class Origin:
    """Where an interaction happened: what an answer to its response URL refers to."""

    user_id: str
    channel_id: str
    message_ts: str | None = None
    is_ephemeral: bool = False


class ResponseUrls:
    """URLs that take five answers within thirty minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._issued: dict[str, tuple[Origin, float]] = {}
        self._uses: dict[str, int] = {}

    def issue(self, origin: Origin) -> str:
        """The secret last part of a new URL."""
        key = secrets.token_urlsafe(24)
        self._issued[key] = (origin, self._clock())
        self._uses[key] = 0
        return key

    def find(self, key: str) -> Origin:
        if key not in self._issued:
            raise SpentError("invalid_url")
        origin, issued_at = self._issued[key]
        if self._clock() - issued_at > RESPONSE_URL_LIFETIME_S:
            raise SpentError("expired_url")
        if self._uses[key] >= RESPONSE_URL_USES:
            raise SpentError("used_url")
        return origin

    def use(self, key: str) -> None:
        self._uses[key] += 1
