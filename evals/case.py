"""The questions: plain YAML, one file a kind, one folder a domain."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
DOMAINS = ("meridian", "hospital")
KINDS = (
    "single_source",
    "cross_source",
    "search",
    "time",
    "follow_up",
    "ambiguous",
    "impossible",
    "hostile",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One question and what is right.

    `after` are the questions before it in its thread, oldest first. `checks` are queries any of
    whose rows are right, `ordered` if the question asks for an order. Without one it must be asked
    back with one of the words of `clarify`, or, if `refuse`, give no query that may run.
    `held_out` questions were not looked at while the planner was worked on.
    """

    domain: str
    kind: str
    text: str
    held_out: bool
    after: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    ordered: bool = False
    clarify: tuple[str, ...] = ()
    refuse: bool = False

    @property
    def name(self) -> str:
        """The question with its thread, which is unique in its domain."""
        return " / ".join((*self.after, self.text))


def cases(domain: str) -> list[Case]:
    """All questions of a domain, in the order of KINDS."""
    found: list[Case] = []
    for kind in KINDS:
        parts = yaml.safe_load((FOLDER / domain / f"{kind}.yaml").read_text(encoding="utf-8"))
        for part in ("tuned_on", "held_out"):
            found += [_case(domain, kind, part == "held_out", one) for one in parts[part]]
    return found


def _case(domain: str, kind: str, held_out: bool, written: dict[str, Any]) -> Case:
    checks = written.pop("check", ())
    return Case(
        domain,
        kind,
        written.pop("ask"),
        held_out,
        after=tuple(written.pop("after", ())),
        checks=(checks,) if isinstance(checks, str) else tuple(checks),
        clarify=tuple(written.pop("clarify", ())),
        **written,
    )
