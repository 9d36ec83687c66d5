"""`crosstalk serve` killed with SIGKILL at each stage of a run; the next process goes on.

Nothing in the product holds it where it is killed: the model's API does, the proxy before a source,
Slack itself, or, while it joins, the sight of what it spills.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.reliability import Scenario
from sandbox.said import is_answer
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from sandbox.storm.replicas import Replica
from tests.conftest import ROOT
from tests.engine.test_planners import DRAFT
from tests.faults.after import LEASE_ENDS_S, answered_once, nothing_left, tasks, until
from tests.faults.house import Asking, Heard, Message, addresses, asked, proxies_of
from tests.faults.proxy import Proxy, Strike
from tests.faults.test_clock import APPROVER, may_be_approved
from tests.faults.test_full_disk import PAIRS
from tests.messages_api import ScriptedMessagesApi
from tests.wire.conftest import SALES, is_progress
from tests.wire.office import opened_slack

BOUND_S = 60.0
"""The lease of the work, the start of a process on a busy machine, and a source's deadline."""
START_TIMEOUT_S = 90.0
CONNECTIONS = 2
COUNTRIES = "top 5 countries by revenue"
MORE_PAIRS = " ".join(PAIRS.replace("% 300", "% 60").split())
"""Spills for some seconds."""
SQL = "SELECT country, COUNT(*) AS customers FROM customer GROUP BY country ORDER BY 2 DESC LIMIT 5"


def amid_rows() -> Strike:
    """What holds the first connection in the midst of its rows."""
    return Strike("hold", b"Germany", times=1)


@dataclass
class Plant:
    """Where processes of the bot come and go: a Slack, the servers, and their store."""

    sandbox: Sandbox
    slack: LocalSlack
    proxies: Mapping[str, Proxy]
    folder: Path
    spill: Path
    bot: Replica

    async def killed(self) -> None:
        """Kill the bot and start the next; then nothing is held any more."""
        await self.bot.kill()
        self.proxies["sales"].release()
        self.slack.faults.clear()
        await until(lambda: len(self.slack.connections) == 0)
        await self.bot.start()

    async def is_up(self) -> None:
        """Wait until Slack can tell the bot of something."""
        await self.slack.connections.wait_for(CONNECTIONS, START_TIMEOUT_S)

    def in_queue(self) -> int:
        """How much work waits or is under way."""
        with contextlib.closing(sqlite3.connect(self.folder / "store.db")) as store:
            return int(store.execute("SELECT count(*) FROM queue").fetchone()[0])


