"""Threads that go on: follow-ups with and without a mention, and choices that are pressed."""

import asyncio
from typing import Any

from orchestrator.pipeline import Pipeline
from sandbox.sandbox import Sandbox
from tests.wire.conftest import (
    ANSWER_TIMEOUT_S,
    MARCO,
    SALES,
    ask,
    both_ways,
    table_of,
    thread_until_answer,
)

PRIYA = "U0PRIYA"


async def say(
    sandbox: Sandbox, words: str, thread: str | None, user: str = MARCO, channel: str = SALES
) -> list[dict[str, Any]]:
    """Write without a mention, and wait for the answer."""
    changes = sandbox.slack.workspace.subscribe()
    ts = await sandbox.slack.post_as(user, channel, words, thread)
    return await thread_until_answer(sandbox.slack, thread or ts, changes)


def assumed(message: dict[str, Any]) -> str:
    """All that the answer's message says."""
    return str(message["blocks"])


def posts_of_the_bot(sandbox: Sandbox, thread: str) -> list[dict[str, Any]]:
    """What the bot has posted in a thread."""
    messages = sandbox.slack.workspace.channels[SALES].messages.values()
    own = sandbox.slack.bot_user_id
    return [m for m in messages if m.get("thread_ts") == thread and m.get("user") == own]


@both_ways
async def test_a_thread_goes_on_without_mentions(sandbox: Sandbox, bot: str) -> None:
    """Each follow-up gives the rows of the whole question, and says what it kept."""
    first = await ask(sandbox, "how many orders last month?")
    thread = first[-1]["thread_ts"]
    by_country = await say(sandbox, "and by country?", thread)
    in_full = await ask(sandbox, "number of orders last month by country")
    assert table_of(by_country[-1]) == table_of(in_full[-1])
    assert "kept from before: number of orders, last month" in assumed(by_country[-1])
    top = await say(sandbox, "only the top 3", thread, user=PRIYA)
    assert table_of(top[-1]) == table_of(in_full[-1])[:4]


async def test_talk_in_a_thread_is_left_alone(sandbox: Sandbox, bot: str) -> None:
    """Thanks, questions to somebody, what can't be read and other people's questions get nothing,
    not even eyes; what comes after them is answered."""
    first = await ask(sandbox, "how many products?")
    thread = first[-1]["thread_ts"]
    before = posts_of_the_bot(sandbox, thread)
    talk = [
        (MARCO, "thanks, that helps"),
        (MARCO, f"and you, <@{PRIYA}>?"),
        (MARCO, "and what do our friends in the north say?"),
        (PRIYA, "how many products do we sell?"),
    ]
    said = [await sandbox.slack.post_as(user, SALES, text, thread) for user, text in talk]
    answered = await say(sandbox, "and by category?", thread)
    assert table_of(answered[-1])[0] == ["category", "products"]
    after = posts_of_the_bot(sandbox, thread)
    assert len(after) == len(before) + 2
    messages = sandbox.slack.workspace.channels[SALES].messages
    assert not any(messages[ts].get("reactions") for ts in said)


@both_ways
async def test_a_direct_message_goes_on_outside_of_threads(sandbox: Sandbox, bot: str) -> None:
    """In a direct conversation the next message follows the last question, in a thread or not."""
    channel = sandbox.slack.open_im(MARCO).id
    first = await say(sandbox, "how many customers?", None, channel=channel)
    assert table_of(first[-1])
    outside = await say(sandbox, "only in Germany", None, channel=channel)
    assert table_of(outside[-1])[1:] == [["1,106"]]
    inside = await say(sandbox, "by segment", outside[-1]["thread_ts"], channel=channel)
    assert table_of(inside[-1])[0] == ["segment", "customers"]


async def asked_back(sandbox: Sandbox) -> dict[str, Any]:
    """A question that leads to a choice: the message with its buttons."""
    message = (await ask(sandbox, "revenue by product category"))[-1]
    assert [block["type"] for block in message["blocks"]] == ["section", "actions"]
    return message


async def press(sandbox: Sandbox, message: dict[str, Any], *people: str) -> list[list[str]]:
    """Press the first button, all at once; the answer's table."""
    changes = sandbox.slack.workspace.subscribe()
    action = message["blocks"][1]["elements"][0]["action_id"]
    presses = (sandbox.slack.press(one, SALES, message["ts"], action) for one in people)
    await asyncio.gather(*presses)
    table: list[list[str]] = []
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        async for change in changes:
            said = change.get("message") or {}
            table = table_of(said) if said.get("thread_ts") == message["thread_ts"] else []
            if table:
                break
    sandbox.slack.workspace.unsubscribe(changes)
    return table


@both_ways
async def test_a_choice_is_asked_once_by_whoever_pressed(
    sandbox: Sandbox, pipeline: Pipeline, bot: str
) -> None:
    """Pressed twice at once it is one question, and its message says who asked what."""
    message = await asked_back(sandbox)
    table = await press(sandbox, message, PRIYA, PRIYA)
    in_full = await ask(sandbox, "units sold by product category")
    assert table == table_of(in_full[-1])
    team, thread = sandbox.slack.workspace.team_id, message["thread_ts"]
    turns = await pipeline.store.turns(f"{team}:{SALES}:{thread}")
    assert [(turn.question, turn.user) for turn in turns] == [
        ("units sold by product category", PRIYA)
    ]
    shown = sandbox.slack.workspace.channels[SALES].messages[message["ts"]]
    assert [block["type"] for block in shown["blocks"]] == ["section", "context", "actions"]
    assert f"<@{PRIYA}> asked: units sold" in shown["text"]
