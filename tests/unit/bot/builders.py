"""Plans, answers and a Slack client for the tests of the bot."""

from collections.abc import AsyncGenerator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, cast

import pyarrow as pa
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.query import AggregationQuery, SqlQuery, VectorQuery
from bot.slack.asked import Asked
from orchestrator.answer import Answer, SourceReport
from orchestrator.approve import ApprovedPlan, approve_by_rule
from orchestrator.approve.risk import Risk
from orchestrator.compile.plan import FetchStep, JoinStep, Plan
from orchestrator.events import Event, Finished, Joined, Planned, Started, Succeeded
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.plan import Draft
from orchestrator.question import Question, Remembered, Requester, Turn
from orchestrator.semantic import SemanticModel, SourceSpec
from orchestrator.store import PersonalSettings, StoredRun, Work
from orchestrator.validate import ValidatedPlan

LOW = Risk((), (), 0, 0)
MANY = "it needs several sources"
KINDS = {"sales": "postgres", "support": "mongo", "notes": "qdrant"}
ASKED = Asked("Ev1", "T1", "C1", "U1", "1.1", "1.1", "how many orders?")
STATUS = {"ratelimited": 429, "upstream error": 503}
WORK = Work("w1", ASKED.thread, "question", asdict(ASKED))


def plan() -> Plan:
    """A plan over three sources."""
    steps = (
        FetchStep("s1", "sales", "customer", SqlQuery(relations=(), columns=(), text="SELECT 1")),
        FetchStep(
            "s2",
            "support",
            "ticket",
            AggregationQuery(relations=("tickets",), columns=(), pipeline=({"$match": {}},)),
            unit="docs",
        ),
        FetchStep(
            "s3",
            "notes",
            "customer",
            VectorQuery(relations=("notes",), columns=(), text="late", limit=10, paths=()),
            unit="hits",
        ),
    )
    return Plan(
        "SELECT name FROM customer", steps, JoinStep("SELECT 1"), ("name",), (), (), reason=MANY
    )


def approved(draft: Draft) -> ApprovedPlan:
    """The plan, approved by rule."""
    validated = ValidatedPlan(plan(), (), "policy")
    return approve_by_rule("r1", validated, Requester("T1", "U1"), draft, datetime.now(UTC))


def answer(table: pa.Table | None = None, **changes: Any) -> Answer:
    """An answer with one source."""
    report = SourceReport("s1", "sales", "postgres", "rows", ("orders",), 1200, 0.214, "SELECT 1")
    fields: dict[str, Any] = {
        "run_id": "r1",
        "text": "Acme spent most.",
        "table": pa.table({"name": ["Acme"], "spent": [1234.5]}) if table is None else table,
        "sources": (report,),
        "sql": "SELECT name FROM customer",
        "planner": "grammar",
    }
    return Answer(**{**fields, **changes})


def events(last: Answer | None = None) -> list[Event]:
    """A run in which all goes well."""
    return [
        Planned("r1", plan(), "grammar"),
        *(Started(step) for step in ("s1", "s2", "s3")),
        Succeeded("s3", 10, 0.05),
        Succeeded("s2", 45, 0.12),
        Succeeded("s1", 120, 0.21),
        Joined(98, 0.01, ("22 keys had no match in support",)),
        Finished(answer() if last is None else last),
    ]


class FakeStore:
    """A store of one process, which has seen one question in every thread, or none when it
    `is_empty`."""

    is_empty = False

    def __init__(self) -> None:
        self.finished: list[tuple[str, str]] = []

    async def turns(self, thread: str) -> tuple[Turn, ...]:
        """What was asked before."""
        turn = Turn(f"earlier in {thread}", "SELECT 1", "U1")
        return () if self.is_empty else (turn,)

    async def direct_turns(self, team: str, channel: str, thread: str) -> tuple[Turn, ...]:
        """What was asked before in a direct conversation."""
        return (Turn(f"earlier in {team}:{channel} until {thread}", "SELECT 1", "U1"),)

    async def history(self, *_who: object) -> list[StoredRun]:
        """What somebody has asked: nothing."""
        return []

    async def finish(self, run_id: str, status: str, _outcome: dict[str, Any]) -> None:
        """Note how a run ended."""
        self.finished.append((run_id, status))


