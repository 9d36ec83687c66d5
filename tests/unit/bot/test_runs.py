"""Supervised runs."""

import asyncio

import pytest
import structlog

from bot.runs import STOPPED, Runs


class Told:
    """Remembers what the asker was told."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    async def __call__(self, sentence: str) -> None:
        self.sentences.append(sentence)


async def test_one_at_a_time_in_a_thread_in_order() -> None:
    """The second question of a thread waits for the first, whichever is quicker."""
    runs, order, gate = Runs(), list[str](), asyncio.Event()

    async def slow() -> None:
        order.append("slow begins")
        await gate.wait()
        order.append("slow ends")

    async def quick() -> None:
        order.append("quick")

    runs.start("a", slow, Told())
    runs.start("a", quick, Told())
    other = asyncio.Event()

    async def elsewhere() -> None:
        other.set()

    runs.start("b", elsewhere, Told())
    await other.wait()
    gate.set()
    await runs.drain(10)
    assert order == ["slow begins", "slow ends", "quick"]


async def test_drain_cancels_what_takes_too_long_and_says_so() -> None:
    """Work that does not end in time is stopped, and so is what waits behind it."""
    runs, told = Runs(), Told()

    async def endless() -> None:
        await asyncio.Event().wait()

    runs.start("a", endless, told)
    runs.start("a", endless, told)
    await runs.drain(0)
    assert told.sentences == [STOPPED, STOPPED]


async def test_an_unexpected_error_has_one_id_for_the_asker_and_the_log() -> None:
    """The asker gets an id and no detail; the log has both, and the next question is answered."""
    runs, told, done = Runs(), Told(), asyncio.Event()

    async def broken() -> None:
        raise ValueError("secret detail")

    async def fine() -> None:
        done.set()

    with structlog.testing.capture_logs() as logs:
        runs.start("a", broken, told)
        runs.start("a", fine, told)
        await done.wait()
    (sentence,) = told.sentences
    assert logs[0]["error_id"] in sentence
    assert "secret detail" not in sentence


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_a_failure_to_tell_is_only_logged(error: type[BaseException]) -> None:
    """When Slack is down too, nothing escapes the supervisor."""
    runs = Runs()

    async def broken() -> None:
        raise error

    async def deaf(_: str) -> None:
        raise OSError("Slack is down")

    with structlog.testing.capture_logs() as logs:
        runs.start("a", broken, deaf)
        await runs.drain(10)
    assert logs[-1]["event"] == "could_not_tell"
