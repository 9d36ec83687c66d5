"""Vault's policy text and durations, read as Vault reads them."""

import pytest

from sandbox.vault.policies import capabilities, parse
from sandbox.vault.requests import Refusal, seconds

POLICY = parse(
    """
    # what the bot may read
    path "secret/data/*" { capabilities = ["read", "list"] }
    path "secret/data/other/*" { capabilities = ["deny"] }
    path "secret/+/one" { capabilities = ["delete"] }
    path "database/creds/sales-read" {
      capabilities = ["read"]  // and nothing else
    }
    """
)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("secret/data/a/b", {"read", "list"}),
        ("secret/data/other/b", set[str]()),
        ("secret/metadata/one", {"delete"}),
        ("secret/metadata/deep/one", set[str]()),
        ("database/creds/sales-read", {"read"}),
        ("database/creds/sales-read2", set[str]()),
        ("sys/seal", set[str]()),
    ],
)
def test_the_most_specific_pattern_decides(path: str, allowed: set[str]) -> None:
    """A path gets the capabilities of the pattern that says most about it, and deny wins."""
    assert capabilities([POLICY], path) == allowed


def test_policies_add_up() -> None:
    """Two policies with the same pattern give the capabilities of both."""
    more = parse('path "secret/data/*" { capabilities = ["update"] }')
    assert capabilities([POLICY, more], "secret/data/a") == {"read", "list", "update"}


@pytest.mark.parametrize(
    "text",
    [
        'path "a" { capabilities = ["fly"] }',
        'path "a" { policy = "read" }',
        'path "a" { capabilities = ["read"]',
    ],
)
def test_a_policy_that_is_not_understood_is_refused(text: str) -> None:
    """What the parser does not know is an error, never an empty policy."""
    with pytest.raises(ValueError, match="path"):
        parse(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("90", 90), (90, 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("", 7), (None, 7)],
)
def test_durations(value: object, expected: float) -> None:
    """Durations are read in every form that Vault takes."""
    assert seconds(value, 7) == expected


def test_a_duration_that_is_not_one() -> None:
    """Any other text is refused."""
    with pytest.raises(Refusal, match="soon"):
        seconds("soon", 7)
