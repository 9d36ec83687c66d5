"""Who may read what: each part of a rule, and how rules add up."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.errors import AccessDenied, SemanticModelError
from adapters.query import SqlQuery
from orchestrator.compile import Compiler, Plan
from orchestrator.compile.resolve import Resolver
from orchestrator.compile.rights import filled, rights_of
from orchestrator.compile.shapes import Shapes
from orchestrator.question import Requester
from orchestrator.semantic import SemanticModel
from orchestrator.semantic.check_access import check_access
from orchestrator.validate import ValidatedPlan, validate
from tests.unit.access.company import ADA, EVERYONE, STRANGER, model, planned
from tests.unit.compile.shop import CAPABILITIES, MODEL, Sizes

NAMES = "SELECT name FROM customer"
SEGMENTS = "SELECT segment FROM customer"
OWN = {"name": "own", "for": ["user:U1ADA"], "rows": {"customer": "segment = :segment"}}
SEES = {"attributes": {"U1ADA": {"segment": "it's"}}}


def _text(plan: Plan) -> str:
    query = plan.steps[0].query
    assert isinstance(query, SqlQuery)
    return query.text


def _denied(sql: str, here: SemanticModel, who: Requester = ADA) -> str:
    with pytest.raises(AccessDenied) as caught:
        planned(sql, here, who)
    return " ".join(caught.value.reasons)


def test_without_the_section_nothing_changes() -> None:
    """A model without `access` plans as ever, and the plan's digest is what it was."""
    plan = Compiler(MODEL, CAPABILITIES).compile(NAMES, Sizes())
    assert rights_of(MODEL, ADA) is None
    assert (plan.access, plan.warnings) == ("", ())


def test_what_no_rule_allows_is_refused() -> None:
    """With the section, whoever is named by no rule reads nothing."""
    here = model({**EVERYONE, "for": ["user:U1ADA"]})
    assert planned(SEGMENTS, here).steps
    assert "The policy does not let you read customer" in _denied(SEGMENTS, here, STRANGER)


@pytest.mark.parametrize(
    ("who", "asker"),
    [
        ("user:U1ADA", ADA),
        ("user:T1/U1ADA", ADA),
        ("workspace:T1", ADA),
        ("channel:C1", replace(ADA, place="C1")),
        ("group:sales", replace(ADA, groups=frozenset({"sales"}))),
    ],
)
def test_a_rule_is_for_those_that_it_names(who: str, asker: Requester) -> None:
    """By user, workspace, channel or group, and for nobody else."""
    here = model({"name": "some", "for": [who]})
    assert planned(SEGMENTS, here, asker).steps
    assert _denied(SEGMENTS, here, Requester("T2", "U1"))


def test_the_compiler_takes_nobody_for_everyone_alone() -> None:
    """Compiled without rights, a query is held against what everyone may read."""
    here = model({"name": "some", "for": ["user:U1ADA"]})
    with pytest.raises(AccessDenied):
        Compiler(here, CAPABILITIES).compile(SEGMENTS, Sizes())


def test_reads_and_without_name_entities_and_fields() -> None:
    """`reads` lists what may be read, `without` takes from it."""
    here = model({"name": "some", "for": ["everyone"], "reads": ["customer", "order.amount"],
                  "without": ["customer.spend"]})  # fmt: skip
    assert planned(SEGMENTS, here).steps
    assert planned('SELECT amount FROM "order"', here).steps
    assert "customer.spend" in _denied("SELECT spend FROM customer", here)
    assert "order.due_on" in _denied('SELECT due_on FROM "order"', here)
    assert "read ticket" in _denied("SELECT number FROM ticket", here)


def test_personal_data_is_refused_until_a_rule_names_its_class() -> None:
    """A class that no rule names is refused wherever it is used; what is named is shown plain."""
    here = model({"name": "some", "for": ["everyone"]})
    for sql in (NAMES, f"{SEGMENTS} WHERE name = 'x'", "SELECT * FROM customer"):
        assert "customer.name. It is personal data (class contact)" in _denied(sql, here)
    assert planned(NAMES, model({"name": "some", "for": ["everyone"], "pii": ["contact"]})).steps


def test_an_unused_star_is_no_use() -> None:
    """A field that a star brings and nobody takes is not refused."""
    here = model({"name": "some", "for": ["everyone"]})
    assert planned("SELECT segment FROM (SELECT * FROM customer) AS c", here).steps


