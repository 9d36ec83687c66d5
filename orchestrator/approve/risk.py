"""How risky a plan is: the level, each reason in words, and what would be read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orchestrator.semantic import Level

LEVELS: tuple[Level, ...] = ("low", "medium", "high", "forbidden")


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule that a plan meets. `rule` names it for good; `reason` is for people."""

    rule: str
    level: Level
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """What one fetch reads: `rows` is an estimate, None without one."""

    source: str
    entity: str
    rows: int | None
    unit: str


@dataclass(frozen=True, slots=True)
class Risk:
    """Every rule that was met, and what is read: `rows` and `bytes` over all fetches, estimated."""

    hits: tuple[Hit, ...]
    reads: tuple[Read, ...]
    rows: int
    bytes: int

    @property
    def level(self) -> Level:
        """The highest level of a rule that was met; low when none was."""
        return LEVELS[max((LEVELS.index(hit.level) for hit in self.hits), default=0)]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the plan is not of low risk, the weightiest first."""
        ordered = sorted(self.hits, key=lambda hit: -LEVELS.index(hit.level))
        return tuple(hit.reason for hit in ordered)

    def exceeds(self, other: "Risk") -> str | None:
        """Why this is more than whoever decided on `other` was told, or None when it is not: a
        higher level, or a rule of this level that was not met before."""
        if LEVELS.index(self.level) > LEVELS.index(other.level):
            return f"the risk is {self.level} now: {self.reasons[0]}"
        known = {hit.rule for hit in other.hits}
        added = [hit for hit in self.hits if hit.level == self.level and hit.rule not in known]
        return f"there is a new reason: {added[0].reason}" if added else None


def weighed(hits: Iterable[Hit], reads: tuple[Read, ...], rows: int, size: int) -> Risk:
    """The risk of what was met; a hit of the level low is none."""
    return Risk(tuple(hit for hit in hits if hit.level != "low"), reads, rows, size)


def risk_of(kept: dict[str, Any]) -> Risk:
    """A risk as the store kept it (`dataclasses.asdict`)."""
    return Risk(
        tuple(Hit(**one) for one in kept["hits"]),
        tuple(Read(**one) for one in kept["reads"]),
        kept["rows"],
        kept["bytes"],
    )
