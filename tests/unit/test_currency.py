"""Amounts in another currency: shown so, and kept as they are."""

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from adapters.query import OutputColumn, SqlQuery
from bot.slack.answer.files import csv_file
from bot.slack.answer.footer import footer
from orchestrator.answer import Answer
from orchestrator.answer.compose import compose
from orchestrator.answer.currency import conversion_of
from orchestrator.compile.plan import FetchStep, JoinStep, Plan
from orchestrator.events import Succeeded
from orchestrator.join import JoinedTable
from orchestrator.plan import Draft
from orchestrator.semantic import Currencies

CURRENCIES = Currencies(base="EUR", rates={"USD": 1.25, "JPY": 160}, as_of=date(2026, 6, 12))
UNITS = {"revenue": "EUR"}
TABLE = pa.table({"country": ["Spain", "Italy"], "revenue": [Decimal("1000.00"), Decimal("80.50")]})


def answer(template: str = "", wanted: str | None = "USD", table: pa.Table = TABLE) -> Answer:
    """The answer with that table for somebody who wants that currency."""
    query = SqlQuery(relations=("o",), columns=(OutputColumn(name="c", type="string"),), text="")
    steps = (FetchStep("s1", "sales", "order", query),)
    plan = Plan("SELECT 1", steps, JoinStep("SELECT 1"), tuple(table.column_names), (), ())
    draft = Draft("SELECT 1", "grammar", template=template)
    return compose(
        "r1",
        plan,
        draft,
        {"s1": Succeeded("s1", 2, 0.1)},
        JoinedTable(table),
        {"sales": "postgres"},
        1.0,
        units=UNITS,
        conversion=conversion_of(table, UNITS, CURRENCIES, wanted),
    )


def test_amounts_are_shown_in_the_wanted_currency() -> None:
    """The table, its unit and the planner's sentence agree, and the footer says rate and day."""
    made = answer("{country} leads with {revenue} EUR.")
    assert made.text == "Spain leads with 1,250.00 USD."
    assert made.table.column("revenue").to_pylist() == pytest.approx([1250.0, 100.625])
    assert made.units == {"revenue": "USD"}
    assert made.chart is None or made.chart.unit == "USD"
    said = str(footer(made))
    assert "1.25 USD for 1 EUR, the rate of 2026-06-12" in said
    assert "conditions are in EUR" in said


def test_files_keep_the_base() -> None:
    """The CSV has the amounts as they are kept, and their currency in its header."""
    content = csv_file(answer().exact, "a").content.decode("utf-8-sig")
    assert content.splitlines() == ["country,revenue (EUR)", "Spain,1000.00", "Italy,80.50"]


@pytest.mark.parametrize("template", ["{country} has €{revenue}.", "EUR: {revenue} of {country}."])
def test_a_sentence_with_another_currency_is_not_taken(template: str) -> None:
    """Where the planner wrote a currency that can't be put right, a plain sentence stands."""
    said = answer(template).text
    assert "EUR" not in said
    assert "€" not in said
    assert "1,250" in said


@pytest.mark.parametrize(
    ("wanted", "table"),
    [
        (None, TABLE),
        ("EUR", TABLE),
        ("SEK", TABLE),
        ("USD", pa.table({"amount": [1.0]})),
        ("USD", pa.table({"revenue": ["secret"]})),
        ("USD", pa.table({})),
    ],
)
def test_nothing_is_converted_without_a_rate_and_an_amount(
    wanted: str | None, table: pa.Table
) -> None:
    """Other currencies, columns that are no metric, and texts stay as they are."""
    made = answer(wanted=wanted, table=table)
    assert made.conversion is None
    assert made.exact is made.table


def test_empty_values_stay_empty() -> None:
    """Nothing is worth nothing in any currency."""
    rows: dict[str, Any] = {"revenue": pa.array([None, Decimal(2)], pa.decimal128(12, 2))}
    assert answer(table=pa.table(rows)).table.column("revenue").to_pylist() == [None, 2.5]
