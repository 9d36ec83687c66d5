"""The grammar planner reads questions into whole queries, and asks back rather than guess."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from orchestrator.plan import Clarification, Draft
from orchestrator.plan.grammar import GrammarPlanner
from orchestrator.question import Question, Requester
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel, load
from tests.unit.plan.questions import CASES

ASKED = datetime(2026, 11, 21, 9, tzinfo=UTC)
NOTHING = Candidates(())
DEMO = GrammarPlanner(load(Path(__file__).parents[3] / "semantic_model.yaml", {}))

_HOSPITAL = {
    "name": "Hospital",
    "sources": {"ward": {"kind": "postgres"}},
    "entities": {
        "patient": {
            "description": "A person in care",
            "key": "patient_id",
            "label": "full_name",
            "fields": {
                "patient_id": {"type": "int64"},
                "full_name": {"type": "string"},
                "blood_group": {"type": "string", "values": ["A", "B", "AB", "zero"]},
                "is_insured": {"type": "bool"},
            },
            "bindings": {
                "ward": {
                    "relation": "public.patients",
                    "fields": {
                        "patient_id": "id",
                        "full_name": "name",
                        "blood_group": "blood",
                        "is_insured": "insured",
                    },
                }
            },
        },
        "stay": {
            "description": "A stay on a ward",
            "key": "stay_id",
            "time": "admitted_on",
            "ai_context": {"synonyms": ["admission"]},
            "fields": {
                "stay_id": {"type": "int64"},
                "patient_id": {"type": "int64"},
                "admitted_on": {"type": "date"},
                "ward": {"type": "string", "values": ["surgery", "cardiology"]},
                "nights": {"type": "int64"},
            },
            "bindings": {
                "ward": {
                    "relation": "public.stays",
                    "fields": {
                        "stay_id": "id",
                        "patient_id": "patient",
                        "admitted_on": "day",
                        "ward": "ward",
                        "nights": "nights",
                    },
                }
            },
        },
    },
    "relationships": [
        {
            "name": "stay_patient",
            "from": "stay",
            "to": "patient",
            "from_columns": ["patient_id"],
            "to_columns": ["patient_id"],
        }
    ],
    "metrics": [
        {"name": "bed_nights", "expression": "SUM(stay.nights)", "time": "stay.admitted_on"}
    ],
}
HOSPITAL = GrammarPlanner(SemanticModel.model_validate(_HOSPITAL))
HOSPITAL_CASES = {
    "which insured patients have the most admissions?": """
        SELECT p.full_name, COUNT(*) AS stays FROM stay AS s
        JOIN patient AS p ON s.patient_id = p.patient_id WHERE p.is_insured
        GROUP BY p.patient_id, p.full_name ORDER BY stays DESC NULLS LAST LIMIT 10
    """,
    "bed nights by ward last month": """
        SELECT s.ward, SUM(s.nights) AS bed_nights FROM stay AS s
        WHERE s.admitted_on >= DATE '2026-10-01' AND s.admitted_on < DATE '2026-11-01'
        GROUP BY s.ward ORDER BY bed_nights DESC NULLS LAST
    """,
    "patients with more than 2 surgery stays": """
        SELECT p.full_name FROM patient AS p WHERE p.patient_id IN (
        SELECT s.patient_id FROM stay AS s WHERE s.ward = 'surgery'
        GROUP BY s.patient_id HAVING COUNT(*) > 2) ORDER BY p.full_name
    """,
    "which patients were admitted in 2026?": """
        SELECT p.full_name FROM patient AS p WHERE EXISTS (
        SELECT 1 FROM stay AS s WHERE s.patient_id = p.patient_id
        AND s.admitted_on >= DATE '2026-01-01' AND s.admitted_on < DATE '2027-01-01')
        ORDER BY p.full_name
    """,
}


async def ask(
    text: str, planner: GrammarPlanner = DEMO, zone: str = "UTC"
) -> Draft | Clarification:
    """What the planner says to a text on the fixed day."""
    return await planner.draft(Question(text, Requester("T1", "U1", zone), ASKED), NOTHING)


async def drafted(text: str, planner: GrammarPlanner = DEMO, zone: str = "UTC") -> Draft:
    """The draft of a text that must be understood."""
    found = await ask(text, planner, zone)
    assert isinstance(found, Draft), found
    return found


async def asked_back(text: str) -> Clarification:
    """The clarification of a text that must not be guessed."""
    found = await ask(text)
    assert isinstance(found, Clarification), found
    return found


def normal(sql: str) -> str:
    """One spelling for equal queries."""
    return sqlglot.parse_one(" ".join(sql.split()), read="duckdb").sql("duckdb")


@pytest.mark.parametrize("text", CASES)
async def test_a_question_becomes_its_whole_query(text: str) -> None:
    """Every question of the table gives exactly its query."""
    assert normal((await drafted(text)).sql) == normal(CASES[text])


@pytest.mark.parametrize("text", HOSPITAL_CASES)
async def test_another_domain_needs_no_other_code(text: str) -> None:
    """All words come from the model: a hospital is read as well as a shop."""
    assert normal((await drafted(text, HOSPITAL)).sql) == normal(HOSPITAL_CASES[text])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("how many unicorns?", "“unicorns”"),
        ("how many purple customers?", "“purple”"),
        ("what is the revenue of Acme?", "customer “Acme”"),
        ("revenue by product category", "more than once"),
        ("revenue this quarter and in march", "two periods"),
        ("tickets about late deliveries", "can't be searched"),
        ("which products have the highest revenue", "nearer to product"),
        ("top 5 products by revenue", "nearer to product"),
        ("best selling products", "nearer to product"),
        ("products by revenue", "nearer to product"),
        ("top 5 products by number of orders", "nearer to product"),
        ("top 5 tickets by revenue", "nearer to ticket"),
        ("what is their revenue?", "“their”: of whom?"),
        ("how many have open tickets", "How many of what have tickets"),
        ("average revenue per customer", "already an aggregate"),
        ("average number of tickets per customer", "“average”"),
        ("top customers", "Say by what"),
        ("revenue and customers by country", "what of customers"),
        ("enterprise or open tickets", "joins two fields"),
        ("delete all customers", "“delete”"),
    ],
)
async def test_nothing_is_guessed(text: str, said: str) -> None:
    """What can't be read is asked back by name."""
    assert said in (await asked_back(text)).message


