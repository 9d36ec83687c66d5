"""How often the planning model is called, counted at the wire, through the whole pipeline."""

from dataclasses import replace

import pytest

from orchestrator.events import Finished
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.plan.claude import ClaudePlanner
from orchestrator.question import Requester, question
from sandbox.sandbox import Sandbox
from tests.conftest import NOON
from tests.messages_api import ScriptedMessagesApi

ONE = "SELECT COUNT(*) AS n FROM product AS p"
TWO = """SELECT COUNT(DISTINCT c.customer_id) AS n FROM customer AS c
JOIN ticket AS t ON t.customer_id = c.customer_id WHERE c.segment = 'enterprise'"""
FOUR = """SELECT c.name, COALESCE(t.n, 0) AS tickets, COALESCE(n.n, 0) AS notes, m.n AS messages
FROM customer AS c
JOIN (SELECT x.customer_id, COUNT(*) AS n FROM slack_message AS x GROUP BY x.customer_id) AS m
ON m.customer_id = c.customer_id
LEFT JOIN (SELECT x.customer_id, COUNT(*) AS n FROM ticket AS x GROUP BY x.customer_id) AS t
ON t.customer_id = c.customer_id
LEFT JOIN (SELECT x.customer_id, COUNT(*) AS n FROM note AS x GROUP BY x.customer_id) AS n
ON n.customer_id = c.customer_id ORDER BY c.name"""


@pytest.mark.parametrize(
    ("words", "sql", "sources"),
    [
        ("how many products?", ONE, {"sales"}),
        ("how many enterprise customers have tickets?", TWO, {"sales", "support"}),
        (
            "tickets, notes and slack messages of each customer that we share a channel with",
            FOUR,
            {"sales", "support", "notes", "slack"},
        ),
    ],
    ids=["one source", "two sources", "four sources"],
)
async def test_a_question_is_one_call_whatever_its_sources(
    sandbox: Sandbox,
    pipeline: Pipeline,
    api: ScriptedMessagesApi,
    words: str,
    sql: str,
    sources: set[str],
) -> None:
    """Planned by the model and answered with rows of every source, it is exactly one request."""
    api.says({"kind": "draft", "sql": sql, "template": "", "assumptions": [], "confidence": 0.9})
    claude = ClaudePlanner(pipeline.model, api_key="key", base_url=api.url)
    planned = replace(pipeline, planner=claude)
    elin = Requester(sandbox.slack.workspace.team_id, "U0ELIN")
    proposed = await planned.propose(question(words, elin, asked_at=NOON))
    assert isinstance(proposed, Proposed), proposed
    assert proposed.approved is not None
    *_, last = [event async for event in planned.run(proposed.approved)]
    await claude.close()
    assert isinstance(last, Finished)
    assert {report.source for report in last.answer.sources} == sources
    assert all(report.rows and not report.failure for report in last.answer.sources)
    assert last.answer.table.num_rows
    assert (last.answer.planner, len(api.received)) == ("claude", 1)
