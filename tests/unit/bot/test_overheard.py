"""What is said in a thread without naming the bot: answered when it plainly is for it."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from adapters.errors import CredentialError
from bot.metrics import Metrics
from bot.slack.asked import asked
from orchestrator.pipeline import Proposed, Refused
from orchestrator.plan import Clarification, Draft
from orchestrator.store import Work
from tests.unit.bot.builders import ASKED, LOW, WORK, FakeClient, FakePipeline, events, plan
from tests.unit.bot.test_conversation import body, conversation

OVERHEARD = replace(ASKED, overheard=True, ts="1.2", text="and by country?")
UNSURE = Proposed("r1", plan(), Draft("SELECT 1", "claude", confidence=0.6), LOW, None)


def heard(**changes: Any) -> Work:
    """The work of a message that was overheard."""
    return replace(WORK, payload=asdict(replace(OVERHEARD, **changes)))


def reply(text: str, **event: Any) -> dict[str, Any]:
    """A reply in a thread of a channel."""
    said = {"type": "message", "channel_type": "channel", "ts": "1.2", "thread_ts": "1.1"}
    return body(**{**said, "text": text, **event})


@pytest.mark.parametrize(
    "text", ["and by country?", "only enterprise", "what about France", "how many are open?"]
)
def test_a_reply_that_asks_may_be_for_the_bot(text: str) -> None:
    """What begins like a follow-up or ends with a question mark is looked at."""
    found = asked(reply(text))
    assert found is not None
    assert found.overheard


@pytest.mark.parametrize(
    "event",
    [
        reply("thanks a lot"),
        reply("and <@U2>?"),
        reply("and by country? <!here>"),
        reply("and by country?", subtype="thread_broadcast"),
        reply("and by country?", subtype="message_changed"),
        reply("and by country?", bot_id="B1"),
        reply("and by country?", thread_ts=None),
        reply("and by country?", thread_ts="1.2"),
        reply(f"and {'so ' * 100}?"),
    ],
)
def test_other_talk_is_not_heard(event: dict[str, Any]) -> None:
    """Thanks, talk to somebody, edits, bots, essays and what is in no thread start nothing."""
    assert asked(event) is None


async def test_a_follow_up_is_answered_like_any_question() -> None:
    """It gets its eyes, its progress and its answer, with the rights of whoever wrote it."""
    pipeline, client = FakePipeline(), FakeClient()
    await conversation(pipeline, client).answer(heard(user="U2"))
    assert client.of("reactions_add")[0]["timestamp"] == "1.2"
    assert [p["blocks"][0]["type"] for p in client.of("chat_postMessage")] == ["plan", "section"]
    assert pipeline.questions[0].requester.user == "U2"


@pytest.mark.parametrize(
    "proposes",
    [
        Clarification("Which month?", options=("May?",)),
        Refused("There is no table t."),
        CredentialError("Vault is sealed."),
        UNSURE,
    ],
)
async def test_what_is_not_read_with_confidence_is_left_in_silence(proposes: Any) -> None:
    """No clarification, no refusal, no error and no eyes for what nobody asked the bot."""
    client, metrics = FakeClient(), Metrics()
    await conversation(FakePipeline(proposes), client, metrics).answer(heard())
    assert not client.of("chat_postMessage")
    assert not client.of("reactions_add")
    assert b"crosstalk_questions_total{" not in metrics.text()


@pytest.mark.parametrize(("user", "is_answered"), [("U1", True), ("U2", False)])
async def test_a_question_mark_counts_from_whoever_asked_last(user: str, is_answered: bool) -> None:
    """ "How many are open?" between two other people is theirs."""
    pipeline = FakePipeline()
    await conversation(pipeline, FakeClient()).answer(heard(text="how many are open?", user=user))
    assert bool(pipeline.questions) == is_answered


async def test_a_thread_without_an_answer_is_not_the_bots() -> None:
    """Where the bot has answered nothing it is not spoken to."""
    pipeline = FakePipeline()
    pipeline.store.is_empty = True
    await conversation(pipeline, FakeClient()).answer(heard())
    assert not pipeline.questions


@pytest.mark.parametrize(("parts", "said"), [((), 0), (("progress",), 1)])
async def test_a_failure_is_told_where_work_was_seen(parts: tuple[str, ...], said: int) -> None:
    """An unexpected failure is told once the thread has shown that it was taken up."""
    thread = [
        {"ts": "3.3", "metadata": {"event_payload": {"work": WORK.work_id, "part": part}}}
        for part in parts
    ]
    client = FakeClient(thread=thread)
    await conversation(FakePipeline(runs_into=events()), client).say(heard(), "It broke.")
    assert len(client.of("chat_postMessage")) == said


async def test_a_direct_message_goes_on_from_the_last() -> None:
    """A direct message follows its conversation, up to its own thread where it stands in one."""
    pipeline = FakePipeline()
    await conversation(pipeline, FakeClient()).answer(heard(overheard=False, direct=True))
    assert pipeline.questions[0].earlier[0].question == "earlier in T1:C1 until T1:C1:1.1"
