"""Texts that carry instructions are data in the prompt, and a model that obeyed them is refused."""

import copy
import json
import sqlite3
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anthropic
import pyarrow as pa
import pytest
import yaml

from adapters.schema import Catalog, Column, Relation
from adapters.sheets import Sheet
from orchestrator.attach import FileTable, entity_names
from orchestrator.pipeline import Pipeline, Refused
from orchestrator.plan import FileRef
from orchestrator.plan.claude import ClaudePlanner
from orchestrator.plan.claude_reply import Planned
from orchestrator.question import Question, Turn, question
from orchestrator.semantic import SemanticModel
from orchestrator.store import recent_runs
from tests.conftest import ADA, NOON, ROOT, opened
from tests.messages_api import ScriptedMessagesApi

RULES = (ROOT / "orchestrator" / "plan" / "claude_prompt.md").read_text()
ASKED = "@shop how many customers?"
COUNT = "SELECT COUNT(*) AS n FROM customer AS c"


@dataclass(frozen=True, slots=True)
class Injection:
    """One case of the corpus."""

    place: str
    text: str
    obeyed: str
    refused: str
    seen: bool = True


CORPUS = [
    Injection(**one)
    for one in yaml.safe_load(Path(__file__).with_name("injections.yaml").read_text())
]
FIELD = {"type": "string", "description": "A name", "ai_context": {"synonyms": ["word"]}}
MODEL: dict[str, Any] = {
    "name": "Shop",
    "sources": {
        "shop": {"kind": "sqlite", "connect": {"database": "shop.db"}},
        "hr": {"kind": "sqlite", "connect": {"database": "hr.db"}},
    },
    "entities": {
        "customer": {
            "description": "Who buys",
            "key": "customer_id",
            "label": "name",
            "ai_context": {"synonyms": ["buyer"], "instructions": ""},
            "fields": {
                "customer_id": {"type": "int64"},
                "name": FIELD,
                "segment": {"type": "string", "values": ["enterprise", "small"]},
                "email": {"type": "string", "pii": "contact"},
            },
            "bindings": {
                "shop": {
                    "relation": "customers",
                    "fields": {one: one for one in ("customer_id", "name", "segment", "email")},
                }
            },
        },
        "wage": {
            "description": "What somebody earns",
            "key": "person",
            "fields": {"person": {"type": "string"}, "amount": {"type": "int64"}},
            "bindings": {
                "hr": {"relation": "wages", "fields": {"person": "person", "amount": "amount"}}
            },
        },
    },
    "metrics": [
        {"name": "head_count", "expression": "COUNT(customer.name)"}
        | {"description": "How many", "ai_context": {"synonyms": ["heads"]}}
    ],
    "verified_queries": [{"question": "how many customers?", "sql": COUNT}],
}


def poisoned(injection: Injection) -> dict[str, Any]:
    """The model with the text in its place; a place that is not there yet is an entity or a field
    of that name, like the first one."""
    model = copy.deepcopy(MODEL)
    *path, last = injection.place.split(".")
    part: Any = model
    for step in path:
        part = part[int(step) if isinstance(part, list) else step]
    if isinstance(part, list):
        part[int(last)] = injection.text
    elif last in part:
        part[last] = injection.text
    elif path == ["entities"]:
        part[last] = part["customer"] | {"description": injection.text}
    else:
        part[last] = {"type": "string", "description": injection.text}
        bound = model["entities"]["customer"]["bindings"]["shop"]["fields"]
        bound[last] = "name"
    return model


def fill(folder: Path, name: str) -> None:
    """The two databases, with a customer of that name."""
    with sqlite3.connect(folder / "shop.db") as shop:
        shop.execute("CREATE TABLE customers (customer_id INTEGER, name, segment, email)")
        shop.execute("INSERT INTO customers VALUES (1, ?, 'small', 'a@example.com')", (name,))
    with sqlite3.connect(folder / "hr.db") as hr:
        hr.execute("CREATE TABLE wages (person TEXT, amount INTEGER)")


@pytest.fixture(params=CORPUS, ids=lambda one: f"{one.place}: {one.obeyed[:40]}")
def injection(request: pytest.FixtureRequest) -> Injection:
    """Each case."""
    return request.param


