"""Texts that try to leave their place in the request to the planning model."""

import json
from dataclasses import replace
from typing import Any

from orchestrator.plan import Draft
from orchestrator.plan.claude import ClaudePlanner
from orchestrator.question import Question, Turn, question
from orchestrator.retrieve import Candidates
from tests.conftest import ADA, NOON
from tests.hostile.corpus import Case, each
from tests.messages_api import ScriptedMessagesApi
from tests.unit.compile.shop import MODEL

ASKED = "how many customers?"
SQL = "SELECT COUNT(*) AS n FROM customer AS c"
DRAFT = {"kind": "draft", "sql": SQL, "template": "", "assumptions": [], "confidence": 1.0}


def placed(text: str) -> Question:
    """A question with the text wherever one of people stands in it."""
    plain = question(ASKED, ADA, asked_at=NOON)
    return replace(plain, text=text, context=(text,), earlier=(Turn(text, text),))


async def sent(asked: Question, api: ScriptedMessagesApi) -> dict[str, Any]:
    """The request that is made of a question."""
    api.says(DRAFT)
    planner = ClaudePlanner(MODEL, api_key="key", base_url=api.url)
    try:
        candidates = Candidates(hits=(), entities=tuple(MODEL.entities), found=True)
        drafted = await planner.draft(asked, candidates)
    finally:
        await planner.close()
    assert isinstance(drafted, Draft)
    return api.received[-1]


@each("prompts")
async def test_a_text_stays_in_its_string(case: Case, api: ScriptedMessagesApi) -> None:
    """The request is that of a plain question but for strings of its JSON."""
    plain, hostile = await sent(placed("x"), api), await sent(placed(case.input), api)
    told = [json.loads(one.pop("messages")[0]["content"]) for one in (plain, hostile)]
    assert plain == hostile
    assert told[0].keys() == told[1].keys()
    sent_text = case.input.encode(errors="replace").decode()
    assert strings(told[1]).count(sent_text) == 4


def strings(data: Any) -> list[str]:
    """Every string of JSON data."""
    if isinstance(data, str):
        return [data]
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [one for part in parts for one in strings(part)]