@pytest.mark.parametrize(
    ("sql", "pushed"),
    [
        (SEGMENTS, '"customer"."segment" = $1'),
        (
            (
                "SELECT t.number FROM ticket AS t LEFT JOIN customer AS c"
                " ON c.customer_id = t.customer_id AND c.spend > 1"
            ),
            '"c"."segment" = $',
        ),
    ],
)
def test_a_row_filter_is_pushed_down(sql: str, pushed: str) -> None:
    """The source is given the condition, with the attribute's value as a parameter."""
    here = model({**OWN, "pii": ["contact"]}, {"name": "health", "for": ["everyone"],
                 "reads": ["ticket"]}, **SEES)  # fmt: skip
    queries = [s.query for s in planned(sql, here).steps if isinstance(s.query, SqlQuery)]
    assert any(pushed in query.text for query in queries)
    assert any("it's" in query.parameters for query in queries)


def test_a_row_filter_leaves_the_query_one_fragment() -> None:
    """A join and sum over one source is still answered there, under the filter."""
    sql = (
        'SELECT c.segment, SUM(o.amount) AS s FROM customer AS c JOIN "order" AS o ON'
        " o.customer_id = c.customer_id GROUP BY c.segment"
    )
    (step,) = planned(sql, model(OWN, **SEES)).steps
    assert "aggregates" in step.pushed


def test_an_unknown_attribute_gives_no_rows_and_says_so() -> None:
    """Whoever has no value for a filter's attribute gets nothing from its rule."""
    assert "needs to know your `segment`" in _denied(SEGMENTS, model(OWN))


def test_lists_and_quotes_stay_values() -> None:
    """A list stands in IN, and no value can end its quotes."""
    given: dict[str, Any] = {"names": ("a", "o'b"), "id": 7}
    assert filled("x IN (:names) AND y = :id", given) == "x IN ('a', 'o''b') AND y = 7"


def test_rules_add_up() -> None:
    """Rows of one rule or the other are seen; a field is plain where a rule shows it so."""
    named = {**EVERYONE, "rows": {"customer": "spend > 5"}}
    own = {**OWN, "pii": ["contact"]}
    sql = planned(NAMES, model(named, own, **SEES)).join.sql
    assert "OR" in sql
    assert "WHEN (\"customer\".\"segment\" = 'it''s') THEN" in sql
    assert '"name"' in _text(planned(NAMES, model(EVERYONE, {**own, "rows": {}}, **SEES)))
    assert planned(NAMES, model(EVERYONE, {**own, "rows": {}}, **SEES)).access == ""


def test_who_is_known_to_be_in_fewer_groups_sees_no_more() -> None:
    """Rights of a group are added to those of everyone, so that an unread group only lacks."""
    chiefs = {"name": "chiefs", "for": ["group:chiefs"], "pii": ["contact"]}
    here = model(EVERYONE, chiefs)
    assert planned(NAMES, here).access
    assert not planned(NAMES, here, replace(ADA, groups=frozenset({"chiefs"}))).access


def test_hours_are_those_of_the_model() -> None:
    """Outside of its hours a rule gives nothing, and the refusal says which they are."""
    here = model({"name": "day", "for": ["everyone"], "hours": {"opens": 9, "closes": 17}})
    compiler = Compiler(here, CAPABILITIES)
    noon, night = (datetime(2026, 3, 4, hour, tzinfo=UTC) for hour in (12, 22))
    assert compiler.compile(SEGMENTS, Sizes(), rights_of(here, ADA, noon)).steps
    for at in (night, None):
        with pytest.raises(AccessDenied, match="holds in its hours alone"):
            compiler.compile(SEGMENTS, Sizes(), rights_of(here, ADA, at))


def test_regions_bound_what_a_rule_reads() -> None:
    """A rule for a region gives nothing that lies elsewhere."""
    here = model({"name": "eu", "for": ["everyone"], "regions": ["eu"]})
    assert planned("SELECT number FROM ticket", here).steps
    assert _denied(SEGMENTS, here)


def test_search_is_refused_where_it_would_rank_hidden_texts() -> None:
    """What is nearest is decided over all texts, so a filter, a mask or a smallest group on them
    refuses it."""
    found = "SELECT memo_id FROM search(memo, 'late', 5)"
    assert planned(found, model()).steps
    for more in (
        {"rows": {"memo": "kind = 'call'"}},
        {"masks": {"memo.text": "null"}},
        {"smallest_group": {"memo": 3}},
        {"without": ["memo.text"]},
    ):
        assert "searched by meaning" in _denied(found, model({**EVERYONE, **more}))


