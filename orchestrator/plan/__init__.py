"""A question and its candidates become a draft: semantic SQL, or a clarification to ask.

Two planners stand behind one port: `claude` (one structured call) and `grammar` (deterministic).
Neither can see a row: this room stands below `execute`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, Self

from orchestrator.question import Question
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel


@dataclass(frozen=True, slots=True)
class Usage:
    """What one draft cost: model calls, tokens in (of them cached), tokens out, US dollars."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


ChartWish = Literal["", "none", "line", "area", "bar", "pie"]
"""How to draw an answer: "" leaves it open, "none" means a table alone."""


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of a thread as it was read: the entity that it is in SQL, its id where it lies, its
    name for people, and the sha256 of its bytes."""

    entity: str
    file_id: str
    title: str
    digest: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Semantic SQL over entities, and what the planner took for granted.

    `confidence` is 0–1. `template` is a sentence for the answer in which `{column}` stands for
    that column of the first row, or empty. `warnings` are said to the asker. `files` are those that
    the SQL reads. `looked_at` are entities beside the candidates that the planner asked to see,
    `chosen` the words that were read as somebody chose before. `model` names the language model
    that wrote it, `prompt` is the sha256 of what that was told. `chart` is how it would draw the
    answer, which holds where the rows can be drawn so.
    """

    sql: str
    planner: str
    confidence: float = 1.0
    assumptions: tuple[str, ...] = ()
    template: str = ""
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    files: tuple[FileRef, ...] = ()
    looked_at: tuple[str, ...] = ()
    model: str = ""
    prompt: str = ""
    chosen: tuple[str, ...] = ()
    chart: ChartWish = ""


def draft_of(kept: dict[str, Any] | None, sql: str, planner: str) -> Draft:
    """A draft as the store kept it (`dataclasses.asdict`); of a run without one, what it knew."""
    if kept is None:
        return Draft(sql=sql, planner=planner)
    fields: dict[str, Any] = {**kept, "usage": Usage(**kept["usage"])}
    texts = ("assumptions", "warnings", "looked_at", "chosen")
    fields |= {name: tuple(kept.get(name) or ()) for name in texts}
    fields["files"] = tuple(FileRef(**one) for one in kept.get("files") or ())
    return Draft(**fields)


@dataclass(frozen=True, slots=True)
class Clarification:
    """The planner could not read the question: what to ask back, and what it did understand.

    `options` are whole questions. Where some words of the question may mean several things, `doubt`
    are those words, and `meanings` what each option takes them for.
    """

    message: str
    understood: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    doubt: str = ""
    meanings: tuple[str, ...] = ()


class Planner(Protocol):
    """The port of this room."""

    name: str

    async def draft(self, question: Question, candidates: Candidates) -> Draft | Clarification:
        """One draft. Raises PlannerError."""
        ...

    async def repair(
        self, question: Question, candidates: Candidates, draft: Draft, problem: str
    ) -> Draft | Clarification:
        """A new draft after `problem`, what the compiler said of the first."""
        ...

    def over(self, model: SemanticModel) -> Self:
        """The same planner for another model; `close` is for the first alone."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...
