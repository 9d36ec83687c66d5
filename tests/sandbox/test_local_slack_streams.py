"""Streams in the local Slack: what they take, and the four ways in which they end."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false, reportCallIssue=false

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.models.messages.chunk import PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import LocalSlack
from sandbox.slack.limits import RateLimits
from sandbox.slack.streams import Streams

Json = dict[str, Any]
METADATA = {"event_type": "answer", "event_payload": {"run": "r1"}}
BUTTON = {"type": "button", "action_id": "plan", "text": {"type": "plain_text", "text": "Plan"}}
FOOTER: Json = {"type": "actions", "elements": [BUTTON]}
DIVIDER = {"type": "divider"}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A workspace, a person's question in a channel, and the bot's client."""

    def __init__(self, slack: LocalSlack, clock: Clock) -> None:
        self.slack = slack
        self.clock = clock
        self.maya = slack.add_user("maya", "Maya Chen").id
        self.channel = slack.add_channel("sales").id
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
        self.question = ""

    @property
    def where(self) -> dict[str, str]:
        """What a stream into the question's thread needs."""
        return {
            "channel": self.channel,
            "thread_ts": self.question,
            "recipient_user_id": self.maya,
            "recipient_team_id": self.slack.workspace.team_id,
        }

    async def begun(self, **content: Any) -> dict[str, str]:
        """A stream that was started: its channel and ts."""
        started = await self.client.chat_startStream(**self.where, **content)
        return {"channel": self.channel, "ts": str(started["ts"])}

    def message(self, ts: str) -> Json:
        """A message as the workspace holds it."""
        return self.slack.workspace.channels[self.channel].messages[ts]


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """A running workspace with a question in it, its clocks in the test's hands."""
    clock = Clock()
    slack = LocalSlack(limits=RateLimits(clock), streams=Streams(clock), retry_delays_s=())
    await slack.start()
    scene = Scene(slack, clock)
    scene.question = await slack.post_as(scene.maya, scene.channel, "how much?")
    yield scene
    await slack.stop()


async def refusal(call: Any) -> str:
    """The error that a call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


def task(task_id: str, status: str, **more: str) -> Json:
    """A task_update chunk."""
    return {"type": "task_update", "id": task_id, "title": "Read", "status": status, **more}


def words(text: str) -> Json:
    """A markdown_text chunk."""
    return {"type": "markdown_text", "text": text}


def bare(block: Json) -> Json:
    """A block without the ids that Slack gave it."""
    return {name: value for name, value in block.items() if name != "block_id"}


async def test_the_sdk_helper_streams_an_answer(scene: Scene) -> None:
    """chat_stream's message grows, and ends with its footer and metadata."""
    changes = scene.slack.workspace.subscribe()
    streamer = await scene.client.chat_stream(**scene.where, buffer_size=5)
    await streamer.append(markdown_text="**120**")
    await streamer.append(markdown_text=" EUR")
    await streamer.append(markdown_text=" in all")
    await streamer.stop(markdown_text=".", blocks=[FOOTER], metadata=METADATA)
    told = [await changes.get() for _ in range(3)]
    assert [(c["type"], c["message"]["text"], c["message"]["streaming_state"]) for c in told] == [
        ("message", "**120**", "in_progress"),
        ("message_changed", "**120** EUR in all", "in_progress"),
        ("message_changed", "**120** EUR in all.", "completed"),
    ]
    replies = await scene.client.conversations_replies(
        channel=scene.channel, ts=scene.question, include_all_metadata=True
    )
    message = replies["messages"][1]
    assert message["metadata"] == METADATA
    assert [block["type"] for block in message["blocks"]] == ["markdown", "actions"]


async def test_the_sdk_helper_stops_what_it_never_flushed(scene: Scene) -> None:
    """A short answer stays in the helper's buffer until the stop, which starts and ends it."""
    streamer = await scene.client.chat_stream(**scene.where)
    await streamer.append(markdown_text="120")
    await streamer.stop()
    assert scene.message(str(streamer.ts))["text"] == "120"


