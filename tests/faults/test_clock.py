"""The wall clock jumps by a day, forward and back: the process's, the store's and the bot's."""

import asyncio
import time
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from orchestrator.store import dialects, pace, queue
from sandbox.reliability import Scenario
from sandbox.sandbox import Sandbox
from tests.conftest import NOON
from tests.faults.conftest import Scene
from tests.faults.house import opened_house
from tests.faults.proxy import Strike
from tests.wire.conftest import SALES
from tests.wire.office import buttons

DAY_S = 86_400.0
BOUND_S = 15.0
WORDS = "top 5 countries by revenue"
NEEDS_APPROVAL, APPROVER = "email of customers in Germany", "U0ADA"
LEASE_S = 1.0


@dataclass
class Clocks:
    """How far the clocks are off, and how often the queue has been looked into."""

    off_s: float = 0.0
    looks: int = 0
    looked: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def seen(self) -> None:
        """Wait until a worker that knows the time of now has looked into the queue."""
        async with self.looked:
            wanted = self.looks + 2
            await self.looked.wait_for(lambda: self.looks >= wanted)

    def now_s(self) -> sa.ColumnElement[float]:
        """The store's clock."""
        return dialects.now_s() + self.off_s


def may_be_approved(message: dict[str, Any]) -> bool:
    """Whether a message is a card that waits for a decision."""
    return any(button["action_id"] == "approval_approve" for button in buttons(message))


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """The clocks of this process and of its store, which can be put forward and back."""
    clocks, true = Clocks(), time.time
    for module in (queue, pace):
        monkeypatch.setattr(module, "now_s", clocks.now_s)
    claim = queue.Queue.claim

    async def looking(self: queue.Queue, *what: Collection[str]) -> queue.Work | None:
        found = await claim(self, *what)
        async with clocks.looked:
            clocks.looks += 1
            clocks.looked.notify_all()
        return found

    monkeypatch.setattr(queue.Queue, "claim", looking)
    monkeypatch.setattr(time, "time", lambda: true() + clocks.off_s)
    return clocks


@pytest.fixture
async def scene(
    sandbox: Sandbox, kept: list[Scenario], tmp_path: Path, clocks: Clocks
) -> AsyncGenerator[Scene]:
    """A house whose clocks can jump."""
    at = lambda: NOON + timedelta(seconds=clocks.off_s)  # noqa: E731
    more = {"CROSSTALK_LEASE_SECONDS": str(LEASE_S)}
    async with opened_house(sandbox, tmp_path, more=more, clock=at, poll_s=0.05) as house:
        yield Scene(house, kept)


@pytest.mark.parametrize("jumps", [[DAY_S], [-DAY_S], [DAY_S, 0.0]], ids=str)
async def test_a_jump_amid_a_run_costs_nothing(
    scene: Scene, clocks: Clocks, jumps: list[float]
) -> None:
    """A run goes on to its one answer, and the next question has no day to wait for its turn."""
    sales = scene.proxy("sales")
    sales.strike = Strike("hold", b"Germany", times=1)
    asking = await scene.house.ask(WORDS)
    await sales.struck.wait()
    for off_s in jumps:
        clocks.off_s = off_s
        await clocks.seen()
    sales.release()
    heard = await asking.answered()
    assert heard.table[1][0] == "Germany"
    told = " and back" if len(jumps) > 1 else ""
    way = "a day forward" if jumps[0] > 0 else "a day back"
    await scene.ended(f"clock {way}{told}", "a run", heard, BOUND_S)
    clocks.off_s = 0.0
    again = await scene.house.heard(WORDS)
    await scene.ended(f"clock right again after {way}{told}", "the next question", again, BOUND_S)


async def test_an_approval_of_a_day_ago_decides_nothing(scene: Scene, clocks: Clocks) -> None:
    """Put forward by a day, a request has ended and its card says so; put back, it is asked anew
    and answered once."""
    asking = await scene.house.ask(NEEDS_APPROVAL)
    card = await asking.until(may_be_approved)
    clocks.off_s = DAY_S
    await scene.house.slack.press(APPROVER, SALES, card["ts"], "approval_approve")
    ended = await asking.until(lambda message: message["ts"] == card["ts"] and not buttons(message))
    assert "since nobody decided in time" in ended["text"]
    clocks.off_s = 0.0
    asking = await scene.house.ask(NEEDS_APPROVAL)
    card = await asking.until(may_be_approved)
    await scene.house.slack.press(APPROVER, SALES, card["ts"], "approval_approve")
    heard = await asking.answered(card)
    assert heard.table
    fault = "clock a day forward and back"
    await scene.ended(fault, "an approval", heard, BOUND_S, answers=2)
