"""The progress message."""

import asyncio
from typing import Any

import pytest

from bot.slack.progress import Progress
from bot.slack.thread import Thread
from orchestrator.events import Failed, Finished, Skipped, Started, Succeeded
from tests.unit.bot.builders import FakeClient, answer, events, plan

HOUR_S = 3600.0


def progress(client: FakeClient, min_interval_s: float) -> Progress:
    """A progress message in a thread."""
    return Progress(Thread(client.port, "C1", "1.1"), plan(), min_interval_s=min_interval_s)


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


async def test_changes_are_shown_while_going() -> None:
    """With no interval, every change is an edit of its own, and none comes after the end."""
    client = FakeClient()
    edited = asyncio.Event()

    class Telling(Thread):
        async def edit(self, ts: str, message: Any) -> None:
            await super().edit(ts, message)
            edited.set()

    async with Progress(Telling(client.port, "C1", "1.1"), plan(), min_interval_s=0) as shown:
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
    assert states == ["error", "complete", "error", "error"]
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
