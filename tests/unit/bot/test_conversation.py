"""One question, from the mention to the answer."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.errors import CredentialError
from bot.metrics import Metrics
from bot.slack.asked import asked, words
from bot.slack.clients import OneWorkspace
from bot.slack.conversation import Conversation
from orchestrator.events import Event, Started, Succeeded
from orchestrator.pipeline import Refused
from orchestrator.plan import Clarification
from orchestrator.question import Remembered
from orchestrator.store import Work
from tests.unit.bot.builders import ASKED, WORK, FakeClient, FakePipeline, answer, events

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
RESUMED = replace(WORK, claims=2)


def conversation(
    pipeline: FakePipeline, client: FakeClient, metrics: Metrics | None = None
) -> Conversation:
    """A conversation with a fixed clock and no pauses."""
    return Conversation(
        pipeline.port,
        OneWorkspace(client.port),
        metrics or Metrics(),
        time_zone="Europe/Paris",
        clock=lambda: NOON,
        min_interval_s=0,
    )


def work(**changes: str) -> Work:
    """The work of a question that differs so."""
    return replace(WORK, payload=asdict(replace(ASKED, **changes)))


def body(**event: Any) -> dict[str, Any]:
    """An event as Slack sends it."""
    message = {
        "type": "app_mention",
        "channel": "C1",
        "user": "U1",
        "ts": "1.1",
        "text": "<@UB> hi",
    }
    return {"event_id": "Ev1", "team_id": "T1", "event": {**message, **event}}


async def test_a_question_is_answered_in_its_thread() -> None:
    """Eyes, a status, one progress message and one answer."""
    pipeline, client, metrics = FakePipeline(), FakeClient(), Metrics()
    await conversation(pipeline, client, metrics).answer(WORK)
    assert client.of("reactions_add")[0]["name"] == "eyes"
    assert client.of("assistant_threads_setStatus")
    posts = client.of("chat_postMessage")
    assert [post["blocks"][0]["type"] for post in posts] == ["plan", "section"]
    assert {post["thread_ts"] for post in posts} == {"1.1"}
    assert b'crosstalk_questions_total{outcome="answered"} 1.0' in metrics.text()


async def test_the_question_knows_its_asker_and_thread() -> None:
    """The planner gets the person's zone, the clock, what was asked before and what is
    remembered."""
    pipeline = FakePipeline()
    remembered = Remembered("id", "revenue", "net revenue", (), "", "U1", NOON)
    pipeline.choices.remembered = (remembered,)
    await conversation(pipeline, FakeClient()).answer(WORK)
    (question,) = pipeline.questions
    assert question.requester.time_zone == "Europe/Berlin"
    assert question.asked_at == NOON
    assert question.thread == "T1:C1:1.1"
    assert question.earlier[0].question == "earlier in T1:C1:1.1"
    assert question.remembered == (remembered,)


async def test_courtesies_may_fail() -> None:
    """Without rights for reactions, statuses or profiles there is still an answer."""
    pipeline = FakePipeline()
    client = FakeClient(
        dict.fromkeys(
            ("reactions_add", "assistant_threads_setStatus", "users_info"), "missing_scope"
        )
    )
    await conversation(pipeline, client).answer(WORK)
    assert len(client.of("chat_postMessage")) == 2
    assert pipeline.questions[0].requester.time_zone == "Europe/Paris"


def posted(part: str, ts: str = "1.5", work_id: str = WORK.work_id) -> dict[str, Any]:
    """A message of the bot as it stands in the thread."""
    payload = {"work": work_id, "part": part}
    return {"ts": ts, "metadata": {"event_type": f"crosstalk_{part}", "event_payload": payload}}


async def test_posts_say_whose_work_they_are() -> None:
    """Every post bears its work and its part as metadata."""
    client = FakeClient()
    await conversation(FakePipeline(), client).answer(WORK)
    found = [post["metadata"] for post in client.of("chat_postMessage")]
    assert [one["event_type"] for one in found] == ["crosstalk_progress", "crosstalk_answer"]
    assert {one["event_payload"]["work"] for one in found} == {"w1"}


async def test_resumed_work_whose_answer_is_there_is_done() -> None:
    """What was answered before the crash is not run again, and nothing more is said of it."""
    pipeline, client = FakePipeline(), FakeClient(thread=[posted("progress"), posted("answer")])
    talk = conversation(pipeline, client)
    await talk.answer(RESUMED)
    await talk.say(RESUMED, "I am leaving it.")
    assert not pipeline.questions
    assert not client.of("chat_postMessage")


async def test_no_sentence_denies_an_answer_that_stands_there() -> None:
    """What fails after the answer was posted, at the very first try, is not told under it."""
    client = FakeClient(thread=[posted("progress"), posted("answer")])
    talk = conversation(FakePipeline(), client)
    await talk.say(WORK, "There is no answer.")
    client.thread.pop()
    await talk.say(WORK, "There is no answer.")
    (post,) = client.of("chat_postMessage")
    assert post["text"] == "There is no answer."


async def test_an_orphaned_progress_message_is_taken_over() -> None:
    """The message of the run that was cut off is edited, and the answer is the only new one."""
    others = posted("answer", "1.4", work_id="other")
    client = FakeClient(thread=[{"ts": "1.1"}, others, posted("progress")])
    await conversation(FakePipeline(), client).answer(RESUMED)
    (read,) = client.of("conversations_replies")
    assert (read["ts"], read["oldest"], read["include_all_metadata"]) == ("1.1", "1.1", True)
    assert {edit["ts"] for edit in client.of("chat_update")} == {"1.5"}
    (post,) = client.of("chat_postMessage")
    assert post["metadata"]["event_payload"]["part"] == "answer"


async def test_a_thread_that_may_not_be_read_is_answered_all_the_same() -> None:
    """Without the right to read the thread, an answer twice is better than none."""
    client = FakeClient({"conversations_replies": "missing_scope"})
    await conversation(FakePipeline(), client).answer(RESUMED)
    assert len(client.of("chat_postMessage")) == 2


@pytest.mark.parametrize(
    ("proposes", "text", "outcome"),
    [
        (Clarification("Which month?"), "Which month?", "clarification"),
        (Refused("There is no table t."), "There is no table t.", "refused"),
        (CredentialError("Vault is sealed."), "Vault is sealed.", "refused"),
    ],
)
async def test_no_answer_is_one_plain_message(proposes: Any, text: str, outcome: str) -> None:
    """What can't be answered costs one message and is counted."""
    client, metrics = FakeClient(), Metrics()
    await conversation(FakePipeline(proposes), client, metrics).answer(WORK)
    (post,) = client.of("chat_postMessage")
    assert post["text"] == text
    assert f'outcome="{outcome}"'.encode() in metrics.text()


