"""The offline planner's score: it may rise, and never fall unseen."""

import pytest

from evals.asking import grammar_planner, run
from evals.case import DOMAINS, KINDS, Case, cases
from evals.domain import Domain, open_domain
from evals.report import MOST_MISLED, PAGE, kept, page
from evals.run import Outcome
from evals.score import Score, questions_digest, score

ALL = [case for domain in DOMAINS for case in cases(domain)]


@pytest.fixture(scope="module")
def domains() -> list[Domain]:
    """Both domains with their rows."""
    return [open_domain(name) for name in DOMAINS]


@pytest.fixture(scope="module")
async def outcomes(domains: list[Domain]) -> list[Outcome]:
    """What the offline planner makes of every question."""
    return [one for d in domains for one in await run(d, grammar_planner(d.model))]


@pytest.fixture(scope="module")
async def scored(outcomes: list[Outcome]) -> Score:
    """The offline planner's score, as the code is now."""
    return score("grammar", outcomes, {})


def test_there_are_enough_questions_of_each_kind() -> None:
    """At least 150, of every kind in both domains, and none twice."""
    assert len(ALL) >= 150
    assert {(case.domain, case.kind) for case in ALL} == {(d, k) for d in DOMAINS for k in KINDS}
    assert len({(case.domain, case.name) for case in ALL}) == len(ALL)
    assert sum(case.held_out for case in ALL) >= 40


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_question_has_one_expectation(case: Case) -> None:
    """Rows, words that are asked back, or a refusal."""
    assert [bool(case.checks), bool(case.clarify), case.refuse].count(True) == 1


def test_no_check_is_empty(domains: list[Domain]) -> None:
    """A check without rows, or with nothing in them, could not tell a right answer from none."""
    for domain in domains:
        for case in cases(domain.name):
            for sql in case.checks:
                rows = domain.check(sql).to_pylist()
                assert any(value is not None for row in rows for value in row.values()), case.name


def test_the_score_does_not_fall(scored: Score, outcomes: list[Outcome]) -> None:
    """Of every kind as many are right as docs/evals.md says; if more are, `make eval` tells it."""
    before = kept("grammar")["kinds"]
    fallen = [kind for kind in KINDS if scored.kinds[kind].right < before[kind]["right"]]
    said = [f"{o.verdict}: {o.case.name}" for o in outcomes if o.verdict != "right"]
    assert not fallen, "\n".join(said)


def test_nine_of_ten_are_right(scored: Score) -> None:
    """The offline planner's accuracy over all questions is at least 90 %."""
    assert scored.total.accuracy >= 0.9


def test_high_confidence_is_rarely_wrong(scored: Score) -> None:
    """Of the answers at high confidence at most one in fifty is wrong."""
    assert scored.sure >= 50
    assert scored.misled <= scored.sure * MOST_MISLED


def test_the_page_is_of_these_questions() -> None:
    """docs/evals.md is what the kept scores give, and they are of the questions as they stand."""
    assert PAGE.read_text(encoding="utf-8") == page()
    assert kept("grammar")["digests"]["questions"] == questions_digest(), "run `make eval`"
