"""Queries put into a model's YAML: in its own format, and every other byte as it was."""

from pathlib import Path

import pytest
import yaml

from adapters.errors import SemanticModelError
from orchestrator.semantic import VerifiedQuery
from orchestrator.semantic.verified import with_verified

MODEL = Path(__file__).parents[2] / "semantic_model.yaml"
NEW = (
    VerifiedQuery(
        question="how many: customers?", sql="SELECT COUNT(*) AS customers FROM customer"
    ),
    VerifiedQuery(
        question="revenue by country",
        sql='SELECT c.country, SUM(o.amount) AS revenue FROM customer AS c JOIN "order" AS o ON '
        "o.customer_id = c.customer_id WHERE c.name <> 'A  # B' GROUP BY c.country",
    ),
    VerifiedQuery(
        question="who?", sql="SELECT c.name FROM customer AS c WHERE c.name <> 'two\n lines'"
    ),
)
BLOCK = """\
verified_queries:
-   question: one?
    sql: >-
      SELECT
      1

# policies are last
policies: {}  # none
"""


def queries(text: str) -> list[dict[str, str]]:
    """What a text holds."""
    return yaml.safe_load(text)["verified_queries"]


def test_the_demos_model_keeps_every_byte() -> None:
    """What is new stands behind the last query, in its folded form, and says what it should."""
    old = MODEL.read_text(encoding="utf-8")
    new = with_verified(old, NEW)
    assert new.startswith(old)
    assert queries(new)[-3:] == [one.model_dump() for one in NEW]
    added = new.removeprefix(old)
    assert added.startswith(
        "  - question: 'how many: customers?'\n    sql: >-\n      SELECT COUNT(*)"
    )
    assert max(map(len, added.splitlines()[:-1])) < 100


def test_what_follows_the_list_stays_behind_it() -> None:
    """The items' own indentation is taken up; blank lines and comments behind them, and sections
    that come after, stay where they stood."""
    new = with_verified(BLOCK, NEW[:1])
    assert new == BLOCK.replace(
        "      1\n",
        "      1\n-   question: 'how many: customers?'\n    sql: >-\n"
        "      SELECT COUNT(*) AS customers FROM customer\n",
    )


@pytest.mark.parametrize(
    "old",
    [
        "name: Shop\n",
        "name: Shop",
        "name: Shop\r\npolicies: {}\r\n",
        "verified_queries: []\nname: Shop\n",
        'name: Shop\nverified_queries: [{question: "a", sql: SELECT 1}]\n',
        "name: Shop\nverified_queries:\n  - {question: a, sql: SELECT 1}",
        "name: Shop\nverified_queries:\n  - question: a\n    sql: SELECT 1  # checked\n\n\n",
        "verified_queries:\n  - question: a\n    sql: |-\n      SELECT 1\n      # it\nname: Shop\n",
    ],
)
def test_every_way_to_write_the_list(old: str) -> None:
    """With none, in one line, without an end of the last line, with Windows' ends of lines: the
    queries come last, and the old text is what is left when they are cut out."""
    new = with_verified(old, NEW)
    before = yaml.safe_load(old).get("verified_queries") or []
    assert queries(new) == [*before, *(one.model_dump() for one in NEW)]
    start = next(at for at, (a, b) in enumerate(zip(old + "\0", new, strict=False)) if a != b)
    assert old[start:] == "" or new.endswith(old[start:])
    assert ("\r\n" in old) == ("\r\n" in new)


def test_nothing_new_is_no_change() -> None:
    """A text stays the same text."""
    assert with_verified(BLOCK, ()) == BLOCK


def test_what_cannot_be_added_is_an_error() -> None:
    """Where the list is an alias of another one, the file is not guessed at."""
    aliased = "old: &a\n  - {question: a, sql: SELECT 1}\nverified_queries: *a\nname: Shop\n"
    with pytest.raises(SemanticModelError, match="by hand"):
        with_verified(aliased, NEW)
