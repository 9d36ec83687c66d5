"""What is said of data that nobody has modelled."""

from orchestrator.plan import Clarification, Draft
from orchestrator.plan.unmodelled import with_unmodelled
from orchestrator.retrieve import Candidates

NEAR = Candidates((), unmodelled=("sales.public.shipments",))


def test_a_draft_says_what_it_did_not_read() -> None:
    """The relation is an assumption of the answer; nothing else of the draft changes."""
    found = with_unmodelled(Draft("SELECT 1", "grammar", assumptions=("one",)), NEAR)
    assert isinstance(found, Draft)
    assert found.assumptions[0] == "one"
    assert "sales.public.shipments" in found.assumptions[1]
    assert "not read" in found.assumptions[1]


def test_a_clarification_says_what_is_there() -> None:
    """What was not understood may be that relation."""
    found = with_unmodelled(Clarification("What are shipments?"), NEAR)
    assert isinstance(found, Clarification)
    assert found.message.startswith("What are shipments? ")
    assert "sales.public.shipments" in found.message


def test_without_such_data_nothing_is_said() -> None:
    """A draft stays as it is."""
    draft = Draft("SELECT 1", "grammar")
    assert with_unmodelled(draft, Candidates(())) is draft