@pytest.mark.parametrize(("text", "said"), [("", "no question"), ("x" * 10_000, "10,000")])
async def test_empty_and_endless_questions_have_their_message(text: str, said: str) -> None:
    """A bare mention and a pasted book are told what to do; nothing is planned."""
    pipeline, client = FakePipeline(), FakeClient()
    await conversation(pipeline, client).answer(work(text=text))
    assert said in client.of("chat_postMessage")[0]["text"]
    assert not pipeline.questions


@pytest.mark.parametrize(("change", "outcome"), [("failed", "failed"), ("partial", "partial")])
async def test_how_a_run_ended_is_counted(change: str, outcome: str) -> None:
    """A failed or partial answer is not counted as answered."""
    metrics = Metrics()
    pipeline = FakePipeline(runs_into=events(answer(**{change: True})))
    await conversation(pipeline, FakeClient(), metrics).answer(WORK)
    assert f'outcome="{outcome}"'.encode() in metrics.text()


async def test_a_run_without_an_end_is_an_error() -> None:
    """The supervisor, not silence, deals with a run that stops without an answer."""
    metrics = Metrics()
    talk = conversation(FakePipeline(runs_into=events()[:-1]), FakeClient(), metrics)
    with pytest.raises(RuntimeError):
        await talk.answer(WORK)
    assert b'outcome="error"' in metrics.text()


async def test_a_stopped_run_is_told_and_noted() -> None:
    """The run ends as stopped, its cards say so, and the thread says what had been read."""
    client, metrics = FakeClient(), Metrics()
    reached = asyncio.Event()

    class Endless(FakePipeline):
        async def run(self, _approved: Any, _currency: str | None = None) -> AsyncGenerator[Event]:
            for event in (Started("s1"), Succeeded("s1", 5, 0.1)):
                yield event
            reached.set()
            await asyncio.Event().wait()

    pipeline = Endless()
    talk = conversation(pipeline, client, metrics)
    answering = asyncio.create_task(talk.answer(WORK))
    await reached.wait()
    assert talk.running.stop("r1", ("T1", "U1")) == "stopped"
    await answering
    assert client.of("chat_update")[-1]["blocks"][0]["title"] == "Stopped"
    assert (
        "Stopped by <@U1> after 0 s; sales: customer had been read."
        in (client.of("chat_postMessage")[-1]["text"])
    )
    assert pipeline.store.finished == [("r1", "stopped")]
    assert b'outcome="stopped"' in metrics.text()


def test_a_mention_is_a_question() -> None:
    """The mention itself is no part of it; a reply keeps to its thread."""
    found = asked(body(text="<@UB> how many?", thread_ts="0.9"))
    assert found is not None
    assert (found.text, found.thread, found.message) == ("how many?", "T1:C1:0.9", "T1:C1:1.1")


@pytest.mark.parametrize(
    "event",
    [
        {"bot_id": "B1"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "something_new"},
        {"user": None},
        {"type": "message", "channel_type": "channel"},
    ],
)
def test_what_is_no_question_is_dropped(event: dict[str, Any]) -> None:
    """Bots, edits, unknown subtypes and talk between people start nothing."""
    assert asked(body(**event)) is None


def test_a_direct_message_needs_no_mention() -> None:
    """In a direct conversation everything is said to the bot."""
    assert asked(body(type="message", channel_type="im", text="how many?")) is not None


def test_text_is_read_as_it_was_typed() -> None:
    """Mentions are left out, Slack's link marks and entities are undone."""
    assert words("<@UB> <@U9|ada> <!here> AT&amp;T &lt; <http://x.io|x.io>?") == "AT&T < x.io?"