@pytest.fixture
async def shop(
    injection: Injection, tmp_path: Path, api: ScriptedMessagesApi
) -> AsyncGenerator[Pipeline]:
    """A pipeline with the text in its place, whose planning model obeys it."""
    outside = injection.place in {"thread", "question", "earlier", "row", "comment", "relation"}
    is_in_model = not outside and not injection.place.startswith("file")
    written = poisoned(injection) if is_in_model else MODEL
    fill(tmp_path, injection.text if injection.place == "row" else "Acme")
    model = SemanticModel.model_validate(written, context={"folder": tmp_path})
    draft = {"kind": "draft", "template": "", "assumptions": [], "confidence": 1.0}
    api.says(draft | {"sql": injection.obeyed})
    async with opened(model, None, tmp_path, warm=False) as pipeline:
        pipeline.planner = ClaudePlanner(model, api_key="key", base_url=api.url)
        if injection.place in {"comment", "relation"}:
            name, comment = ("secrets", injection.text)
            if injection.place == "relation":
                name, comment = injection.text, ""
            column = Column("customers", "string", values=(injection.text,))
            pipeline.retriever.note(Catalog("shop", (Relation(name, (column,), 9, (), comment),)))
            await pipeline.retriever.noted()
        table = file_of(injection, model)
        yield pipeline if table is None else pipeline.with_tables([table])


def file_of(injection: Injection, model: SemanticModel) -> FileTable | None:
    """A file of the thread where it is the place."""
    if not injection.place.startswith("file"):
        return None
    is_name = injection.place == "file_name"
    title = f"{injection.text}.csv" if is_name else "leads.csv"
    columns = {"Lead" if is_name else injection.text: pa.array(["Acme"])}
    ref = FileRef(entity_names([title], model)[0], "F1", title, "ab" * 32)
    return FileTable(ref, Sheet(pa.table(columns), ()))


def asked(injection: Injection, pipeline: Pipeline) -> Question:
    """The question with the text around it."""
    text = f"@shop how many customers? {injection.text}"
    one = question(text if injection.place == "question" else ASKED, ADA, asked_at=NOON)
    files = pipeline.attached.entities[:1] if pipeline.attached else ()
    match injection.place:
        case "thread":
            return replace(one, context=(injection.text,))
        case "earlier":
            return replace(one, earlier=(Turn(injection.text, COUNT),))
        case _:
            return replace(one, files=files)


async def test_instructions_in_data_change_nothing(
    injection: Injection, shop: Pipeline, api: ScriptedMessagesApi, tmp_path: Path
) -> None:
    """Rules, form and settings of every request are as ever, the text stands in a JSON string or
    nowhere; the query that obeys it is refused, nothing is stored, and the data is as before."""
    outcome = await shop.propose(asked(injection, shop))
    assert isinstance(outcome, Refused)
    assert injection.refused.lower() in outcome.message.lower()
    assert await recent_runs(shop.store.engine, ADA.team, ADA.user, 5) == []
    with sqlite3.connect(tmp_path / "shop.db") as database:
        assert database.execute("SELECT COUNT(*) FROM customers").fetchone() == (1,)
    assert api.received
    for request in api.received:
        rules, part = (block["text"] for block in request["system"])
        (message,) = request["messages"]
        assert (rules, message["role"]) == (RULES, "user")
        form = {"type": "json_schema", "schema": anthropic.transform_schema(Planned)}
        assert request["output_config"] == {"format": form}
        assert request.keys() == {"model", "max_tokens", "system", "messages", "output_config"}
        assert "\n" not in part + message["content"]
    first = api.received[0]
    told = [first["system"][1]["text"], first["messages"][0]["content"]]
    assert is_told(injection, [one for text in told for one in strings(json.loads(text))])


def is_told(injection: Injection, told: list[str]) -> bool:
    """Whether the text is told where it is seen, and not where it is not; names of files and
    columns are told as identifiers."""
    text = injection.text
    if injection.place.startswith("file"):
        text = text.lower().replace(" ", "_")[:40]
    return any(text in one for one in told) == injection.seen


def strings(data: Any) -> Iterator[str]:
    """Every string of JSON data, keys too."""
    match data:
        case str():
            yield data
        case list():
            for one in data:
                yield from strings(one)
        case dict():
            for key, value in data.items():
                yield key
                yield from strings(value)
        case _:
            return
