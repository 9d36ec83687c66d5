"""What a planner's outcomes come to: how many are right by kind, and how sure it was when wrong."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from evals.case import DOMAINS, FOLDER, KINDS
from evals.run import Outcome


@dataclass(frozen=True, slots=True)
class Tally:
    """How many questions were asked, and what became of them."""

    asked: int
    right: int
    asked_back: int
    wrong: int

    @property
    def accuracy(self) -> float:
        """The share that is right, 0 to 1."""
        return self.right / self.asked if self.asked else 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """One planner's result on all questions. `sure` are answers at high confidence, `misled` those
    of them that are wrong; the digests tell what was asked of what, by which prompt."""

    planner: str
    kinds: dict[str, Tally]
    domains: dict[str, Tally]
    held_out: Tally
    total: Tally
    sure: int
    misled: int
    wrong: tuple[str, ...]
    digests: dict[str, str]

    def plain(self) -> dict[str, object]:
        """The score as JSON holds it."""
        return asdict(self)


def score(planner: str, outcomes: list[Outcome], digests: dict[str, str]) -> Score:
    """Count the outcomes."""

    def tally(is_one: Callable[[Outcome], bool]) -> Tally:
        verdicts = Counter(one.verdict for one in outcomes if is_one(one))
        return Tally(verdicts.total(), verdicts["right"], verdicts["asked"], verdicts["wrong"])

    sure = [one for one in outcomes if one.answered_surely]
    return Score(
        planner,
        {kind: tally(lambda one, kind=kind: one.case.kind == kind) for kind in KINDS},
        {name: tally(lambda one, name=name: one.case.domain == name) for name in DOMAINS},
        tally(lambda one: one.case.held_out),
        tally(lambda one: True),
        len(sure),
        sum(one.verdict == "wrong" for one in sure),
        tuple(sorted(one.case.name for one in outcomes if one.verdict == "wrong")),
        {**digests, "questions": questions_digest()},
    )


def questions_digest() -> str:
    """The digest of all questions and checks."""
    files = (FOLDER / domain / f"{kind}.yaml" for domain in DOMAINS for kind in KINDS)
    return digest(path.read_text(encoding="utf-8") for path in files)


def digest(texts: Iterable[str]) -> str:
    """Twelve hexadecimal digits of the sha256 of some texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]
