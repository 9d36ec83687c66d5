"""An answer for its asker alone, over crashes and whatever Slack refuses."""

from dataclasses import replace
from typing import Any

import pytest

from bot.metrics import Metrics
from bot.runs import NotNow
from bot.slack.clients import OneWorkspace
from bot.slack.conversation import Conversation
from orchestrator.store import PersonalSettings
from tests.unit.bot.builders import WORK, FakeClient, FakePipeline

RESUMED = replace(WORK, claims=2)
LINE = "🔒 The answer went to <@U1> alone, as they have set it."


def conversation(client: FakeClient) -> Conversation:
    """A conversation with somebody who wants answers alone."""
    pipeline = FakePipeline()
    pipeline.preferences.chosen["T1", "U1"] = PersonalSettings(is_private=True)
    return Conversation(pipeline.port, OneWorkspace(client.port), Metrics(), min_interval_s=0)


def posted(part: str, ts: str) -> dict[str, Any]:
    """A message of the bot for the work."""
    payload = {"work": WORK.work_id, "part": part}
    return {"ts": ts, "metadata": {"event_type": f"crosstalk_{part}", "event_payload": payload}}


def places(client: FakeClient) -> list[tuple[str, str | None, str]]:
    """Where something was posted, and as which part of the work."""
    return [
        (post["channel"], post.get("thread_ts"), post["metadata"]["event_payload"]["part"])
        for post in client.of("chat_postMessage")
    ]


async def test_the_line_in_the_thread_comes_last() -> None:
    """First a message in the direct conversation, the answer under it, then the line."""
    client = FakeClient()
    await conversation(client).answer(WORK)
    assert places(client) == [
        ("C1", "1.1", "progress"),
        ("D1", None, "head"),
        ("D1", "2.2", "answer"),
        ("C1", "1.1", "answer"),
    ]
    head, _, line = client.of("chat_postMessage")[1:]
    assert "<https://slack.example/archives/C1/p11|how?>" in head["text"]
    assert head["metadata"]["event_payload"]["asked_in"] == "T1:C1:1.1"
    assert line["text"] == LINE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], ["head", "answer"]),
        ([posted("head", "2.2")], ["answer"]),
        ([posted("head", "2.2"), posted("answer", "2.3")], []),
    ],
)
async def test_a_crash_between_posts_nothing_twice(
    before: list[dict[str, Any]], after: list[str]
) -> None:
    """Wherever the first try was cut off, the next one posts what is missing, and the line."""
    client = FakeClient(thread=[posted("progress", "1.5")])
    client.elsewhere["D1"] = before
    await conversation(client).answer(RESUMED)
    assert [part for place, _, part in places(client) if place == "D1"] == after
    assert [part for place, _, part in places(client) if place == "C1"] == ["answer"]
    assert client.of("chat_postMessage")[-1]["text"] == LINE


async def test_what_is_taken_over_keeps_its_mark() -> None:
    """A message of an earlier try that is written over says still whose it is, and what of."""
    client = FakeClient()
    client.elsewhere["D1"] = [posted("head", "2.2")]
    await conversation(client).answer(RESUMED)
    (edit,) = [one for one in client.of("chat_update") if one["channel"] == "D1"]
    about = {"work": WORK.work_id, "part": "head", "asked_in": "T1:C1:1.1"}
    assert edit["metadata"] == {"event_type": "crosstalk_head", "event_payload": about}


async def test_an_answered_thread_is_left_alone() -> None:
    """Once the line stands there, nothing more is done."""
    client = FakeClient(thread=[posted("answer", "1.5")])
    await conversation(client).answer(RESUMED)
    assert not places(client)


async def test_slack_s_absence_puts_it_off() -> None:
    """When the direct conversation can't be opened just now, the answer is not lost or posted."""
    client = FakeClient({"conversations_open": "ratelimited"})
    with pytest.raises(NotNow):
        await conversation(client).answer(WORK)
    assert [part for _, _, part in places(client)] == ["progress"]