def test_pseudonyms_are_made_in_the_join_with_a_key_that_no_plan_shows() -> None:
    """The plan calls a macro; the key is in neither plan nor dump."""
    here = model({**EVERYONE, "masks": {"contact": "hash"}}, key="a-very-secret-key")
    plan = planned(NAMES, here)
    assert "PSEUDONYM(" in plan.join.sql
    assert "secret-key" not in repr(plan) + here.model_dump_json() + repr(here)


def test_digest_and_scope_tell_two_views_apart() -> None:
    """People who see different rows have different plans to decide on, and share no kept rows."""
    people = {"U1ADA": {"segment": "a"}, "U2": {"segment": "b"}, "U3": {"segment": "a"}}
    here = model({**OWN, "for": ["everyone"]}, attributes=people)
    plans = [planned(SEGMENTS, here, Requester("T1", user)) for user in people]
    assert plans[0].digest == plans[2].digest != plans[1].digest
    scopes = [_validated(plan, here).scope for plan in plans]
    assert scopes[0] == scopes[2] != scopes[1]
    assert here.policies.digest not in scopes


class _Unread:
    def catalog(self, source: str) -> None:
        """No catalog is known."""


def _validated(plan: Plan, here: SemanticModel) -> ValidatedPlan:
    validated = validate(plan, here, _Unread())  # pyright: ignore[reportArgumentType]
    assert isinstance(validated, ValidatedPlan)
    return validated


def test_how_many_keys_meet_is_not_counted_over_hidden_rows() -> None:
    """A count of keys would tell of rows that may not be seen."""
    sql = "SELECT c.segment, t.number FROM customer AS c JOIN ticket AS t USING (customer_id)"
    tickets = {"name": "tickets", "for": ["everyone"], "reads": ["ticket"]}
    assert planned(sql, model(EVERYONE)).join.checks
    assert not planned(sql, model(OWN, tickets, **SEES)).join.checks


@pytest.mark.parametrize(
    "condition", ["segment = ", "nothing = 1", "segment = read_text('x')", "1 = 1; SELECT 1"]
)
def test_a_row_filter_that_can_t_be_read_stops_the_start(condition: str) -> None:
    """It is named with its rule, before anybody asks."""
    here = model({**EVERYONE, "rows": {"customer": condition}})
    with pytest.raises(SemanticModelError, match="The row filter of the rule “everyone”"):
        Resolver(here, Shapes(here))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"reads": ["custommer"]}, "`custommer` can't stand here; did you mean `customer`?"),
        ({"pii": ["health"]}, "`health` can't stand here"),
        ({"masks": {"customer.spend": "hash"}}, "is for text alone"),
        ({"masks": {"customer.spend": "bucket"}}, "needs a `width`"),
        ({"masks": {"customer.joined_on": "bucket"}}, "needs a `unit`"),
        ({"masks": {"contact": "null"}, "pii": ["contact"]}, "is masked here and shown"),
        ({"regions": ["mars"]}, "no source has the region `mars`"),
        ({"smallest_group": {"nobody": 3}}, "`nobody` can't stand here"),
    ],
)
def test_mistakes_of_the_policy_are_named(rule: dict[str, Any], said: str) -> None:
    """Names that point nowhere and masks that don't fit are found when the model is loaded."""
    found = [what for _, what in check_access(model({"name": "x", "for": ["everyone"], **rule}))]
    assert any(said in what for what in found), found


def test_a_hash_takes_a_key() -> None:
    """Without one, pseudonyms could be made by whoever guesses."""
    here = model({**EVERYONE, "masks": {"contact": "hash"}}, key=None)
    assert any("takes a `key`" in what for _, what in check_access(here))


def test_null_masks_and_unset_keys_are_read() -> None:
    """`null` can be written as YAML's own, and an unset key is none."""
    access = model({**EVERYONE, "masks": {"contact": None}}, key="").policies.access
    assert access is not None
    assert access.key is None
    assert access.rules[0].masks["contact"].kind == "null"


def test_what_only_a_filter_reads_is_told_apart() -> None:
    """A planner is not blamed for the entities that a row filter reads."""
    its = "customer_id IN (SELECT customer_id FROM customer WHERE segment = :segment)"
    here = model({**OWN, "rows": {"order": its}}, **SEES)
    plan = planned('SELECT amount FROM "order"', here)
    assert (set(plan.entities), plan.bounding) == ({"order", "customer"}, ("customer",))
