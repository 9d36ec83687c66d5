"""What the policy lets each audience see of an answer."""

from typing import Any

import pytest

from adapters.base import Capabilities
from adapters.postgres import PostgresAdapter
from orchestrator.approve.audience import kept_from
from orchestrator.compile import Compiler
from orchestrator.semantic import Audience, SemanticModel

CAPABILITIES: dict[str, Capabilities] = dict.fromkeys(("crm", "hr"), PostgresAdapter.capabilities)


def model(**audience: Any) -> SemanticModel:
    """Customers with an address and a card, and people in a sensitive source."""
    fields = {name: {"type": "string"} for name in ("id", "name")}
    private = {
        "email": {"type": "string", "pii": "contact"},
        "card": {"type": "string", "pii": "payment"},
    }
    bound = {name: name for name in (*fields, *private)}
    return SemanticModel.model_validate(
        {
            "name": "Shop",
            "sources": {"crm": {"kind": "postgres"}, "hr": {"kind": "postgres", "sensitive": True}},
            "entities": {
                "customer": {
                    "description": "Who buys",
                    "key": "id",
                    "fields": fields | private,
                    "bindings": {"crm": {"relation": "customers", "fields": bound}},
                },
                "person": {
                    "description": "Who works here",
                    "key": "id",
                    "fields": fields,
                    "bindings": {
                        "hr": {"relation": "people", "fields": {"id": "id", "name": "name"}}
                    },
                },
            },
            "policies": {"allow_pii": ["contact", "payment"], "audience": audience},
        }
    )


def reasons(sql: str, audience: Audience, channel: str = "C1", **policy: Any) -> tuple[str, ...]:
    """Why an answer may not be posted."""
    here = model(**policy)
    plan = Compiler(here, CAPABILITIES).compile(sql)
    return kept_from(here.policies.audience.of(audience, channel), plan, here)


@pytest.mark.parametrize("sql", ["SELECT email FROM customer", "SELECT COUNT(*) AS n FROM person"])
def test_without_a_policy_many_see_no_personal_data_and_no_sensitive_source(sql: str) -> None:
    """Direct messages and private channels see all that may be read, public and shared ones no
    personal data, and nothing of a sensitive source, not even a count."""
    assert reasons(sql, "direct") == reasons(sql, "private") == ()
    assert len(reasons(sql, "public")) == len(reasons(sql, "shared")) == 1


def test_what_is_only_counted_or_compared_may_be_posted() -> None:
    """A condition on personal data, and a count of it, show none."""
    sql = "SELECT COUNT(email) AS n FROM customer WHERE card IS NOT NULL"
    assert reasons(sql, "shared") == ()


def test_reasons_name_the_field_and_its_class() -> None:
    """What keeps an answer back is said in words for people."""
    (said,) = reasons("SELECT name, MAX(email) AS e FROM customer GROUP BY name", "public")
    assert said == "it shows customer.email, which is personal data (class contact)"


def test_classes_and_sources_can_be_named() -> None:
    """A named class may be posted and the other not; a named source may."""
    public = {"pii": ["contact"], "sensitive": ["hr"]}
    assert reasons("SELECT email FROM customer", "public", public=public) == ()
    assert reasons("SELECT name FROM person", "public", public=public) == ()
    assert len(reasons("SELECT email, card FROM customer", "public", public=public)) == 1
    assert len(reasons("SELECT email, card FROM customer", "shared", public=public)) == 2


def test_an_audience_can_see_some_entities_and_fields_alone() -> None:
    """Beside those of `only` nothing is shown, and no other entity is read."""
    shared = {"only": ["customer.name"]}
    assert reasons("SELECT name FROM customer", "shared", shared=shared) == ()
    assert reasons("SELECT COUNT(*) AS n FROM customer", "shared", shared=shared) == ()
    assert reasons("SELECT id FROM customer", "shared", shared=shared) == ("it shows customer.id",)
    (said,) = reasons(
        "SELECT COUNT(*) AS n FROM person", "shared", shared={**shared, "sensitive": ["hr"]}
    )
    assert said == "it reads person"
    whole = {"only": ["customer"]}
    assert reasons("SELECT id, name FROM customer", "shared", shared=whole) == ()


def test_a_channel_s_own_rule_ends_with_people_from_outside() -> None:
    """A channel's rule stands in for that of public and private ones, never for that of shared
    ones, and is no other channel's."""
    channels = {"C1": {"pii": ["contact"]}}
    sql = "SELECT email FROM customer"
    assert reasons(sql, "public", channels=channels) == ()
    assert len(reasons(sql, "shared", channels=channels)) == 1
    assert len(reasons(sql, "public", "C2", channels=channels)) == 1
    assert reasons("SELECT card FROM customer", "private", channels=channels) != ()