class FakePreferences:
    """What people have set, by (team, user)."""

    def __init__(self) -> None:
        self.chosen: dict[tuple[str, str], PersonalSettings] = {}

    async def of(self, team: str, user: str) -> PersonalSettings:
        """As Preferences.of."""
        return self.chosen.get((team, user), PersonalSettings())


class FakeChoices:
    """What is remembered for whoever asks."""

    def __init__(self) -> None:
        self.remembered: tuple[Remembered, ...] = ()

    async def of(self, team: str, user: str, channel: str) -> tuple[Remembered, ...]:
        """The same for everybody."""
        return self.remembered


class FakePipeline:
    """Proposes what it was given, and runs into the events that it was given."""

    model = SemanticModel(
        name="Shop",
        sources={name: SourceSpec(kind=kind) for name, kind in KINDS.items()},
        entities={},
    )

    def __init__(self, proposes: Any = None, runs_into: list[Event] | None = None) -> None:
        self.store = FakeStore()
        self.preferences = FakePreferences()
        self.choices = FakeChoices()
        self.questions: list[Question] = []
        self._proposes = proposes
        self._events = events() if runs_into is None else runs_into

    @property
    def port(self) -> Pipeline:
        """Itself, to whom wants a Pipeline."""
        return cast("Pipeline", self)

    async def propose(self, question: Question, sql: str | None = None) -> Any:
        """What it was given, or a plan."""
        self.questions.append(question)
        if isinstance(self._proposes, Exception):
            raise self._proposes
        if self._proposes is not None:
            return self._proposes
        draft = Draft(sql or "SELECT 1", "grammar")
        return Proposed("r1", plan(), draft, LOW, approved(draft))

    async def run(self, _approved: Any, _currency: str | None = None) -> AsyncGenerator[Event]:
        """The events that it was given."""
        for event in self._events:
            yield event

    async def recall(self, run_id: str) -> StoredRun | None:
        """The one run that it knows."""
        if run_id != "r1":
            return None
        return StoredRun("r1", "T1", "U1", "how?", "SELECT 1", "s1 sales", "grammar", "answered")


def slack_error(error: str, status: int = 200) -> SlackApiError:
    """What slack_sdk raises for an answer that is not ok; from 500 on that is plain text."""
    data: Any = error if status >= 500 else {"ok": False, "error": error}
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data=data,
        headers={},
        status_code=status,
    )
    return SlackApiError(error, response)


class FakeClient:
    """Slack's Web API, as far as a conversation uses it; methods in `broken` raise that error.

    `thread` is what stands in the thread already, and `elsewhere` in other conversations, by id;
    `zone` is the time zone of every profile.
    """

    def __init__(
        self, broken: dict[str, str] | None = None, thread: list[dict[str, Any]] | None = None
    ) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.broken = broken or {}
        self.thread = thread or []
        self.elsewhere: dict[str, list[dict[str, Any]]] = {}
        self.zone: str | None = "Europe/Berlin"

    @property
    def port(self) -> AsyncWebClient:
        """Itself, to whom wants a client."""
        return cast("AsyncWebClient", self)

    def __getattr__(self, method: str) -> Any:
        async def call(**arguments: Any) -> dict[str, Any]:
            self.calls.append((method, arguments))
            error = self.broken.get(method)
            if error == "invalid_blocks" and not arguments.get("blocks"):
                error = None
            if error:
                raise slack_error(error, STATUS.get(error, 200))
            place = str(arguments.get("channel"))
            return {
                "ok": True,
                "ts": "2.2",
                "user": {"tz": self.zone},
                "channel": {"id": "D1"},
                "permalink": "https://slack.example/archives/C1/p11",
                "messages": self.elsewhere.get(place, self.thread),
            }

        return call

    def of(self, method: str) -> list[dict[str, Any]]:
        """The arguments of every call of one method."""
        return [arguments for name, arguments in self.calls if name == method]
