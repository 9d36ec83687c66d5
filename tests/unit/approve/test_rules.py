"""Risk: each rule of the policy, by itself, with its reason in words."""

from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator.approve.grant import grant_for, rows_granted
from orchestrator.approve.risk import Hit, Risk, risk_of
from orchestrator.approve.rules import score
from orchestrator.semantic import SemanticModel
from tests.unit.compile.shop import MODEL, Sizes, planned

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)  # a Monday
OPEN_TICKETS = "SELECT c.name FROM customer AS c JOIN ticket AS t ON t.customer_id = c.customer_id"


def under(rules: dict[str, Any], **sources: dict[str, Any]) -> SemanticModel:
    """The shop under some rules; `sources` marks its sources."""
    raw = MODEL.model_dump(by_alias=True)
    raw["entities"]["customer"]["fields"]["name"]["pii"] = "contact"
    raw["policies"]["allow_pii"] = ["contact"]
    raw["policies"]["approval"]["rules"] = rules
    raw["policies"]["approval"]["approvers"] = {"group": "approvers"}
    for name, marks in sources.items():
        raw["sources"][name] |= marks
    return SemanticModel.model_validate(raw)


def risk(
    sql: str,
    rules: dict[str, Any],
    *,
    planner: str = "grammar",
    at: datetime = NOON,
    **sources: dict[str, Any],
) -> Risk:
    """The risk of a query under some rules."""
    return score(planned(sql), planner, under(rules, **sources), Sizes(), at)


def test_everything_is_low_unless_the_policy_says_so() -> None:
    """Without rules, personal data, large scans, hand-written SQL and nights are of low risk."""
    night = NOON.replace(hour=3)
    found = risk("SELECT name FROM customer", {}, planner="sql", at=night, sales={"region": "eu"})
    assert (found.level, found.hits) == ("low", ())
    assert found.rows == 5_000
    assert [(read.source, read.entity, read.rows) for read in found.reads] == [
        ("sales", "customer", 5_000)
    ]


@pytest.mark.parametrize(
    ("sql", "rules", "level", "reason"),
    [
        (
            "SELECT name FROM customer",
            {"pii": {"contact": "high"}},
            "high",
            "customer.name is pers",
        ),
        ("SELECT segment FROM customer", {"pii": {"contact": "high"}}, "low", ""),
        (
            "SELECT segment FROM customer WHERE name = 'x'",
            {"pii": {"contact": "medium"}},
            "medium",
            "customer.name is personal data (class contact)",
        ),
        (
            'SELECT amount FROM "order"',
            {"rows": [{"over": 1000, "level": "medium"}, {"over": 50_000, "level": "high"}]},
            "high",
            "about 60,000 rows are read, more than 50,000",
        ),
        (
            "SELECT name FROM customer",
            {"rows": [{"over": 1000, "level": "medium"}, {"over": 50_000, "level": "high"}]},
            "medium",
            "about 5,000 rows are read, more than 1,000",
        ),
        ("SELECT name FROM customer", {"rows": [{"over": 5000, "level": "high"}]}, "low", ""),
        (
            'SELECT amount FROM "order"',
            {"bytes": [{"over": 900_000, "level": "forbidden"}]},
            "forbidden",
            "about 1 MB are read",
        ),
        (
            'SELECT COUNT(*) AS n FROM "order"',
            {"full_scan": [{"over": 50_000, "level": "high"}]},
            "high",
            "all of public.orders in sales is gone through, about 60,000 rows",
        ),
        (
            'SELECT COUNT(*) FILTER (WHERE amount > 5) AS n FROM "order"',
            {"full_scan": [{"over": 50_000, "level": "high"}]},
            "high",
            "all of public.orders",
        ),
        (
            'SELECT COUNT(*) AS n FROM "order" WHERE order_id = 5',
            {"full_scan": [{"over": 50_000, "level": "high"}]},
            "low",
            "",
        ),
        (
            'SELECT amount FROM "order" LIMIT 5',
            {"full_scan": [{"over": 50_000, "level": "high"}]},
            "low",
            "",
        ),
        (
            'SELECT amount FROM "order" ORDER BY amount LIMIT 5',
            {"full_scan": [{"over": 50_000, "level": "high"}]},
            "high",
            "all of public.orders",
        ),
        (
            "SELECT COUNT(*) AS n FROM ticket",
            {"full_scan": [{"over": 5_000, "level": "medium"}]},
            "medium",
            "all of tickets in support",
        ),
        (
            "SELECT COUNT(*) AS n FROM ticket WHERE number = 'a'",
            {"full_scan": [{"over": 5_000, "level": "medium"}]},
            "low",
            "",
        ),
    ],
)
def test_a_rule_gives_its_level_and_reason(
    sql: str, rules: dict[str, Any], level: str, reason: str
) -> None:
    """A query that meets a rule is of its level, and the reason says why; others are low."""
    found = risk(sql, rules)
    assert found.level == level
    assert reason in "; ".join(found.reasons)


