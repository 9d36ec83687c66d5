"""The deterministic planner: reads a question by the words of the semantic model.

It never guesses. What it cannot read it asks back, with what it did understand.
"""

from typing import Self

from orchestrator.plan import Clarification, Draft, asking_back, saying
from orchestrator.plan.reader import Read, Reader
from orchestrator.plan.request import Request
from orchestrator.question import Question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel


class GrammarPlanner:
    """A planner that needs no language model: one question, day and model give one query."""

    name = "grammar"

    def __init__(self, model: SemanticModel) -> None:
        self._model = model
        self._reader = Reader(model)

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """Semantic SQL, or what was not understood. Every word counts, so `candidates`, which
        narrow a model for a prompt, are not needed."""
        zone, today = question.requester.time_zone, question.today
        earlier = tuple(turn.question for turn in question.earlier)
        before = self._reader.thread(earlier, today, zone)

        def reads(text: str) -> Read:
            return self._reader.read(text, today, zone, before)

        read = reads(question.text)
        lost = bool(earlier) and before is None and not read.stands_alone
        spoken = before or read.sketch.words.speak_of_the_model
        if read.unclear and spoken and not read.left:
            return asking_back.unclear(read, read.unclear, question.text, reads)
        if read.request is None or not read.sql or lost:
            return self._asked_back(read, before, lost)
        return Draft(
            read.sql,
            self.name,
            confidence=saying.confidence(read),
            assumptions=saying.assumptions(read, read.request, zone),
            warnings=read.warnings,
            template=saying.template(read.request),
        )

    async def repair(
        self, question: Question, candidates: Candidates, draft: Draft, problem: str
    ) -> Draft | Clarification:
        """The same words would give the same query again, so the problem is asked back."""
        return Clarification(f"I read the question, but its query does not hold: {problem}")

    def over(self, model: SemanticModel) -> Self:
        """The same for another model."""
        return type(self)(model)

    async def close(self) -> None:
        """There is no connection to give back."""

    def _asked_back(self, read: Read, before: Request | None, lost: bool) -> Clarification:
        if lost and not read.left:
            return asking_back.in_full(self._model)
        if before is not None and not read.stands_alone and not read.left:
            return asking_back.nothing_new(before, self._model)
        if not read.sketch.words.speak_of_the_model:
            return asking_back.nothing_known(read, self._model)
        return asking_back.not_understood(read, self._model, self._reader.paths)
