"""Hostile semantic SQL against the parser, the resolver and the compiler."""

import pytest

from adapters import errors
from orchestrator.explain import pretty
from tests.hostile.corpus import Case, each
from tests.unit.compile.shop import planned


@each("semantic", lambda case: case["refused"])
def test_refused_with_what_it_is(case: Case) -> None:
    """What is not one plain SELECT over entities is refused, in a short message that says why."""
    with pytest.raises(getattr(errors, case["refused"]), match=case["said"]) as refused:
        planned(case.input)
    assert len(str(refused.value)) < 400


@each("semantic", lambda case: not case["refused"])
def test_harmless_text_is_read_as_what_it_means(case: Case) -> None:
    """What is odd but harmless is written anew from its tree."""
    plan = planned(case.input)
    assert plan.sql == case["becomes"]
    assert pretty(plan.sql)