def test_sources_can_be_sensitive_and_lie_in_regions() -> None:
    """A marked source counts when it is read; regions count when two are joined."""
    marks: dict[str, Any] = {
        "sales": {"region": "eu"},
        "support": {"region": "us", "sensitive": True},
    }
    rules = {"sensitive": "medium", "cross_border": "high"}
    both = risk(OPEN_TICKETS, rules, **marks)
    assert both.level == "high"
    assert both.reasons == (
        "data of several regions is joined: sales (eu) and support (us)",
        "the source support is marked as sensitive",
    )
    assert risk("SELECT name FROM customer", rules, **marks).level == "low"
    assert risk(OPEN_TICKETS, rules, sales={"region": "eu"}).level == "low"


def test_only_sql_written_by_hand_is_free_form() -> None:
    """SQL of a person is of the rule's level, a planner's is not."""
    rules = {"free_form": "medium"}
    assert risk("SELECT name FROM customer", rules, planner="sql").level == "medium"
    assert risk("SELECT name FROM customer", rules, planner="claude").level == "low"


@pytest.mark.parametrize(
    ("at", "level"),
    [
        ("2026-06-15T07:59+00:00", "low"),  # 9:59 in Berlin
        ("2026-06-15T05:59+00:00", "medium"),  # 7:59
        ("2026-06-15T15:59+00:00", "low"),
        ("2026-06-15T16:00+00:00", "medium"),  # 18:00
        ("2026-06-13T12:00+00:00", "medium"),  # a Saturday
        ("2026-06-12T22:30+00:00", "medium"),  # Saturday in Berlin
    ],
)
def test_hours_are_those_of_the_model_s_time_zone(at: str, level: str) -> None:
    """Office hours begin and end where the model says that it lives."""
    model = under({"out_of_hours": {"level": "medium"}})
    model = model.model_copy(update={"time_zone": "Europe/Berlin"})
    plan = planned("SELECT name FROM customer")
    assert score(plan, "grammar", model, Sizes(), datetime.fromisoformat(at)).level == level


def hits(*given: tuple[str, str]) -> Risk:
    """A risk with these rules met."""
    return Risk(tuple(Hit(rule, level, rule) for rule, level in given), (), 10, 10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "exceeds"),
    [
        ([("a", "medium")], [("a", "high")], True),
        ([("a", "high")], [("a", "high")], False),
        ([("a", "high")], [("a", "high"), ("b", "high")], True),
        ([("a", "high")], [("a", "high"), ("b", "medium")], False),
        ([("a", "high")], [("a", "medium")], False),
        ([], [("a", "medium")], True),
    ],
)
def test_risk_exceeds_what_was_decided_on(
    before: list[tuple[str, str]], after: list[tuple[str, str]], exceeds: bool
) -> None:
    """A higher level, or a rule of the same level that was not known, is more than was decided."""
    assert (hits(*after).exceeds(hits(*before)) is not None) is exceeds


def test_a_risk_comes_back_from_the_store() -> None:
    """What JSON keeps of a risk is the whole of it."""
    found = risk(OPEN_TICKETS, {"sensitive": "high"}, support={"sensitive": True})
    assert risk_of(asdict(found)) == found


_GRANTED = "SELECT name FROM customer WHERE segment = 'a' AND name = 'x'"


@pytest.mark.parametrize(
    ("sql", "covered"),
    [
        (_GRANTED, True),
        (_GRANTED.replace("'a'", "'b'").replace("'x'", "'y'"), True),
        ("SELECT name FROM customer WHERE segment = 'a'", False),  # about 833 rows
        (_GRANTED.replace("name FROM", "name, health FROM"), False),
        (OPEN_TICKETS + " WHERE c.segment = 'a' AND c.name = 'x'", False),
        (f"{_GRANTED} AND spend > 1", False),
    ],
)
def test_a_grant_covers_no_more_than_it_was_given_for(sql: str, covered: bool) -> None:
    """Other values are covered; other fields, entities, sources and more rows are not."""
    rules = {"pii": {"contact": "high"}}
    given = planned(_GRANTED)
    grant = grant_for("g", "T1", "C1", given, risk(_GRANTED, rules), "U1", NOON, 30)
    assert grant.max_rows == 100
    assert grant.covers(planned(sql), risk(sql, rules)) is covered


@pytest.mark.parametrize(
    ("rows", "most"),
    [(0, 100), (33, 100), (34, 200), (500, 2_000), (1_000, 5_000), (9_999, 50_000)],
)
def test_granted_rows_are_a_round_number(rows: int, most: int) -> None:
    """Three times the estimate, rounded up to 1, 2 or 5 with noughts."""
    assert rows_granted(rows) == most


def test_a_grant_covers_no_other_rule() -> None:
    """What was granted by day is asked about at night, and the forbidden stays so."""
    rules = {"pii": {"contact": "high"}, "out_of_hours": {"level": "medium"}}
    by_day = risk(_GRANTED, rules)
    grant = grant_for("g", "T1", "C1", planned(_GRANTED), by_day, "U1", NOON, 30)
    assert grant.covers(planned(_GRANTED), by_day)
    assert not grant.covers(planned(_GRANTED), risk(_GRANTED, rules, at=NOON.replace(hour=3)))
    forbidden = replace(by_day, hits=tuple(replace(h, level="forbidden") for h in by_day.hits))
    assert not grant.covers(planned(_GRANTED), forbidden)
