"""What of the policy no other test sees by itself."""

from dataclasses import asdict, replace
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from adapters.errors import AccessDenied
from orchestrator.compile.masks import masked
from orchestrator.compile.pseudonym import pseudonym_macro
from orchestrator.compile.rights import filled
from orchestrator.semantic import FieldSpec, Mask
from tests.unit.access.company import planned
from tests.unit.access.test_groups import FIELD
from tests.unit.approve.test_decide import BINDING


def test_no_value_of_a_filter_ends_its_quotes() -> None:
    """Whatever somebody's attribute is, it stands in a row filter as one literal."""
    found = filled("segment = :segment", {"segment": "a' OR 'a' = 'a"})
    assert found == "segment = 'a'' OR ''a'' = ''a'"


def test_a_null_mask_shows_nothing() -> None:
    """Of a field with the mask `null` every value is NULL."""
    value = masked(Mask(kind="null"), exp.column("name"), FieldSpec(type="string"))
    with duckdb.connect(":memory:") as connection:
        sql = f"SELECT {value.sql('duckdb')} FROM (SELECT 'Ada' AS name)"
        assert connection.sql(sql).fetchall() == [(None,)]


def test_pseudonyms_are_of_the_key() -> None:
    """With another key the same value has another pseudonym: guessing alone finds nobody."""

    def pseudonym(key: str) -> Any:
        with duckdb.connect(":memory:") as connection:
            connection.execute(pseudonym_macro(key))
            return connection.sql("SELECT PSEUDONYM('Ada')").fetchall()

    assert pseudonym("one key") != pseudonym("another key")


@pytest.mark.parametrize("part", ["plan", "fingerprints", "model", "policy", "team", "user"])
def test_a_decision_is_bound_to_each_part(part: str) -> None:
    """When that part alone is another, a decision is about something else."""
    changed: Any = (("sales", "f9"),) if part == "fingerprints" else "another"
    now = replace(BINDING, **{part: changed})
    assert BINDING.digest != now.digest
    assert asdict(BINDING) != asdict(now)
    assert BINDING.difference(now) is not None


def test_no_join_repeats_what_is_added_up() -> None:
    """A join by what is no key would weigh rows, though no column of it singles one out."""
    weighed = "SELECT SUM(c.spend) AS x FROM customer AS c JOIN memo AS m ON m.kind = c.segment"
    with pytest.raises(AccessDenied, match="join m by its whole key"):
        planned(weighed, FIELD)