@pytest.fixture
async def plant(
    sandbox: Sandbox, api: ScriptedMessagesApi, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncGenerator[Plant]:
    """A bot in a process of its own; tests that want the model's API say so by `planned`."""
    spill = tmp_path / "spill"
    await asyncio.to_thread(spill.mkdir)
    async with proxies_of(sandbox) as proxies, opened_slack(sandbox) as slack:
        environment = {
            **sandbox.environment,
            **addresses(proxies),
            "SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "CROSSTALK_STORE_URL": f"sqlite+aiosqlite:///{tmp_path}/store.db",
            "CROSSTALK_INDEX_FOLDER": str(tmp_path / "index"),
            "CROSSTALK_SPILL_FOLDER": str(spill),
            "CROSSTALK_JOIN_MEMORY": "64MB",
            "CROSSTALK_LEASE_SECONDS": "1",
        }
        if request.node.get_closest_marker("planned"):
            environment |= {"ANTHROPIC_API_KEY": "sk-ant-none", "ANTHROPIC_BASE_URL": api.url}
        bot = Replica("bot", tmp_path, ROOT / "semantic_model.yaml", environment)
        one = Plant(sandbox, slack, proxies, tmp_path, spill, bot)
        await bot.start()
        await one.is_up()
        yield one
        await bot.stop()


class Scene:
    """One scenario: it is checked and written down by `ended`."""

    def __init__(self, plant: Plant, kept: list[Scenario]) -> None:
        self._plant, self._kept, self._before = plant, kept, tasks()

    async def ended(
        self, stage: str, asking: Asking, answers: int = 1, card: Message | None = None
    ) -> Heard:
        """Wait for the answers, and check that they stand there once and nothing is left."""
        heard = await asking.answered(card)
        await until(lambda: self._plant.in_queue() == 0)
        assert heard.seconds < BOUND_S
        answered_once(self._plant.slack, heard.ts, answers)
        left = await nothing_left(self._plant, self._before, LEASE_ENDS_S)
        read = heard.text.splitlines()[0]
        where = f"the bot, {stage}"
        self._kept.append(Scenario("kill -9", where, read, round(heard.seconds, 2), BOUND_S, left))
        return heard


@pytest.fixture
async def scene(plant: Plant, kept: list[Scenario]) -> Scene:
    """A scenario in the plant."""
    return Scene(plant, kept)


async def test_killed_while_a_question_is_queued(plant: Plant, scene: Scene) -> None:
    """A question behind another one in its thread is answered by the next process, as is that."""
    plant.proxies["sales"].strike = amid_rows()
    first = await asked(plant.slack, COUNTRIES)
    await plant.proxies["sales"].struck.wait()
    await asked(plant.slack, "how many products?", first.ts)
    await until(lambda: plant.in_queue() == 2, START_TIMEOUT_S)
    await plant.killed()
    await scene.ended("queued", first, answers=2)


@pytest.mark.planned
async def test_killed_while_planning(plant: Plant, scene: Scene, api: ScriptedMessagesApi) -> None:
    """While the model's API keeps it waiting: the next process asks the model anew."""
    api.script.append((200, None))
    api.says({**DRAFT, "sql": SQL})
    asking = await asked(plant.slack, COUNTRIES)
    await api.asked.wait()
    await plant.killed()
    heard = await scene.ended("planning", asking)
    assert heard.table[0] == ["country", "customers"]


async def test_killed_while_waiting_for_approval(plant: Plant, scene: Scene) -> None:
    """What is approved after the restart is answered, once."""
    asking = await asked(plant.slack, "email of customers in Germany")
    card = await asking.until(may_be_approved)
    await until(lambda: plant.in_queue() == 0)
    await plant.killed()
    await plant.is_up()
    await plant.slack.press(APPROVER, SALES, card["ts"], "approval_approve")
    await scene.ended("waiting for approval", asking, answers=2, card=card)


async def test_killed_while_fetching(plant: Plant, scene: Scene) -> None:
    """Amid a source's rows: they are fetched anew, under a login of their own."""
    plant.proxies["sales"].strike = amid_rows()
    asking = await asked(plant.slack, COUNTRIES)
    await plant.proxies["sales"].struck.wait()
    await plant.killed()
    heard = await scene.ended("fetching", asking)
    assert heard.table[1][0] == "Germany"


@pytest.mark.planned
async def test_killed_while_joining(plant: Plant, scene: Scene, api: ScriptedMessagesApi) -> None:
    """Amid a join that spills: it is joined anew, and what the dead process spilt is removed."""
    api.says({**DRAFT, "sql": MORE_PAIRS})
    asking = await asked(plant.slack, "how many pairs of orders and tickets are there?")
    await until(lambda: any(plant.spill.rglob("*.tmp")), START_TIMEOUT_S)
    await plant.killed()
    heard = await scene.ended("joining", asking)
    assert heard.table[0] == ["pairs"]


async def test_killed_while_posting_the_answer(plant: Plant, scene: Scene) -> None:
    """The answer stands there, but its process never heard so: the next one does not repeat it."""
    plant.proxies["sales"].strike = amid_rows()
    asking = await asked(plant.slack, COUNTRIES)
    await plant.proxies["sales"].struck.wait()
    await asking.until(is_progress)
    plant.slack.inject("chat.postMessage", slow_s=START_TIMEOUT_S)
    plant.proxies["sales"].release()
    await asking.until(is_answer)
    await plant.killed()
    await scene.ended("posting the answer", asking)
