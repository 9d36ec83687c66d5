"""The sentence of an answer, and the doubts that go with it."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from adapters.query import OutputColumn, SqlQuery
from orchestrator.answer import Answer
from orchestrator.answer.compose import compose
from orchestrator.compile.plan import FetchStep, JoinStep, Plan
from orchestrator.events import Failed, Skipped, StepOutcome, Succeeded
from orchestrator.join import JoinedTable
from orchestrator.plan import Draft


def step(name: str, source: str) -> FetchStep:
    """A fetch of one column."""
    columns = (OutputColumn(name="id", type="int64"),)
    query = SqlQuery(relations=(f"public.{source}",), columns=columns, text="SELECT id")
    return FetchStep(name, source, "customer", query)


PLAN = Plan(
    "SELECT id FROM customer",
    (step("s1", "sales"), step("s2", "support")),
    JoinStep("SELECT 1"),
    ("id",),
    ("customer",),
    ("customer.id",),
    warnings=("of the plan",),
)
GOOD: dict[str, StepOutcome] = {"s1": Succeeded("s1", 3, 0.1), "s2": Succeeded("s2", 4, 0.2)}
LOST: dict[str, StepOutcome] = {
    "s1": Succeeded("s1", 3, 0.1),
    "s2": Failed("s2", "support is down.", 2),
}


def answer(
    rows: list[dict[str, Any]],
    outcomes: dict[str, StepOutcome] | None = None,
    template: str = "",
    **joined: Any,
) -> Answer:
    """The answer of PLAN with these rows."""
    table = pa.Table.from_pylist(rows)
    draft = Draft("SELECT 1", "grammar", template=template, assumptions=("a year is 2026",))
    kinds = {"sales": "postgres", "support": "mongo"}
    return compose("r1", PLAN, draft, outcomes or GOOD, JoinedTable(table, **joined), kinds, 1.5)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([], "No rows match the question."),
        ([{"order_count": 60_000}], "order count: 60,000."),
        ([{"total": None}], "total: –."),
        ([{"a": 1, "b": 2}], "a: 1, b: 2."),
        ([{"a": 1}] * 1_234, "1,234 rows."),
    ],
)
def test_plain_sentence(rows: list[dict[str, Any]], text: str) -> None:
    """Without a template the sentence gives the one value, or the number of rows."""
    assert answer(rows).text == text


def test_many_rows_are_told_by_their_range() -> None:
    """Where one measure and one name are all there is, the sentence has the ends of the range."""
    rows = [
        {"country": "FR", "n_id": 1, "order_count": 1_200},
        {"country": "DE", "n_id": 2, "order_count": 7},
    ]
    assert answer(rows).text == "2 rows: order count from 7 (DE) to 1,200 (FR)."
    more = [{**row, "city": "x"} for row in rows]
    assert answer(more).text == "2 rows."


def test_template_takes_the_first_row() -> None:
    """A template's columns are those of the first row, written for people."""
    rows = [{"name": "Nordlicht", "revenue": Decimal("12345.50")}, {"name": "b", "revenue": None}]
    found = answer(rows, template="{name} spent the most: {revenue} EUR.")
    assert found.text == "Nordlicht spent the most: 12,345.50 EUR."


def test_values_with_brackets_are_not_filled_again() -> None:
    """A value that looks like a placeholder stays as it is."""
    assert answer([{"a": "{b}", "b": 7}], template="It is {a}.").text == "It is {b}."


@pytest.mark.parametrize("template", ["{nothing} is first.", "{empty} is first.", "{} is first."])
def test_template_that_does_not_fit_is_left(template: str) -> None:
    """A template that names no column, or an empty value, gives way to the plain sentence."""
    rows = [{"name": "Nordlicht", "empty": None}]
    assert answer(rows, template=template).text == "name: Nordlicht, empty: –."


def test_no_rows_and_a_template() -> None:
    """A template has nothing to say of no rows."""
    assert answer([], template="{name} is first.").text == "No rows match the question."


def test_partial_says_so_and_why() -> None:
    """With a source missing, the sentence says partial, the doubts say what is lost and why."""
    found = answer([{"n": 3}], LOST, "There are {n}.", losses=("a condition was left out",))
    assert (found.partial, found.failed) == (True, False)
    assert found.text == "A partial answer: n: 3."
    assert "support is down." in found.warnings
    assert "Without support: a condition was left out." in found.warnings
    assert [report.failure for report in found.sources] == ["", "support is down."]


