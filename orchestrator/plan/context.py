"""“This customer”, “that country”: names that a question leaves to its thread, for a planner that
reads words alone.

What the thread says is data. It can only put a value of the model, or a name in quotes, in the
place of a noun that the question points with.
"""

import re
from dataclasses import replace
from typing import Self

from orchestrator.plan import Clarification, Draft, Planner
from orchestrator.plan.lexicon import Lexicon, Term, words_of
from orchestrator.question import Question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel

_POINTER = re.compile(r"\b(?:this|that|the same)\s+([\w -]+)", re.IGNORECASE)
_QUOTED = re.compile(r"[“\"]([^“”\"]{2,80})[”\"]")


class InContext:
    """A planner that is given the names in full; `inner` never sees the thread."""

    def __init__(self, inner: Planner, model: SemanticModel) -> None:
        self.name = inner.name
        self._inner = inner
        self._model = model
        self._lexicon = Lexicon(model, tuple(model.entities))

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """The draft of the question with its names, which are told as assumptions."""
        if not question.context:
            return await self._inner.draft(question, candidates)
        named: dict[str, str] = {}
        text = _POINTER.sub(
            lambda match: self._named(match, question.context, named), question.text
        )
        drafted = await self._inner.draft(replace(question, text=text, context=()), candidates)
        if isinstance(drafted, Clarification):
            return drafted
        told = [f"“{words}” is {name}, from the thread" for words, name in named.items()]
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

    def _named(self, match: re.Match[str], context: tuple[str, ...], named: dict[str, str]) -> str:
        """What stands for a pointer and the words after it; the same words when it is not clear."""
        found = self._lexicon.match(words_of(match[1]), 0)
        if found is None:
            return match[0]
        meanings, length = found
        noun = re.match(r"[\W_]*" + r"[\W_]+".join([r"[^\W_]+"] * length), match[1])
        assert noun is not None
        pointer = match[0][: match.start(1) - match.start()] + noun[0]
        names = (self._name(meaning.term, noun[0], context) for meaning in meanings)
        name = next(filter(None, names), "")
        if not name:
            return match[0]
        named[pointer] = name
        return name + match[0][len(pointer) :]

    def _name(self, term: Term, noun: str, context: tuple[str, ...]) -> str:
        """The name that the last text with any gives the noun; "" when there is no single one."""
        values = self._lexicon.spec(term).values if term.kind == "field" else ()
        has_label = term.kind == "entity" and self._model.entities[term.entity].label
        for text in reversed(context):
            names = {value for value in values if _says(text, value)}
            if has_label:
                names |= {f"{noun} “{name}”" for name in _QUOTED.findall(text)}
            if names:
                return names.pop() if len(names) == 1 else ""
        return ""


def _says(text: str, value: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE) is not None