async def test_what_was_understood_is_said() -> None:
    """A clarification tells the words that it could read."""
    found = await asked_back("how many purple enterprise customers?")
    assert found.understood == (
        "“enterprise” (customer.segment = enterprise)",
        "“customers” (customer)",
    )


async def test_a_greeting_gets_the_nouns_and_examples() -> None:
    """With no word of the model there are its nouns, metrics and three questions."""
    found = await asked_back("hello")
    assert "customer, order" in found.message
    assert "average order value" in found.message
    assert len(found.options) == 3
    assert found.options[0].startswith("which enterprise customers")


async def test_close_spelling_is_read_and_said() -> None:
    """A misspelt word is read as its neighbour, at a lower confidence."""
    found = await drafted("custmers by country")
    assert normal(found.sql) == normal((await drafted("customers by country")).sql)
    assert "read “custmers” as “customers”" in found.assumptions
    assert found.confidence < (await drafted("customers by country")).confidence


async def test_the_same_question_gives_the_same_draft() -> None:
    """The planner is deterministic, across instances too."""
    again = GrammarPlanner(load(Path(__file__).parents[3] / "semantic_model.yaml", {}))
    for text in CASES:
        assert await ask(text) == await ask(text, again)


async def test_days_begin_at_the_requesters_midnight() -> None:
    """A period has the offset that the requester's zone has on each of its days."""
    found = await drafted("revenue from 2026-03-01 to 2026-03-31", zone="Europe/Berlin")
    assert "TIMESTAMPTZ '2026-03-01 00:00:00+01:00'" in found.sql
    assert "TIMESTAMPTZ '2026-04-01 00:00:00+02:00'" in found.sql
    assert any("(Europe/Berlin)" in said for said in found.assumptions)


async def test_a_quote_stays_inside_its_literal() -> None:
    """Quoted text can't leave its literal, as a name or as a search."""
    for text in ('customer "x\' OR 1=1 --"', 'notes that mention "x\') --"'):
        tree = sqlglot.parse_one((await drafted(text)).sql, read="duckdb")
        assert any(one.this.startswith("x'") for one in tree.find_all(exp.Literal))


async def test_assumptions_and_templates_say_what_was_read() -> None:
    """A ranking says its metric, its period, its limit and its leader."""
    found = await drafted("which enterprise customers spent the most last quarter?")
    assert found.assumptions == (
        "“spent” is revenue: SUM(order.amount)",
        "“last quarter” is 2026-07-01 to 2026-09-30 (UTC)",
        "the first 10 are shown",
    )
    assert found.template == "{name} leads with {revenue} EUR."
    total = await drafted("revenue last quarter")
    assert total.template == "{revenue} EUR of revenue last quarter."


async def test_a_filter_that_counts_whole_rows_is_warned_of() -> None:
    """Revenue of orders with furniture on them is no revenue of furniture."""
    assert (await drafted("revenue from furniture")).warnings


async def test_repair_asks_back() -> None:
    """The same words would only give the same query, so the problem goes to the asker."""
    question = Question("revenue", Requester("T1", "U1"), ASKED)
    found = await DEMO.repair(question, NOTHING, await drafted("revenue"), "no such field")
    assert isinstance(found, Clarification)
    assert "no such field" in found.message


async def test_a_named_source_narrows_the_words() -> None:
    """With "@support" a category is that of tickets, and the answer says what was looked at."""
    assert "product" in (await asked_back("how many categories?")).message
    found = await drafted("how many categories @Support?")
    assert normal(found.sql) == "SELECT COUNT(DISTINCT t.category) AS categories FROM ticket AS t"
    assert found.assumptions == ("only what lies in @support: customer, ticket",)


async def test_what_lies_elsewhere_is_not_known() -> None:
    """Orders are no word of a question to @support, and a stranger is no source."""
    orders = await asked_back("@support how many orders?")
    assert "“orders”. I looked at only what lies in @support" in orders.message
    assert "“nobody”" in (await asked_back("@nobody revenue")).message


async def test_a_choice_is_a_whole_question() -> None:
    """Where a word may mean two things each choice is the question again, and can be read."""
    for text, choice in {
        "how many categories?": "how many ticket category?",
        "revenue by product category": "units sold by product category",
        "top 5 products by revenue": "top 5 products by units sold",
        "revenue and tickets by country": "revenue and number of tickets by country",
    }.items():
        found = await asked_back(text)
        assert choice in found.options
        assert all([await drafted(option) for option in found.options])
