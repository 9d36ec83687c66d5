"""A question that nothing was found for: the model may choose what to look at, once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.errors import PlannerError
from orchestrator.plan import Clarification, Draft
from orchestrator.plan.claude import ClaudePlanner
from orchestrator.question import Question, Requester, Turn
from orchestrator.retrieve import Candidates
from orchestrator.retrieve.listing import MOST, listing
from orchestrator.retrieve.retrieve import MAX_ENTITIES, Retriever
from orchestrator.semantic import SemanticModel, load
from tests.messages_api import ScriptedMessagesApi, asked, told

DEMO = load(Path(__file__).parents[3] / "semantic_model.yaml", {})
WAREHOUSE = DEMO.entities["product"].model_copy(update={"description": "A thing on a shelf"})
SHELVES = {f"shelf_{n:02}": WAREHOUSE for n in range(30)}
WIDE = DEMO.model_copy(update={"entities": SHELVES | dict(DEMO.entities)})
"""A model with more entities than a prompt may hold, those that are asked for last."""
QUESTION = Question("zyzzogeton quuxly?", Requester("T1", "U1"))
SQL = "SELECT COUNT(*) AS customers FROM customer AS c"
DRAFT = {"kind": "draft", "sql": SQL, "template": "", "assumptions": [], "confidence": 0.9}


async def found(model: SemanticModel, question: Question = QUESTION) -> Candidates:
    """What retrieval by words finds."""

    async def embed(texts: list[str]) -> Any:
        raise AssertionError(texts)

    return await Retriever(model, embed).retrieve(question)


def planner(api: ScriptedMessagesApi, model: SemanticModel = WIDE) -> ClaudePlanner:
    """A planner that calls the scripted API."""
    return ClaudePlanner(model, api_key="key", base_url=api.url)


async def test_the_model_looks_at_what_it_names(api: ScriptedMessagesApi) -> None:
    """The first call holds names and descriptions by source and no field; the second holds those
    named with what lies between them, and the draft says what was looked at."""
    api.says({"kind": "look", "entities": ["customer", "product", "flurb"]})
    api.says(DRAFT)
    draft = await planner(api).draft(QUESTION, await found(WIDE))
    assert isinstance(draft, Draft)
    first, second = api.received
    assert told(first)["sources"]["sales"]["customer"] == "A company that buys from us"
    assert told(first)["left_out"] == 0
    assert "fields" not in str(told(first))
    assert asked(first) == asked(second)
    assert list(told(second)["entities"]) == ["customer", "order", "order_line", "product"]
    assert set(draft.looked_at) == set(told(second)["entities"])
    assert (draft.sql, draft.usage.calls) == (SQL, 2)


async def test_it_looks_once(api: ScriptedMessagesApi) -> None:
    """The second answer can be no further look: it is not of the agreed form."""
    api.says({"kind": "look", "entities": ["customer"]})
    with pytest.raises(PlannerError, match="not of the agreed form"):
        await planner(api).draft(QUESTION, await found(WIDE))
    assert len(api.received) == 2
    first, second = (str(one["output_config"]["format"]["schema"]) for one in api.received)
    assert "look" in first
    assert "draft" not in first
    assert "look" not in second


async def test_a_repair_sees_what_was_looked_at(api: ScriptedMessagesApi) -> None:
    """A draft that did not fit is repaired over the same entities, without another look."""
    api.says({"kind": "look", "entities": ["ticket"]})
    api.says(DRAFT)
    claude, candidates = planner(api), await found(WIDE)
    first = await claude.draft(QUESTION, candidates)
    assert isinstance(first, Draft)
    second = await claude.repair(QUESTION, candidates, first, "no such field")
    assert isinstance(second, Draft)
    assert list(told(api.received[2])["entities"]) == ["ticket"]
    assert second.looked_at == ("ticket",)
    assert second.usage.calls == 3


async def test_nothing_fits(api: ScriptedMessagesApi) -> None:
    """Where no entity of the list is what was meant, the model asks back after one call."""
    clarification = {"message": "What is a quux?", "understood": [], "options": []}
    api.says({"kind": "clarification"} | clarification)
    answer = await planner(api).draft(QUESTION, await found(WIDE))
    assert answer == Clarification("What is a quux?")
    assert len(api.received) == 1


async def test_names_that_there_are_not(api: ScriptedMessagesApi) -> None:
    """A look at nothing that the model has ends in a sentence, not in a prompt without entities."""
    api.says({"kind": "look", "entities": ["flurb", "pg_shadow"]})
    with pytest.raises(PlannerError, match="does not have"):
        await planner(api).draft(QUESTION, await found(WIDE))


@pytest.mark.parametrize(
    ("question", "model"),
    [
        (replace(QUESTION, text="how many customers?"), WIDE),
        (replace(QUESTION, earlier=(Turn("how many customers?", SQL),)), WIDE),
        (replace(QUESTION, files=("leads",)), WIDE),
        (QUESTION, DEMO),
        (replace(QUESTION, text="@support quuxly?"), WIDE),
    ],
    ids=["something is found", "a follow-up", "a file", "all fit", "all of the source fit"],
)
async def test_no_look_where_none_is_needed(
    api: ScriptedMessagesApi, question: Question, model: SemanticModel
) -> None:
    """One call it stays where there are candidates, or where they are all that there is."""
    api.says(DRAFT)
    draft = await planner(api, model).draft(question, await found(model, question))
    assert isinstance(draft, Draft)
    assert (len(api.received), draft.looked_at) == (1, ())


def test_a_long_list_says_what_it_leaves_out() -> None:
    """A list ends after MOST entities and says how many more there are."""
    many = {f"shelf_{n}": WAREHOUSE for n in range(MOST + 7)}
    listed = listing(DEMO.model_copy(update={"entities": many}), many)
    assert sum(map(len, listed["sources"].values())) == MOST
    assert listed["left_out"] == 7
    assert len(WIDE.entities) > MAX_ENTITIES
