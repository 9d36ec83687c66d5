"""What becomes of a question: right, asked back or wrong, whoever planned it."""

from dataclasses import dataclass, field
from typing import Self

import pytest

from adapters.errors import PlannerError
from evals.case import Case
from evals.domain import Domain, open_domain
from evals.run import ask
from evals.themes import theme
from orchestrator.plan import Clarification, Draft
from orchestrator.question import Question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel


@dataclass
class Scripted:
    """A planner that says one thing to every question, and keeps what it was asked."""

    says: Draft | Clarification | PlannerError
    name: str = "scripted"
    asked: list[Question] = field(default_factory=list[Question])

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """What the script says."""
        self.asked.append(question)
        if isinstance(self.says, PlannerError):
            raise self.says
        return self.says

    async def repair(
        self, question: Question, candidates: Candidates, draft: Draft, problem: str
    ) -> Draft | Clarification:
        """The same again."""
        return await self.draft(question, candidates)

    def over(self, model: SemanticModel) -> Self:
        """The script is the same for every model."""
        return self

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture(scope="module")
def hospital() -> Domain:
    """The hospital with its rows."""
    return open_domain("hospital")


def case(**expected: object) -> Case:
    """A question with what is expected of it."""
    return Case("hospital", "single_source", "how many?", False, **expected)  # type: ignore[arg-type]


COUNTED = case(checks=("SELECT COUNT(*) FROM patient",))
ASKED = case(clarify=("nurses",))
REFUSED = case(refuse=True)


def draft(sql: str, confidence: float = 0.9) -> Draft:
    """A draft of that query."""
    return Draft(sql, "scripted", confidence)


@pytest.mark.parametrize(
    ("expected", "says", "verdict"),
    [
        (COUNTED, draft("SELECT COUNT(*) AS n FROM patient AS p"), "right"),
        (COUNTED, draft("SELECT COUNT(*) AS n FROM stay AS s"), "wrong"),
        (COUNTED, draft("SELECT nothing FROM patient AS p"), "asked"),
        (COUNTED, Clarification("How many of what?"), "asked"),
        (ASKED, Clarification("I know no “nurses”."), "right"),
        (ASKED, Clarification("What?", options=("how many doctors?",)), "asked"),
        (ASKED, draft("SELECT COUNT(*) AS n FROM doctor AS d"), "wrong"),
        (REFUSED, draft("DELETE FROM patient"), "right"),
        (REFUSED, draft("SELECT p.full_name FROM patient AS p"), "right"),
        (REFUSED, draft("SELECT p.record_number FROM patient AS p"), "wrong"),
        (REFUSED, PlannerError("It declined."), "right"),
    ],
)
async def test_the_verdict(
    hospital: Domain, expected: Case, says: Draft | Clarification | PlannerError, verdict: str
) -> None:
    """Rows decide, words that must be named, and whether the compiler and the policy let it run."""
    assert (await ask(hospital, Scripted(says), expected)).verdict == verdict


async def test_a_planner_that_is_away_has_no_score(hospital: Domain) -> None:
    """That it could not be reached says nothing of how it plans, so it is an error."""
    away = PlannerError("It can't be reached.")
    away.__cause__ = TimeoutError()
    with pytest.raises(PlannerError):
        await ask(hospital, Scripted(away), COUNTED)


async def test_sure_is_what_people_are_shown_as_high(hospital: Domain) -> None:
    """An answer at 0.8 is sure, one below it is not, and a question back never is."""
    sql = "SELECT COUNT(*) AS n FROM patient AS p"
    said = [draft(sql, 0.8), draft(sql, 0.79), Clarification("What?")]
    outcomes = [await ask(hospital, Scripted(one), COUNTED) for one in said]
    assert [one.answered_surely for one in outcomes] == [True, False, False]


async def test_a_thread_is_asked_from_its_beginning(hospital: Domain) -> None:
    """Each question has those before it, with the SQL that they came to."""
    planner = Scripted(draft("SELECT COUNT(*) AS n FROM patient AS p"))
    await ask(hospital, planner, case(after=("one", "two"), refuse=True))
    assert [len(question.earlier) for question in planner.asked] == [0, 1, 2]
    assert planner.asked[-1].earlier[0].sql.startswith("SELECT COUNT")


async def test_a_search_finds_the_texts_of_its_theme(hospital: Domain) -> None:
    """A text finds all that is on its theme and nothing else; one on no theme finds nothing."""
    assert theme("hospital", "meals that came cold") == "food"
    assert not theme("hospital", "the weather")
    found = hospital.answer("SELECT f.feedback_id FROM search(feedback, 'cold meals', 100) AS f")
    all_of_it = hospital.check("SELECT feedback_id FROM feedback WHERE theme = 'food'")
    assert found.num_rows == all_of_it.num_rows > 0