async def test_a_timeline_shows_tasks_where_they_came(scene: Scene) -> None:
    """A task is replaced under its id, and its details and output are added to."""
    first = TaskUpdateChunk(id="a", title="Read", status="in_progress", details="orders")
    stream = await scene.begun(chunks=[words("Let me see."), first])
    await scene.client.chat_appendStream(
        **stream,
        chunks=[task("a", "complete", details=", paid"), {"type": "blocks", "blocks": [DIVIDER]}],
    )
    await scene.client.chat_stopStream(**stream, chunks=[words("Done.")])
    message = scene.message(stream["ts"])
    markdown, card, divider, last = map(bare, message["blocks"])
    assert (markdown["text"], last["text"]) == ("Let me see.", "Done.")
    assert (card["task_id"], card["status"]) == ("a", "complete")
    assert card["details"]["elements"][0]["elements"][0]["text"] == "orders, paid"
    assert divider == DIVIDER
    assert message["text"] == "Let me see.Done."


async def test_a_plan_holds_all_tasks_together(scene: Scene) -> None:
    """With task_display_mode plan the tasks are one block, under the title of the plan_update."""
    stream = await scene.begun(
        task_display_mode="plan", chunks=[task("a", "in_progress"), words("…")]
    )
    more = [PlanUpdateChunk(title="Two sources"), task("a", "complete"), task("b", "pending")]
    await scene.client.chat_appendStream(**stream, chunks=more)
    plan, markdown = map(bare, scene.message(stream["ts"])["blocks"])
    assert (plan["type"], plan["title"]) == ("plan", "Two sources")
    assert [(t["task_id"], t["status"]) for t in plan["tasks"]] == [
        ("a", "complete"),
        ("b", "pending"),
    ]
    assert markdown["text"] == "…"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"thread_ts": ""}, "invalid_arguments"),
        ({"thread_ts": "1.000001"}, "thread_not_found"),
        ({"recipient_user_id": ""}, "missing_recipient_user_id"),
        ({"recipient_team_id": ""}, "missing_recipient_team_id"),
        ({"recipient_user_id": "U0"}, "user_not_found"),
        ({"recipient_team_id": "T0"}, "team_not_found"),
        ({"channel": "C0"}, "channel_not_found"),
        ({"task_display_mode": "grid"}, "invalid_arguments"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        (
            {"markdown_text": "x", "chunks": [words("x")]},
            "cannot_provide_both_markdown_text_and_chunks",
        ),
        ({"chunks": [{"type": "emoji"}]}, "invalid_chunks"),
        ({"chunks": [words("")]}, "invalid_chunks"),
        ({"chunks": [task("a", "done")]}, "invalid_chunks"),
        ({"chunks": [task("a", "error", details="x" * 257)]}, "invalid_chunks"),
        ({"chunks": [{"type": "plan_update", "title": "x" * 257}]}, "invalid_chunks"),
        ({"chunks": [words("x" * 6001), words("x" * 6000)]}, "msg_too_long"),
        ({"chunks": [{"type": "blocks", "blocks": [{"type": "sectoin"}]}]}, "invalid_blocks"),
        ({"chunks": [{"type": "blocks", "blocks": [DIVIDER] * 30}] * 2}, "invalid_blocks"),
    ],
)
async def test_streams_that_slack_does_not_start(scene: Scene, changed: Json, error: str) -> None:
    """A thread, a recipient and well-formed content are all needed."""
    call = scene.client.chat_startStream(**{**scene.where, **changed})
    assert await refusal(call) == error


async def test_a_direct_conversation_needs_no_recipient(scene: Scene) -> None:
    """Whom a direct stream is for is plain."""
    im = scene.slack.open_im(scene.maya).id
    asked = await scene.slack.post_as(scene.maya, im, "how much?")
    started = await scene.client.chat_startStream(channel=im, thread_ts=asked)
    await scene.client.chat_stopStream(channel=im, ts=started["ts"], markdown_text="120")


async def test_a_stream_keeps_to_the_kind_that_it_began_with(scene: Scene) -> None:
    """Begun with text it takes no chunks, begun with chunks no text, begun bare the first kind."""
    append, stop = scene.client.chat_appendStream, scene.client.chat_stopStream
    texts, chunks, either = (
        await scene.begun(markdown_text="x"),
        await scene.begun(chunks=[words("x")]),
        await scene.begun(),
    )
    await append(**either, markdown_text="x")
    for call in (
        append(**texts, chunks=[words("y")]),
        append(**chunks, markdown_text="y"),
        append(**either, chunks=[task("a", "complete")]),
        stop(**texts, chunks=[words("y")]),
    ):
        assert await refusal(call) == "streaming_mode_mismatch"
    assert await refusal(append(**texts)) == "no_text"
    await append(**texts, markdown_text="y" * 11_999)
    assert await refusal(append(**texts, markdown_text="y")) == "msg_too_long"
    assert scene.message(texts["ts"])["streaming_state"] == "in_progress"


