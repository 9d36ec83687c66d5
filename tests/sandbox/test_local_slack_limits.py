"""Rate limits: buckets that are filled by a clock in the test's hands."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import LocalSlack
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


async def test_a_distributed_app_reads_fifteen_messages_a_minute() -> None:
    """Whatever it asks for; history and replies are counted apart, and posting goes on."""
    clock = Clock()
    slack = LocalSlack(conversations_tier="distributed", limits=RateLimits(clock))
    await slack.start()
    try:
        maya, channel = slack.add_user("maya").id, slack.add_channel("sales").id
        client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        root = await slack.post_as(maya, channel, "root")
        for number in range(20):
            await slack.post_as(maya, channel, f"r{number}", root)
            await slack.post_as(maya, channel, str(number))
        replies = await client.conversations_replies(channel=channel, ts=root, limit=200)
        assert len(replies["messages"]) == 15
        assert replies["response_metadata"]["next_cursor"]
        assert len((await client.conversations_history(channel=channel))["messages"]) == 15
        with pytest.raises(SlackApiError) as caught:
            await client.conversations_replies(channel=channel, ts=root)
        assert caught.value.response["error"] == "ratelimited"
        assert caught.value.response.headers["Retry-After"] == "60"
        await client.chat_postMessage(channel=channel, text="here")
        clock.now += 60
        few = await client.conversations_replies(channel=channel, ts=root, limit=3)
        assert len(few["messages"]) == 3
    finally:
        await slack.stop()


def test_files_and_streams_have_tiers_of_their_own() -> None:
    """Deleting files is tier 3, their other methods tier 4; streams are tiers 2, 4 and 2."""
    limits = RateLimits(Clock())
    for method, per_minute in {
        "files.completeUploadExternal": 100,
        "files.delete": 50,
        "files.getUploadURLExternal": 100,
        "files.info": 100,
        "chat.startStream": 20,
        "chat.appendStream": 100,
        "chat.stopStream": 20,
    }.items():
        assert not any(limits.retry_after_s(method) for _ in range(per_minute))
        assert limits.retry_after_s(method) > 0
