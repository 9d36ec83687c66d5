"""How often each method may be called: Slack's tiers, and one post a second in a channel.

A bucket holds a burst of calls and fills at a steady rate; the clock is given, so that a test
can move it.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

TIER_2, TIER_3, TIER_4 = 20, 50, 100

PER_MINUTE: Mapping[str, int] = {
    "apps.connections.open": TIER_2,
    "assistant.search.context": 10,
    "assistant.search.info": TIER_2,
    "assistant.threads.setStatus": 600,
    "auth.test": 600,
    "chat.appendStream": TIER_4,
    "chat.delete": TIER_3,
    "chat.getPermalink": 600,
    "chat.postEphemeral": TIER_4,
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "files.completeUploadExternal": TIER_4,
    "files.delete": TIER_3,
    "files.getUploadURLExternal": TIER_4,
    "files.info": TIER_4,
    "reactions.add": TIER_3,
    "reactions.remove": TIER_2,
    "team.info": TIER_3,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "users.conversations": TIER_3,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "users.lookupByEmail": TIER_3,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}

DISTRIBUTED: Mapping[str, int] = {"conversations.history": 1, "conversations.replies": 1}
"""What new apps outside the Marketplace are left with, in pages of fifteen messages."""

DISTRIBUTED_MESSAGES = 15

POSTS_PER_S = 1.0
POSTS_AT_ONCE = 5


@dataclass
class Bucket:
    """A number of calls that may be made now, refilled by the second."""

    per_s: float
    burst: float
    level: float
    filled_at: float

    def take(self, now: float) -> float:
        """Take one call: 0 when it may be made, else the seconds until it may."""
        self.level = min(self.burst, self.level + (now - self.filled_at) * self.per_s)
        self.filled_at = now
        if self.level < 1:
            return (1 - self.level) / self.per_s
        self.level -= 1
        return 0.0


class RateLimits:
    """The buckets of one app in one workspace, filled `speed` times as fast as Slack's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, speed: float = 1.0) -> None:
        self._clock = lambda: clock() * speed
        self._per_minute = PER_MINUTE
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def restrict(self, per_minute: Mapping[str, int]) -> None:
        """Other limits for some methods."""
        self._per_minute = {**self._per_minute, **per_minute}

    def retry_after_s(self, method: str, channel: str = "") -> int:
        """Count one call: 0 when it is within the limits, else what to send as Retry-After."""
        if method == "chat.postMessage":
            key, per_s, burst = (method, channel), POSTS_PER_S, float(POSTS_AT_ONCE)
        else:
            burst = float(self._per_minute[method])
            key, per_s = (method, ""), burst / 60
        now = self._clock()
        bucket = self._buckets.setdefault(key, Bucket(per_s, burst, burst, now))
        return math.ceil(bucket.take(now))
