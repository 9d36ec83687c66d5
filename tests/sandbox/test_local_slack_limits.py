"""Rate limits: buckets that are filled by a clock in the test's hands."""

from sandbox.slack.limits import RateLimits


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_tier_gives_its_calls_and_then_says_when() -> None:
    """Fifty updates at once, then one each 1.2 seconds."""
    clock = Clock()
    limits = RateLimits(clock)
    assert [limits.retry_after_s("chat.update") for _ in range(50)] == [0] * 50
    assert limits.retry_after_s("chat.update") == 2
    clock.now += 1.2
    assert limits.retry_after_s("chat.update") == 0


def test_methods_and_channels_do_not_share() -> None:
    """Posts are counted by channel, and one method's calls do not count for another's."""
    limits = RateLimits(Clock())
    assert not any(limits.retry_after_s("chat.postMessage", "C1") for _ in range(5))
    assert limits.retry_after_s("chat.postMessage", "C1") == 1
    assert limits.retry_after_s("chat.postMessage", "C2") == 0
    assert limits.retry_after_s("chat.update", "C1") == 0


def test_the_limits_of_distributed_apps_can_be_set() -> None:
    """With one call a minute the next one is a minute away."""
    limits = RateLimits(Clock(), {"conversations.history": 1})
    assert limits.retry_after_s("conversations.history") == 0
    assert limits.retry_after_s("conversations.history") == 60
