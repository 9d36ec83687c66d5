"""Proposed verified queries: who may decide, kept once, decided once, and what is not proposed."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.verified import diff, owner_groups, unfit
from orchestrator.approve.decide import Decider
from orchestrator.approve.review import ProposedQuery, denied_review
from orchestrator.pipeline import Pipeline
from orchestrator.semantic import load
from orchestrator.store import ProposedQueries, Store, StoredRun
from tests.conftest import ROOT, opened
from tests.unit.approve.test_decide import GROUPS, Groups

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SQL = "SELECT COUNT(*) AS customers FROM customer AS c"
QUERY = ProposedQuery("q1", "T1", "r1", "how many customers?", SQL, "good", "U1", NOON)
RUN = StoredRun("r1", "T1", "U7", "how many customers?", SQL, "s1", "grammar", "answered")


async def refusal(
    user: str = "U2",
    team: str = "T1",
    is_member: bool = True,
    groups: tuple[str, ...] = ("approvers",),
    members: Groups = GROUPS,
) -> str:
    """Why somebody may not decide; "" when they may."""
    denied = await denied_review(QUERY, groups, Decider(team, user, is_member), members)
    return denied.message if denied else ""


async def test_a_member_of_an_owners_group_decides() -> None:
    """One of the groups is enough."""
    assert await refusal() == ""
    assert await refusal("U9", groups=("approvers", "directors")) == ""


@pytest.mark.parametrize(
    ("words", "how"),
    [
        ("proposed this yourself", {"user": "U1"}),
        ("another workspace", {"team": "T2"}),
        ("no guests", {"is_member": False}),
        ("Only members of approvers", {"user": "U9"}),
        ("nobody can decide", {"groups": ()}),
        ("is empty or can't be read", {"members": Groups()}),
    ],
)
async def test_everybody_else_is_denied(words: str, how: dict[str, Any]) -> None:
    """Who proposed it, other teams, guests, and all when there is no owner or none is known."""
    assert words in await refusal(**how)


async def test_the_same_proposal_is_kept_once(store: Store) -> None:
    """By whomever and however spelled, also when it was rejected; other SQL is another one."""
    kept = ProposedQueries(store.engine)
    first = await kept.propose(RUN, "good", "U1", NOON)
    assert first is not None
    assert first == replace(QUERY, id=first.id)
    again = replace(RUN, run_id="r2", question="How many  customers")
    assert await kept.propose(again, "corrected", "U2", NOON) is None
    assert await kept.propose(replace(RUN, team="T2"), "good", "U1", NOON) is not None
    assert await kept.decide(first, "rejected", "U2", NOON) is not None
    assert await kept.propose(RUN, "good", "U3", NOON) is None
    other = await kept.propose(replace(RUN, sql="SELECT 2"), "corrected", "U3", NOON)
    assert other is not None
    assert [one.team for one in await kept.open()] == ["T2", "T1"]


async def test_a_proposal_is_decided_once(store: Store) -> None:
    """The first decision counts, with who and when, and stands in the trail with no question."""
    kept = ProposedQueries(store.engine)
    first = await kept.propose(RUN, "good", "U1", NOON)
    assert first is not None
    decided = await kept.decide(first, "accepted", "U2", NOON + timedelta(hours=1))
    assert decided is not None
    assert (decided.status, decided.decided_by) == ("accepted", "U2")
    assert decided.decided_at == NOON + timedelta(hours=1)
    assert await kept.decide(first, "rejected", "U3", NOON) is None
    assert await store.trail("r1") == [
        {"what": "query_accepted", "detail": {"by": "U2", "query": first.id}}
    ]


@pytest.fixture
async def pipeline(tmp_path: Path) -> AsyncGenerator[Pipeline]:
    """The demo's pipeline, whose sources are not reached; customers and orders have owners."""
    model = load(ROOT / "semantic_model.yaml", {})
    owners = {
        "customer": ("@sales-data", "C0SALES"),
        "order": ("@finance", "the finance team", "@sales-data"),
    }
    entities = {
        name: entity.model_copy(update={"owners": owners.get(name, ())})
        for name, entity in model.entities.items()
    }
    model = model.model_copy(update={"entities": entities})
    async with opened(model, None, tmp_path, warm=False) as one:
        yield one


async def test_what_does_not_fit_is_not_proposed(pipeline: Pipeline) -> None:
    """SQL of a field that is gone or that the policy withholds, a question or a query that the
    model has, SQL in the place of a question, and what would be filled in from the environment."""
    (known,) = pipeline.model.verified_queries
    asked = "how many customers?"
    assert unfit(pipeline, asked, SQL) is None
    assert "gone" in (unfit(pipeline, asked, "SELECT c.gone FROM customer AS c") or "")
    assert "for this question" in (unfit(pipeline, f"{known.question.upper()}!", SQL) or "")
    spelled = " ".join(known.sql.split()).replace("SELECT", "select")
    assert f"“{known.question}”" in (unfit(pipeline, asked, spelled) or "")
    assert "asked as SQL" in (unfit(pipeline, SQL, SQL) or "")
    assert "environment" in (unfit(pipeline, "how many ${HOME}?", SQL) or "")


async def test_the_owners_are_those_of_what_is_read(pipeline: Pipeline) -> None:
    """User groups by handle, each once, and no channels; what stands in a text is not read, and
    what does not compile has none."""
    orders = 'SELECT c.name FROM customer AS c JOIN "order" AS o ON o.customer_id = c.customer_id'
    assert owner_groups(pipeline, f"{orders} WHERE o.amount > 5") == ("sales-data", "finance")
    note = "SELECT t.ticket_id FROM ticket AS t WHERE t.priority = 'from order'"
    assert owner_groups(pipeline, note) == ()
    assert owner_groups(pipeline, "SELECT x FROM nothing") == ()


def test_the_diff_adds_each_question_once(tmp_path: Path) -> None:
    """Nothing is taken away, and a last line without an end is said to be one."""
    path = tmp_path / "model.yaml"
    path.write_bytes(b"name: Shop\nverified_queries:\n  - question: a\n    sql: SELECT 1")
    second = replace(QUERY, question="HOW MANY customers", team="T2")
    assert diff(path, [QUERY, second]).splitlines() == [
        "--- a/model.yaml",
        "+++ b/model.yaml",
        "@@ -1,4 +1,7 @@",
        " name: Shop",
        " verified_queries:",
        "   - question: a",
        "-    sql: SELECT 1",
        "\\ No newline at end of file",
        "+    sql: SELECT 1",
        "+  - question: HOW MANY customers",
        "+    sql: >-",
        f"+      {SQL}",
        "\\ No newline at end of file",
    ]
    assert diff(path, []) == ""
