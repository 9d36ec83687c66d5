"""What is asked back: the words that were not understood, those that were, and what to ask."""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise

from orchestrator.plan import Clarification
from orchestrator.plan.paths import Paths
from orchestrator.plan.phrases import phrases
from orchestrator.plan.reader import Read
from orchestrator.plan.request import Request, UnclearError
from orchestrator.plan.words import Words
from orchestrator.semantic import SemanticModel

_EXAMPLES = 3


def not_understood(read: Read, model: SemanticModel, paths: Paths) -> Clarification:
    """Names the words that were left over, and what was understood of the others."""
    words = read.sketch.words
    seen = understood(words)
    unread = _listed(read.left) or "what to look for"
    did = f" I did understand {', '.join(seen)}." if seen else ""
    return Clarification(
        f"I did not understand {unread}.{_where(read)}{did} Ask with the words of the model, and "
        f"put a name in quotes, as in {_quoted_example(words, paths)}.",
        seen,
        examples(model),
    )


def nothing_known(read: Read, model: SemanticModel) -> Clarification:
    """No word of the question is one of the model's: what there is to ask about."""
    entities = ", ".join(name.replace("_", " ") for name in model.entities)
    metrics = ", ".join(metric.name.replace("_", " ") for metric in model.metrics)
    asked = examples(model)
    chunks = read.sentence.chunks
    unread = _listed(c.text for c in chunks if c.role == "unknown") or "what is asked"
    return Clarification(
        f"I did not understand {unread}.{_where(read)} I know {entities}"
        f"{f'; I can measure {metrics}' if metrics else ''}. "
        f"For example: {' · '.join(f'“{text}”' for text in asked)}",
        options=asked,
    )


def nothing_new(before: Request, model: SemanticModel) -> Clarification:
    """A follow-up that leaves the question before it as it was."""
    return Clarification(
        f"I don't see what that changes in the question before ({', '.join(phrases(before))}). "
        "Say what to measure, by what, or of which rows, or ask a question in full.",
        options=examples(model),
    )


def in_full(model: SemanticModel) -> Clarification:
    """A follow-up to a question that was read by another planner, or given as SQL."""
    return Clarification(
        "That seems to go on from an earlier question of this thread, which I can't read by the "
        "words of the model. Ask it in full.",
        options=examples(model),
    )


def unclear(
    read: Read, why: UnclearError, text: str, reads: Callable[[str], Read]
) -> Clarification:
    """What may mean two things. Its options are whole questions, those of them that can be read:
    `text` with other words in the place of the unclear ones."""
    words = read.sketch.words
    said = why.said or next((words.chunks[at].text for at in words.of("metric")), "")
    spelled = r"\W+".join(re.findall(r"[^\W_]+", said))
    asked = {
        re.sub(rf"\b{spelled}\b", option, text, count=1, flags=re.IGNORECASE): option
        for option in why.options
        if said
    }
    meant = {one: option for one, option in asked.items() if one != text and reads(one).sql}
    return Clarification(
        str(why), understood(words), tuple(meant), said, tuple(meant.values()) if said else ()
    )


def understood(words: Words) -> tuple[str, ...]:
    """The words that have a meaning, with it."""
    found: list[str] = []
    for at, chunk in enumerate(words.chunks):
        if chunk.role == "term":
            found.append(f"“{chunk.text}” ({words.terms(at)[0]})")
        elif chunk.period:
            found.append(f"“{chunk.text}” ({chunk.period})")
    return tuple(dict.fromkeys(found))


def examples(model: SemanticModel) -> tuple[str, ...]:
    """Questions that can be answered: verified ones first."""
    verified = [query.question for query in model.verified_queries]
    made = [f"{m.name.replace('_', ' ')} by month" for m in model.metrics if m.time]
    made += [f"how many {name.replace('_', ' ')}s?" for name in model.entities]
    return tuple([*verified, *made][:_EXAMPLES])


def _listed(texts: Iterable[str]) -> str:
    return " and ".join(f"“{text}”" for text in dict.fromkeys(texts))


def _where(read: Read) -> str:
    return f" I looked at {read.narrowed}." if read.narrowed else ""


def _quoted_example(words: Words, paths: Paths) -> str:
    """A name in quotes: the unknown word behind "of" or "for", when there is one."""
    names = (
        chunk.text.title()
        for before, chunk in pairwise(words.chunks)
        if chunk.role == "unknown" and before.text in {"of", "for", "from", "by", "at"}
    )
    return f"{paths.most_pointed_at()} “{next(names, 'Name')}”"
