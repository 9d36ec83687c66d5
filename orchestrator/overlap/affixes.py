"""What stands before and behind a key on one side alone, read from the two sides' values."""

from collections import Counter
from collections.abc import Collection, Iterable, Set

Affixes = tuple[str, str]
"""What stands before a key and what stands behind it; either may be empty."""

MAX_LENGTH = 64
_MOST = 4
_SHARE = 0.1


def plain(text: str) -> str:
    """A key by which two sides are laid side by side: a number without its leading zeros."""
    return (text.lstrip("0") or "0") if text.isdigit() else text


def affixes(values: Iterable[str], others: Set[str]) -> list[Affixes]:
    """What stands around the `others` (as `plain` gives them) in `values`, the most frequent first.

    Each value votes for the affixes that leave most of it; those of fewer than two votes, or of a
    tenth, are chance.
    """
    votes: Counter[Affixes] = Counter()
    for value in values:
        found = _around(value, others)
        if found is not None:
            votes[found] += 1
    least = max(2.0, votes.total() * _SHARE)
    return [pair for pair, count in votes.most_common(_MOST) if count >= least]


def _around(value: str, others: Collection[str]) -> Affixes | None:
    if len(value) > MAX_LENGTH or plain(value) in others:
        return None
    for length in range(len(value) - 1, 0, -1):
        for start in range(len(value) - length + 1):
            end = start + length
            if _is_cut(value, start) and _is_cut(value, end) and plain(value[start:end]) in others:
                return value[:start], value[end:]
    return None


def _is_cut(value: str, at: int) -> bool:
    """True where a key may begin or end: not in the middle of a number."""
    return not (0 < at < len(value) and value[at - 1].isdigit() and value[at].isdigit())
