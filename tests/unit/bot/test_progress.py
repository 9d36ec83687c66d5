"""The progress message."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.slack.progress import STOP, Progress
from bot.slack.thread import Thread
from orchestrator.events import Failed, Finished, Skipped, Started, Succeeded
from sandbox.slack.blocks import wrong_in_message
from tests.unit.bot.builders import FakeClient, answer, events, plan

HOUR_S = 3600.0


def progress(client: FakeClient, min_interval_s: float) -> Progress:
    """A progress message in a thread."""
    return Progress(Thread(client.port, "C1", "1.1"), plan(), "r1", min_interval_s=min_interval_s)


def tasks(call: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The cards of one post or edit, by id."""
    return {task["task_id"]: task for task in call["blocks"][0]["tasks"]}


def output(task: dict[str, Any]) -> str:
    """What a card says."""
    return task["output"]["elements"][0]["elements"][0]["text"]


async def test_all_changes_within_an_interval_are_one_edit() -> None:
    """However many events come, only the last state is sent, once."""
    client = FakeClient()
    async with progress(client, HOUR_S) as shown:
        for event in events():
            shown.show(event)
    (edit,) = client.of("chat_update")
    assert {task["status"] for task in tasks(edit).values()} == {"complete"}
    assert output(tasks(edit)["s1"]) == "120 rows · 0.21 s"
    assert output(tasks(edit)["s2"]) == "45 docs · 0.12 s"
    assert "22 keys had no match in support" in output(tasks(edit)["join"])


async def test_cards_say_what_each_source_does_itself() -> None:
    """A fetch's details are what was pushed down, in few words; the answer has a card too."""
    pushed = replace(
        plan(),
        steps=(replace(plan().steps[0], pushed=("o.at < '2026-01-01 00:00:00+00'", "y" * 300)),),
    )
    client = FakeClient()
    async with Progress(Thread(client.port, "C1", "1.1"), pushed, "r1", min_interval_s=HOUR_S):
        pass
    cards = tasks(client.of("chat_postMessage")[0])
    assert list(cards) == ["s1", "answer"]
    details = cards["s1"]["details"]["elements"][0]["elements"][0]["text"]
    assert details.startswith("at < '2026-01-01'; yyy")
    assert len(details) == 160


async def test_the_join_begins_when_all_is_read() -> None:
    """Join and answer are pending until their turn comes."""
    client = FakeClient()
    async with progress(client, HOUR_S) as shown:
        for event in events()[:-2]:
            shown.show(event)
        assert shown.read == ("sales: customer", "support: ticket", "notes: customer")
    (edit,) = client.of("chat_update")
    states = {name: task["status"] for name, task in tasks(edit).items()}
    assert (states["join"], states["answer"]) == ("in_progress", "pending")


async def test_the_run_can_be_stopped_until_it_ends() -> None:
    """The button carries the run's id, and is gone at the end."""
    client = FakeClient()
    async with progress(client, HOUR_S) as shown:
        for event in events():
            shown.show(event)
    (post,), (edit,) = client.of("chat_postMessage"), client.of("chat_update")
    (button,) = post["blocks"][1]["elements"]
    assert (button["action_id"], button["value"]) == (STOP, "r1")
    assert [block["type"] for block in edit["blocks"]] == ["plan"]
    assert output(tasks(edit)["answer"]) == "1 row · high confidence"


async def test_a_plan_of_sixty_sources_fits() -> None:
    """Slack takes fifty cards; the answer's is always among them."""
    first = plan().steps[0]
    many = replace(plan(), steps=tuple(replace(first, id=f"s{n}") for n in range(60)))
    client = FakeClient()
    async with Progress(Thread(client.port, "C1", "1.1"), many, "r1", min_interval_s=HOUR_S):
        pass
    (post,) = client.of("chat_postMessage")
    assert wrong_in_message(post["blocks"]) == []
    assert "answer" in tasks(post)


async def test_changes_are_shown_while_going() -> None:
    """With no interval, every change is an edit of its own, and none comes after the end."""
    client = FakeClient()
    edited = asyncio.Event()

    class Telling(Thread):
        async def edit(self, ts: str, message: Any, mark: dict[str, Any] | None = None) -> None:
            await super().edit(ts, message, mark)
            edited.set()

    async with Progress(Telling(client.port, "C1", "1.1"), plan(), "r1", min_interval_s=0) as shown:
        for event in (Started("s1"), Succeeded("s1", 1, 0.1)):
            edited.clear()
            shown.show(event)
            await edited.wait()
    states = [tasks(edit)["s1"]["status"] for edit in client.of("chat_update")]
    assert states == ["in_progress", "complete"]


async def test_kept_rows_say_how_old_they_are() -> None:
    """A card of rows that were kept tells their age instead of the time that they took."""
    client = FakeClient()
    async with progress(client, HOUR_S) as shown:
        shown.show(Succeeded("s1", 120, 0.01, cached=True, age_s=40.0))
    (edit,) = client.of("chat_update")
    assert output(tasks(edit)["s1"]) == "120 rows · cached, 40 s ago"


async def test_nothing_is_edited_when_nothing_changed() -> None:
    """A run that said nothing leaves the message as it was posted."""
    client = FakeClient()
    async with progress(client, 0):
        pass
    (post,) = client.of("chat_postMessage")
    assert {task["status"] for task in tasks(post).values()} == {"pending"}
    assert not client.of("chat_update")


async def test_failures_and_what_was_never_done_are_errors() -> None:
    """No card stays in progress for ever."""
    client = FakeClient()
    async with progress(client, HOUR_S) as shown:
        for event in (
            Failed("s1", "r" * 999, 2.0),
            Skipped("s2", "no keys"),
            Finished(answer(failed=True)),
        ):
            shown.show(event)
    (edit,) = client.of("chat_update")
    states = [task["status"] for task in tasks(edit).values()]
    assert states == ["error", "complete", "error", "error", "error"]
    assert len(output(tasks(edit)["s1"])) == 256
    assert edit["blocks"][0]["title"] == "Could not answer"


async def test_an_interrupted_run_is_shown_as_stopped() -> None:
    """An exception inside the run ends the message and passes on."""
    client = FakeClient()
    with pytest.raises(ZeroDivisionError):
        async with progress(client, HOUR_S):
            raise ZeroDivisionError
    assert client.of("chat_update")[-1]["blocks"][0]["title"] == "Stopped"


async def test_refused_blocks_are_sent_again_as_text() -> None:
    """A workspace without plan blocks still sees the progress."""
    client = FakeClient({"chat_postMessage": "invalid_blocks"})
    async with progress(client, HOUR_S):
        pass
    last = client.of("chat_postMessage")[-1]
    assert "blocks" not in last
    assert "sales: customer" in last["text"]


async def test_a_failing_edit_does_not_end_the_run() -> None:
    """Progress is a courtesy."""
    client = FakeClient({"chat_update": "ratelimited"})
    async with progress(client, HOUR_S) as shown:
        shown.show(Started("s1"))
    assert client.of("chat_update")
