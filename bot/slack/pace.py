"""A Slack client that keeps to Slack's limits, together with all other replicas.

Each method has a rate per workspace, posts one per channel. What must arrive waits its turn;
a courtesy (a reaction, a status, an edit of progress) is left out when it would wait long.
"""

import contextlib
from asyncio import sleep
from collections.abc import Generator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, cast

import aiohttp
import sqlalchemy.exc
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.runs import check_lease
from orchestrator.store import Pace, Rate

log = structlog.get_logger(__name__)

Tier = Literal["internal", "distributed"]

PATIENCE_S = 2.0
MOST_429S = 10
TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 600
PER_MINUTE: Mapping[str, int] = {
    "apps.connections.open": TIER_2,
    "assistant.search.context": 10,
    "assistant.search.info": TIER_2,
    "assistant.threads.setStatus": SPECIAL,
    "auth.test": SPECIAL,
    "chat.appendStream": TIER_4,
    "chat.getPermalink": SPECIAL,
    "chat.postEphemeral": TIER_4,
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_4,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "files.completeUploadExternal": TIER_4,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "reactions.remove": TIER_2,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
"""Calls a minute and workspace; any other method is of tier 3."""
BY_CHANNEL = {"chat.postMessage": Rate(1.0, 4)}
IN_HISTORY = frozenset({"conversations.history", "conversations.replies"})
MOST_MESSAGES: Mapping[Tier, int] = {"internal": 200, "distributed": 15}
COURTESIES = frozenset({"assistant.threads.setStatus", "reactions.add", "reactions.remove"})
POSTING = (
    "chat.appendStream",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.startStream",
    "files.completeUploadExternal",
)
"""What, sent again after its reply was lost, could stand there twice."""


class LeftOut(SlackClientError):
    """A courtesy that would have waited too long, and was not sent."""


@dataclass(frozen=True, slots=True)
class _Courtesy:
    patience_s: float = PATIENCE_S
    spare: int = 0


_courtesy: ContextVar[_Courtesy | None] = ContextVar("courtesy", default=None)


@contextlib.contextmanager
def courtesy(patience_s: float = PATIENCE_S, *, spare: int = 0) -> Generator[None]:
    """Calls in this block raise LeftOut when their turn is more than `patience_s` seconds away.

    They leave `spare` turns to those that matter more.
    """
    token = _courtesy.set(_Courtesy(patience_s, spare))
    try:
        yield
    finally:
        _courtesy.reset(token)


class Rates:
    """How often each method may be called; `speed` is for tests with a faster Slack."""

    def __init__(self, tier: Tier = "internal", speed: float = 1.0) -> None:
        self._tier: Tier = tier
        self._speed = speed

    @property
    def most_messages(self) -> int:
        """How many messages one call may read."""
        return MOST_MESSAGES[self._tier]

    def of(self, method: str) -> Rate:
        """The rate of a method, by channel or by workspace."""
        if method in BY_CHANNEL:
            per_s, burst = BY_CHANNEL[method].per_s, BY_CHANNEL[method].burst
        else:
            per_minute = PER_MINUTE.get(method, TIER_3)
            if self._tier == "distributed" and method in IN_HISTORY:
                per_minute = 1
            per_s, burst = per_minute / 60, max(1, per_minute // 3)
        return Rate(per_s * self._speed, burst)


class PacedClient(AsyncWebClient):
    """An AsyncWebClient that takes a turn from `pace` before each call."""

    def __init__(self, pace: Pace, rates: Rates, **options: Any) -> None:
        repeats = (AsyncConnectionErrorRetryHandler(), AsyncServerErrorRetryHandler())
        super().__init__(**options, retry_handlers=[Repeat(one) for one in repeats])
        self.pace = pace
        self.rates = rates

    def connection(self) -> dict[str, Any]:
        """The options of a client that shares this one's connections."""
        return {"base_url": self.base_url, "session": self.session, "timeout": self.timeout}

    def with_token(self, token: str | None) -> "PacedClient":
        """The same client for another workspace."""
        if token == self.token:
            return self
        return PacedClient(self.pace, self.rates, token=token, **self.connection())

    async def api_call(self, api_method: str, **request: Any) -> AsyncSlackResponse:
        """Call a method when its turn has come. Raises LeftOut for a courtesy, and as ever.

        After a 429 all replicas wait as long as Slack says, and the call is made again.
        """
        rate, key = self.rates.of(api_method), self._key(api_method, request)
        polite = _Courtesy() if api_method in COURTESIES else _courtesy.get()
        patience_s = polite and polite.patience_s - polite.spare * rate.interval_s
        if api_method in IN_HISTORY:
            _bounded(request, self.rates.most_messages)
        attempt = 0
        while True:
            await self._turn(key, rate, patience_s)
            if api_method in POSTING:
                await check_lease()
            try:
                return await super().api_call(api_method, **request)
            except SlackApiError as error:
                attempt += 1
                if error.response.status_code != 429 or attempt > MOST_429S:
                    raise
                await self._hold(key, rate, _retry_after_s(error))

    async def _turn(self, key: str, rate: Rate, patience_s: float | None) -> None:
        """Wait for a turn. Without the store there is no waiting: Slack keeps its limits too."""
        try:
            while True:
                wait_s = await self.pace.take(key, rate, patience_s)
                if wait_s is None:
                    raise LeftOut(f"{key.partition(':')[0]} was left out: its turn was too far off")
                if wait_s == 0:
                    return
                await sleep(wait_s)
                if not await self.pace.is_held(key):
                    return
        except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
            log.warning("pace_unknown", reason=type(error).__name__)

    async def _hold(self, key: str, rate: Rate, seconds: float) -> None:
        log.info("slack_says_wait", key=key, seconds=seconds)
        try:
            await self.pace.hold(key, rate, seconds)
        except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
            log.warning("pace_unknown", reason=type(error).__name__)
            await sleep(seconds)

    def _key(self, method: str, request: dict[str, Any]) -> str:
        """The row that is counted in: method, workspace and, where it matters, channel.

        A workspace goes by a digest of its token, since each has one of its own.
        """
        workspace = sha256((self.token or "").encode()).hexdigest()[:16]
        channel = _argument(request, "channel") if method in BY_CHANNEL else ""
        return f"{method}:{workspace}:{channel}"


class Repeat(AsyncRetryHandler):
    """Retries as another handler does, but never what could then be posted twice."""

    def __init__(self, inner: AsyncRetryHandler) -> None:
        super().__init__()
        self._inner = inner

    async def can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if (request.url or "").endswith(POSTING):
            return False
        return await self._inner.can_retry_async(
            state=state, request=request, response=response, error=error
        )

    async def prepare_for_next_attempt_async(self, **how: Any) -> None:
        await self._inner.prepare_for_next_attempt_async(**how)


def is_away(error: Exception) -> bool:
    """Whether Slack did not do what was asked, or nobody knows if it did; later it may."""
    if isinstance(error, SlackApiError):
        status = cast("int", error.response.status_code)
        return status == 429 or status >= 500
    return isinstance(error, aiohttp.ClientError | TimeoutError)


def reason(error: SlackApiError) -> str:
    """Slack's name for what is wrong, or the HTTP status of what is no answer of Slack's."""
    data: Any = error.response.data
    if isinstance(data, dict) and data.get("error"):
        return str(cast("dict[str, Any]", data)["error"])
    return f"HTTP {error.response.status_code}"


def _argument(request: dict[str, Any], name: str) -> str:
    for part in ("json", "data", "params"):
        given: Any = request.get(part)
        if isinstance(given, dict) and name in given:
            return str(cast("dict[str, Any]", given)[name])
    return ""


def _bounded(request: dict[str, Any], most: int) -> None:
    """Let a call ask for no more messages than it may have."""
    params: dict[str, Any] = request.get("params") or {}
    limit = min(int(params.get("limit") or most), most)
    request["params"] = {**params, "limit": limit}


def _retry_after_s(error: SlackApiError) -> float:
    headers: Mapping[str, str] = error.response.headers
    lower = {name.lower(): value for name, value in headers.items()}
    try:
        return float(lower.get("retry-after", 1))
    except ValueError:
        return 1.0
