"""Long answers are streamed into the local Slack, and reach their thread however a stream ends."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.answer import Reader
from bot.slack.answer.message import AnswerMessage, answer_message
from bot.slack.answer.stream import MOST_S, STREAM_FROM, streamed
from bot.slack.thread import Thread
from sandbox.slack import LocalSlack
from sandbox.slack.streams import STREAM_LIFETIME_S, Streams
from tests.unit.bot.builders import answer

WARNINGS = tuple(f"Doubt *{n}*: rows of a_source & <b> may be [old]." for n in range(12))


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Client(AsyncWebClient):
    """A client beside which something happens before its second append."""

    happens: Callable[[str], Awaitable[None]] | None = None
    appends = 0

    async def chat_appendStream(self, **how: Any) -> AsyncSlackResponse:  # type: ignore[override]  # noqa: N802
        """Append, once what should happen has."""
        self.appends += 1
        if self.appends == 2 and self.happens is not None:
            await self.happens(how["ts"])
        return await super().chat_appendStream(**how)


class Scene:
    """A workspace with one question in a channel, and the thread of its answer."""

    def __init__(self, slack: LocalSlack, clock: Clock) -> None:
        self.slack = slack
        self.clock = clock
        self.maya = slack.add_user("maya", "Maya Chen").id
        self.channel = slack.add_channel("sales").id
        self.client = Client(token=slack.bot_token, base_url=slack.api_url)

    async def ask(self) -> None:
        """Maya asks."""
        self.question = await self.slack.post_as(self.maya, self.channel, "how much?")

    async def say(self, message: AnswerMessage) -> list[dict[str, Any]]:
        """Say an answer: the messages that stand in the thread then."""
        thread = Thread(self.client, self.channel, self.question, work="w1")
        reader = Reader(self.slack.workspace.team_id, self.maya)
        await streamed(thread, message, reader, self.clock)
        return self.slack.workspace.channels[self.channel].thread(self.question)[1:]

    def called(self, method: str) -> int:
        """How often a method was called."""
        return sum(name == method for name, _ in self.slack.calls)


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """A running workspace, its clock in the test's hands."""
    clock = Clock()
    slack = LocalSlack(streams=Streams(clock), retry_delays_s=())
    await slack.start()
    found = Scene(slack, clock)
    await found.ask()
    yield found
    await slack.stop()


def long_answer() -> AnswerMessage:
    """An answer with much to say."""
    message = answer_message(answer(warnings=WARNINGS))
    assert len(message.text) >= STREAM_FROM
    return message


def is_whole(message: dict[str, Any]) -> bool:
    """Whether a message holds the table, the small print and the buttons."""
    kinds = {block["type"] for block in message["blocks"]}
    return {"data_table", "context", "container", "actions"} <= kinds


async def test_a_long_answer_is_streamed(scene: Scene) -> None:
    """It arrives in pieces as Markdown that shows each character, with the blocks under it."""
    (message,) = await scene.say(long_answer())
    assert message["streaming_state"] == "completed"
    assert scene.called("chat.appendStream") > 2
    assert not scene.called("chat.postMessage")
    assert is_whole(message)
    assert r"Doubt \*11\*: rows of a\_source &amp; &lt;b&gt; may be \[old\]." in message["text"]


async def test_a_short_answer_is_posted_at_once(scene: Scene) -> None:
    """What is read at a glance is not streamed."""
    (message,) = await scene.say(answer_message(answer()))
    assert is_whole(message)
    assert not scene.called("chat.startStream")


async def test_a_workspace_without_data_tables_gets_plain_ones(scene: Scene) -> None:
    """A short answer whose richest blocks are refused comes with a table that Slack knows."""
    message = answer_message(answer())
    message.below[0]["caption"] = ""
    (found,) = await scene.say(message)
    kinds = [block["type"] for block in found["blocks"]]
    assert "table" in kinds
    assert "data_table" not in kinds


async def test_a_workspace_without_blocks_gets_lines(scene: Scene) -> None:
    """The last form is text, with the rows in it."""
    scene.slack.inject("chat.postMessage", "invalid_blocks", times=2)
    (found,) = await scene.say(answer_message(answer()))
    assert not found.get("blocks")
    assert "Acme | 1,234.50" in found["text"]


async def _expect_written_over(scene: Scene) -> None:
    (message,) = await scene.say(long_answer())
    assert is_whole(message)
    assert message["blocks"][0]["type"] == "section"
    assert "Doubt *11*" in message["text"]
    assert message["metadata"]["event_payload"] == {"work": "w1", "part": "answer"}
    assert not scene.called("chat.postMessage")


async def test_a_stream_that_dies_of_old_age_is_written_over(scene: Scene) -> None:
    """Five minutes after its start Slack ends a stream; the message begun becomes the answer."""

    async def age(_: str) -> None:
        scene.clock.now += STREAM_LIFETIME_S

    scene.client.happens = age
    await _expect_written_over(scene)


async def test_a_stream_is_ended_long_before_slack_ends_it(scene: Scene) -> None:
    """When it has taken too long, the rest is written at once."""

    async def age(_: str) -> None:
        scene.clock.now += MOST_S + 1

    scene.client.happens = age
    await _expect_written_over(scene)
    assert scene.called("chat.stopStream") == 1


async def test_a_stream_stopped_by_its_reader_is_written_over(scene: Scene) -> None:
    """A click on Slack's own stop ends the stream, not the answer."""

    async def click(ts: str) -> None:
        await scene.slack.stop_stream(scene.maya, scene.channel, ts)

    scene.client.happens = click
    await _expect_written_over(scene)


@pytest.mark.parametrize("how", [{"error": "internal_error"}, {"status": 503}])
@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
async def test_a_live_stream_is_ended_and_written_over(
    scene: Scene, method: str, how: dict[str, Any]
) -> None:
    """Slack edits no message that still streams: it is ended first, whatever broke the stream."""
    scene.slack.inject(method, **how)
    await _expect_written_over(scene)


async def test_blocks_that_are_refused_at_the_end_leave_a_plainer_answer(scene: Scene) -> None:
    """The message begun is written over without what Slack refuses."""
    message = long_answer()
    message.below[0]["caption"] = ""
    (found,) = await scene.say(message)
    kinds = [block["type"] for block in found["blocks"]]
    assert "table" in kinds
    assert "data_table" not in kinds


async def test_a_stream_that_can_not_begin_is_a_post(scene: Scene) -> None:
    """Where Slack does not stream, the answer is a message like any other."""
    scene.slack.inject("chat.startStream", "not_allowed_token_type")
    (message,) = await scene.say(long_answer())
    assert is_whole(message)
    assert "streaming_state" not in message


@pytest.mark.parametrize(
    "edits",
    [
        [{"error": "streaming_state_conflict"}, {"error": "edit_window_closed"}],
        [{"status": 503}],
    ],
)
async def test_a_begun_message_that_can_not_be_edited_is_replaced(
    scene: Scene, edits: list[dict[str, Any]]
) -> None:
    """The last rung is a new message, and the begun one is taken back: one full answer stands."""
    scene.slack.inject("chat.appendStream", "stopped_by_user")
    for how in edits:
        scene.slack.inject("chat.update", **how)
    (message,) = await scene.say(long_answer())
    assert is_whole(message)
    assert "streaming_state" not in message
