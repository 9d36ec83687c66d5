"""The corpus itself: how much it holds, and that nothing in it is there twice."""

import json
from collections import Counter

from tests.hostile.corpus import everything


def test_there_are_enough_of_each_kind() -> None:
    """Hundreds of inputs, each with a reason, and no kind has run dry."""
    kinds = Counter(case.id.split("-")[0] for case in everything())
    assert kinds.total() >= 900
    assert min(kinds.values()) >= 30
    assert all(case.why.endswith(".") for case in everything())


def test_no_input_stands_twice() -> None:
    """Each input of a file differs from all others there."""
    seen = Counter((case.id.rsplit("-", 1)[0], json.dumps(case.input)) for case in everything())
    assert [one for one, count in seen.items() if count > 1] == []