async def test_only_own_streams_can_be_written_to(scene: Scene) -> None:
    """A person's message, an ordinary one and none at all have three errors."""
    posted = await scene.client.chat_postMessage(channel=scene.channel, text="hello")
    append = scene.client.chat_appendStream
    for ts, error in (
        (scene.question, "message_not_owned_by_app"),
        (posted["ts"], "message_not_in_streaming_state"),
        ("1.000001", "message_not_found"),
    ):
        call = append(channel=scene.channel, ts=ts, markdown_text="x")
        assert await refusal(call) == error


async def test_a_live_stream_can_be_neither_edited_nor_deleted(scene: Scene) -> None:
    """Only after the stop is it a message like any other."""
    stream = await scene.begun(markdown_text="120")
    edit, delete = scene.client.chat_update, scene.client.chat_delete
    assert await refusal(edit(**stream, text="x")) == "streaming_state_conflict"
    assert await refusal(delete(**stream)) == "cant_delete_message"
    broken = scene.client.chat_stopStream(**stream, blocks=[{"type": "sectoin"}])
    assert await refusal(broken) == "invalid_blocks"
    await scene.client.chat_stopStream(**stream)
    again = scene.client.chat_stopStream(**stream)
    assert await refusal(again) == "message_not_in_streaming_state"
    await edit(**stream, text="x")
    assert "blocks" not in scene.message(stream["ts"])
    await delete(**stream)


async def test_nothing_at_all_is_no_answer(scene: Scene) -> None:
    """A stream that was sent nothing cannot be stopped with nothing, but with blocks."""
    stream = await scene.begun()
    assert await refusal(scene.client.chat_stopStream(**stream)) == "no_text"
    await scene.client.chat_stopStream(**stream, blocks=[DIVIDER])


async def test_a_stream_dies_five_minutes_after_its_start(scene: Scene) -> None:
    """However often it was appended to; its open tasks fail, and it can then be edited."""
    stream = await scene.begun(chunks=[task("a", "complete"), task("b", "in_progress")])
    append = scene.client.chat_appendStream
    for _ in range(2):
        scene.clock.now += 149
        await append(**stream, chunks=[words("still here. ")])
    scene.clock.now += 2
    dead = append(**stream, chunks=[words("too late")])
    assert await refusal(dead) == "message_not_in_streaming_state"
    stop = scene.client.chat_stopStream(**stream)
    assert await refusal(stop) == "message_not_in_streaming_state"
    message = scene.message(stream["ts"])
    assert message["text"] == "still here. still here. "
    assert message["streaming_state"] == "completed"
    assert [b["status"] for b in message["blocks"] if "status" in b] == ["complete", "error"]
    await scene.client.chat_update(**stream, text="the whole answer")


async def test_a_person_stops_a_stream(scene: Scene) -> None:
    """After that the app can append nothing, and nobody can stop it twice."""
    stream = await scene.begun(markdown_text="120")
    outsider = scene.slack.add_user("ben").id
    with pytest.raises(LookupError):
        await scene.slack.stop_stream(outsider, stream["channel"], stream["ts"])
    await scene.slack.stop_stream(scene.maya, stream["channel"], stream["ts"])
    assert scene.message(stream["ts"])["streaming_state"] == "completed"
    for call in (
        scene.client.chat_appendStream(**stream, markdown_text="x"),
        scene.client.chat_stopStream(**stream),
    ):
        assert await refusal(call) == "stopped_by_user"
    with pytest.raises(LookupError):
        await scene.slack.stop_stream(scene.maya, stream["channel"], stream["ts"])


async def test_starting_is_tier_two_and_appending_tier_four(scene: Scene) -> None:
    """Twenty starts a minute, a hundred appends."""
    for _ in range(19):
        await scene.begun()
    stream = await scene.begun()
    with pytest.raises(SlackApiError) as caught:
        await scene.begun()
    assert caught.value.response.headers["Retry-After"] == "3"
    for _ in range(100):
        await scene.client.chat_appendStream(**stream, markdown_text="x")
    late = scene.client.chat_appendStream(**stream, markdown_text="x")
    assert await refusal(late) == "ratelimited"
