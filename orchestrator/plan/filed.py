"""“These customers”, “the list”, “the rows”: words that mean a file of the thread, for a planner
that reads words alone. They are put as the file's own name, and what was put is told."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Self

from orchestrator.plan import Clarification, Draft, Planner
from orchestrator.plan.lexicon import plural, words_of
from orchestrator.question import Question, Turn
from orchestrator.retrieve import Candidates
from orchestrator.retrieve.documents import sql_entities
from orchestrator.semantic import SemanticModel

FILE_WORDS = (
    r"(?:lists?|files?|(?:spread)?sheets?|csvs?|xlsx|excels?|tables?|workbooks?|attachments?"
    r"|uploads?)"
)
_OWN = r"(?:(?:attached|uploaded|dropped|csv|excel|xlsx)\s+)"
_FILE = rf"\b(?:(?:the|this|that|these|those|my|our)\s+{_OWN}*|{_OWN}+){FILE_WORDS}(?:\s+above)?\b"
_ROWS = r"(?:rows?|entries|entry|lines?|records?)"


_GIVEN = re.compile(
    rf"{_FILE}|\b(?:in|of|from|on)\s+{FILE_WORDS}\b|\b{_ROWS}\s+(?:are\s+)?(?:there\s+)?(?:in|of)\b"
    r"|\bthese\b(?!\s+(?:day|week|month|quarter|year)s\b)",
    re.IGNORECASE,
)
_THOSE = re.compile(
    r"\b(?:those|them|their)\b(?!\s+(?:day|week|month|quarter|year)s\b)", re.IGNORECASE
)


def points_at_a_file(text: str, *, is_first: bool) -> bool:
    """Whether a question's words may mean a file of its thread. “Those” and “them” do so only in
    the thread's first question (`is_first`); later on they are what was answered before."""
    return bool(_GIVEN.search(text) or (is_first and _THOSE.search(text)))


def is_file_word(text: str) -> bool:
    """Whether a word is one for files and rows of any name."""
    return re.fullmatch(f"{FILE_WORDS}|{_ROWS}", text, re.IGNORECASE) is not None


class InFiles:
    """A planner that is given the files by name."""

    def __init__(self, inner: Planner, model: SemanticModel) -> None:
        self.name = inner.name
        self._inner = inner
        self._model = model

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """The draft of the question with its files named, which is told as an assumption."""
        if not question.files:
            return await self._inner.draft(question, candidates)
        is_first = not question.earlier
        text, named = self._named(question.text, question.files[-1], is_first)
        earlier = tuple(
            self._named_turn(turn, question.files, at == 0)
            for at, turn in enumerate(question.earlier)
        )
        asked = replace(question, text=text, earlier=earlier, files=())
        drafted = await self._inner.draft(asked, candidates)
        if isinstance(drafted, Clarification):
            return drafted
        told = tuple(f"“{words}” are read as {meant}" for words, meant in named.items())
        return replace(drafted, assumptions=(*told, *drafted.assumptions))

    async def repair(
        self, question: Question, candidates: Candidates, draft: Draft, problem: str
    ) -> Draft | Clarification:
        """As the inner planner does."""
        return await self._inner.repair(question, candidates, draft, problem)

    def over(self, model: SemanticModel) -> Self:
        """The same for another model."""
        return type(self)(self._inner.over(model), model)

    async def close(self) -> None:
        """Close the inner planner."""
        await self._inner.close()

    def _named(self, text: str, entity: str, is_first: bool) -> tuple[str, dict[str, str]]:
        """The text with a file's name in the place of each word that points at it, and what stands
        for what."""
        told: dict[str, str] = {}
        for pattern, meant in self._pointers(entity, is_first):
            for match in re.finditer(pattern, text, re.IGNORECASE):
                told[match[0]] = match.expand(meant)
            text = re.sub(pattern, meant, text, flags=re.IGNORECASE)
        return text, told

    def _pointers(self, entity: str, is_first: bool) -> Iterator[tuple[str, str]]:
        """Each way to point at a file, and what is put in its place."""
        file = " ".join(words_of(entity))
        belong = [r.to_entity for r in self._model.relationships if r.from_entity == entity]
        rows = f"{_plural(belong[0])} in {file}" if belong else file
        yield _FILE, file
        yield rf"\b{_ROWS}\s+(?:are\s+)?(?:there\s+)?(?:in|of|on)\s+(?:the\s+)?{file}\b", file
        yield rf"\b{_ROWS}\s+(?:does|do|has|have)\s+(?:the\s+)?{file}(?:\s+have)?\b", file
        these = "these|those" if is_first else "these"
        if nouns := "|".join(map(re.escape, self._nouns(belong))):
            yield rf"\b(?:of\s+)?(?:{these})\s+(?:\d+\s+)?({nouns})\b", rf"\1 in {file}"
        these = f"{these}|them" if is_first else these
        yield rf"\bof\s+(?:{these})\b", rows
        yield rf"\b(for|from|by|to|with|are|do|have|did)\s+(?:{these})\b", rf"\1 {rows}"

    def _named_turn(self, turn: Turn, files: tuple[str, ...], is_first: bool) -> Turn:
        """An earlier question with the file that its SQL reads named; most read none."""
        read = [name for name in sql_entities(self._model, turn.sql) if name in files]
        if not read:
            return turn
        return replace(turn, question=self._named(turn.question, read[-1], is_first)[0])

    def _nouns(self, entities: list[str]) -> list[str]:
        """The nouns of entities, the longest first."""
        spoken = [
            text for name in entities
            for text in (name, *self._model.entities[name].ai_context.synonyms)
        ]  # fmt: skip
        nouns = [*map(_plural, spoken), *(" ".join(words_of(text)) for text in spoken)]
        return sorted(nouns, key=len, reverse=True)


def _plural(noun: str) -> str:
    phrase = words_of(noun)
    return " ".join((*phrase[:-1], plural(phrase[-1])))
