"""What comes of a plan whose run is asked for after things have changed."""

from datetime import datetime
from typing import Any

from bot.metrics import Metrics
from bot.slack.clients import OneWorkspace
from bot.slack.conversation import Conversation
from orchestrator.deciding import Stale
from orchestrator.pipeline import Refused
from orchestrator.store import StoredRun, Work
from tests.unit.bot.builders import FakeClient, FakePipeline

WORK = Work("w1", "T1:C1:1.1", "planned", {"run_id": "r1"})
GONE = Refused("There is no table t any more.")


class ChangedPipeline(FakePipeline):
    """Knows one plan that was shown, and what has become of it since."""

    def __init__(self, came: Any) -> None:
        super().__init__()
        self.decisions = self
        self._came = came

    async def recall(self, run_id: str) -> StoredRun | None:
        """The plan, where it was asked for."""
        shown = ("r1", "T1", "U1", "how?", "SELECT 1", "s1 sales", "grammar", "planned")
        return StoredRun(*shown, channel="C1", thread="T1:C1:1.1")

    async def approved(self, run_id: str, at: datetime) -> Any:
        """What it was told has come of it."""
        return self._came


def conversation(client: FakeClient, metrics: Metrics, came: Any) -> Conversation:
    """A conversation in which a plan has become something else."""
    return Conversation(ChangedPipeline(came).port, OneWorkspace(client.port), metrics)


async def test_no_sentence_denies_the_answer_of_an_approved_run() -> None:
    """What fails after its answer was posted, at the very first try, is not told under it."""
    about = {"event_payload": {"work": "w1", "part": "answer"}}
    client = FakeClient(thread=[{"ts": "1.5", "metadata": about}])
    talk = conversation(client, Metrics(), None)
    await talk.say_of_run(WORK, "There is no answer.")
    client.thread.pop()
    await talk.say_of_run(WORK, "There is no answer.")
    (post,) = client.of("chat_postMessage")
    assert post["text"] == "There is no answer."


async def test_a_plan_that_can_not_run_any_more_is_refused_in_its_thread() -> None:
    """A plan that needed no decision, and has become impossible, ends with why, as the answer."""
    client, metrics = FakeClient(), Metrics()
    await conversation(client, metrics, Stale(None, GONE)).run_approved(WORK)
    (post,) = client.of("chat_postMessage")
    assert (post["channel"], post["thread_ts"], post["text"]) == ("C1", "1.1", GONE.message)
    assert post["metadata"]["event_payload"] == {"work": "w1", "part": "answer"}
    assert b'outcome="refused"' in metrics.text()
