"""One question to a planner, and the verdict on what it said."""

from dataclasses import dataclass
from typing import Literal

from adapters.errors import PlannerError, QueryError
from evals.case import Case
from evals.domain import ASKED, Domain
from evals.judge import same
from orchestrator.answer.confidence import LIKELY
from orchestrator.plan import Clarification, Draft, Planner
from orchestrator.question import Question, Requester, Turn
from orchestrator.retrieve import Candidates

Verdict = Literal["right", "asked", "wrong"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a planner made of a question.

    `right`: the rows of the check, or asked back or refused where that was right. `asked`: asked
    back, or refused, where there was an answer. `wrong`: an answer with other rows. `confidence`
    is the draft's, None without one; `said` is its SQL or what was asked back.
    """

    case: Case
    verdict: Verdict
    confidence: float | None
    said: str

    @property
    def answered_surely(self) -> bool:
        """Whether people would be shown an answer at high confidence."""
        return self.confidence is not None and self.confidence >= LIKELY


async def ask(domain: Domain, planner: Planner, case: Case) -> Outcome:
    """Ask one question, after those of its thread.

    Raises PlannerError when the planner can't be asked; that it declines is an outcome.
    """
    turns: tuple[Turn, ...] = ()
    try:
        for text in case.after:
            drafted = await _draft(domain, planner, text, turns)
            turns += (Turn(text, drafted.sql if isinstance(drafted, Draft) else ""),)
        drafted = await _draft(domain, planner, case.text, turns)
        if isinstance(drafted, Clarification):
            return _not_answered(case, " · ".join((drafted.message, *drafted.options)))
        answer = domain.answer(drafted.sql)
    except QueryError as error:
        return _not_answered(case, str(error))
    except PlannerError as error:
        if error.__cause__ is not None:
            raise
        return _not_answered(case, str(error))
    checks = (domain.check(sql) for sql in case.checks)
    right = any(same(check, answer, ordered=case.ordered) for check in checks)
    return Outcome(case, "right" if right else "wrong", drafted.confidence, drafted.sql)


async def _draft(
    domain: Domain, planner: Planner, text: str, turns: tuple[Turn, ...]
) -> Draft | Clarification:
    question = Question(text, Requester("T1", "U1"), ASKED, earlier=turns)
    return await planner.draft(question, Candidates(tuple(domain.model.entities)))


def _not_answered(case: Case, said: str) -> Outcome:
    named = any(word in said.lower() for word in case.clarify)
    return Outcome(case, "right" if case.refuse or named else "asked", None, said)