def test_partial_of_many_rows() -> None:
    """Several rows of a partial answer are called so too."""
    assert answer([{"n": 1}, {"n": 2}], LOST).text == "A partial answer: 2 rows."


def test_failed_names_the_source() -> None:
    """Where nothing could be answered, the sentence names who did not answer and what to do."""
    found = answer([], LOST, possible=False)
    assert found.failed
    assert found.text.startswith("I can't answer this now: support did not answer")


def test_failed_join_does_not_blame_a_source() -> None:
    """When every source answered and the join failed, the sentence says what did fail."""
    found = answer([], GOOD, possible=False, warnings=("The rows came, but the join failed.",))
    assert found.failed
    assert "now:  did not answer" not in found.text
    assert "The rows came, but the join failed." in found.warnings


def test_cut_source_is_said() -> None:
    """A source that was cut by a cap makes the answer doubtful."""
    found = answer([{"n": 3}], GOOD | {"s1": Succeeded("s1", 200_000, 1, truncated=True)})
    assert found.truncated
    assert any("sales was cut at 200,000 rows" in one for one in found.warnings)
    assert not found.partial


def test_a_cut_join_is_told() -> None:
    """A joined table that was cut is marked, and the warning says what to do."""
    found = answer([{"n": 3}], truncated=True)
    assert found.truncated
    assert any("The answer was cut at 1 rows" in one for one in found.warnings)


def test_kept_rows_are_reported_with_their_age() -> None:
    """A source whose rows were kept says so, and how old they are."""
    outcomes = GOOD | {"s1": Succeeded("s1", 3, 0.1, cached=True, age_s=40.0)}
    first, second = answer([{"n": 3}], outcomes).sources
    assert (first.cached, first.age_s) == (True, 40.0)
    assert (second.cached, second.age_s) == (False, 0.0)


def test_doubts_are_said_once_in_order() -> None:
    """Warnings of plan and join are kept, each once."""
    found = answer([{"n": 3}], warnings=("of the join", "of the plan"))
    assert found.warnings == ("of the plan", "of the join")
    assert found.assumptions == ("a year is 2026",)


def test_sources_are_reported_in_order() -> None:
    """Each step is one line of sources with its kind, rows, time and native query."""
    first, second = answer(
        [{"n": 3}], {"s1": GOOD["s1"], "s2": Skipped("s2", "not needed")}
    ).sources
    assert (first.source, first.kind, first.rows, first.seconds) == ("sales", "postgres", 3, 0.1)
    assert (first.unit, first.relations, first.query) == ("rows", ("public.sales",), "SELECT id")
    assert (second.kind, second.rows, second.failure) == ("mongo", 0, "")


def test_a_number_from_nowhere_costs_the_sentence() -> None:
    """A planner's own wrong number is not said, and the confidence says so."""
    rows = [{"name": "Nordlicht", "revenue": Decimal("12345.50")}]
    found = answer(rows, template="{name} leads with {revenue}, 12 % of all.")
    assert found.text == "name: Nordlicht, revenue: 12,345.50."
    assert found.confidence.level == "medium"
    assert "12 %" in found.confidence.reasons[0]


def test_units_stand_behind_a_single_value() -> None:
    """A metric's unit is said with its number."""
    found = compose(
        "r1",
        PLAN,
        Draft("SELECT 1", "grammar"),
        GOOD,
        JoinedTable(pa.table({"revenue": [Decimal("1234.50")]})),
        {"sales": "postgres", "support": "mongo"},
        1.5,
        units={"revenue": "EUR"},
    )
    assert found.text == "revenue: 1,234.50 EUR."


def test_a_chart_comes_with_the_table_that_wants_one() -> None:
    """Two categories and a measure are bars; a failed answer has no chart."""
    rows = [{"country": "FR", "revenue": 2}, {"country": "DE", "revenue": 1}]
    chart = answer(rows).chart
    assert chart is not None
    assert (chart.kind, chart.x) == ("bar", ("FR", "DE"))
    assert answer(rows, LOST, possible=False).chart is None
