"""Choices that somebody had remembered: what words in doubt are to be read as.

A choice never changes a question that is read without it. Where a planner asks back about those
words and offers that meaning, the option is drafted as if it had been pressed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import astuple, replace
from zoneinfo import ZoneInfo

from orchestrator.plan import Clarification, Draft
from orchestrator.plan.lexicon import Lexicon, stem, words_of
from orchestrator.question import Question, Remembered
from orchestrator.semantic import SemanticModel

Drafting = Callable[[Question], Awaitable[Draft | Clarification]]


async def drafted_as_chosen(
    question: Question, model: SemanticModel, draft: Drafting
) -> tuple[Question, Draft | Clarification, tuple[str, ...]]:
    """The question as it was read, its draft, and a sentence for each choice that was followed.

    Only choices whose terms the model still has are followed.
    """
    held = tuple(one for one in question.remembered if _holds(one, model))
    question = replace(question, remembered=held)
    followed: list[Remembered] = []
    drafted = await draft(question)
    while isinstance(drafted, Clarification) and (found := _chosen(drafted, question.remembered)):
        option, choice = found
        followed.append(choice)
        rest = tuple(one for one in question.remembered if not _same(one.words, choice.words))
        question = replace(question, text=option, remembered=rest)
        drafted = await draft(question)
    if isinstance(drafted, Draft):
        first = {_key(one.words): one for one in reversed(question.remembered)}
        followed += [first[_key(said)] for said in drafted.chosen if _key(said) in first]
    return question, drafted, tuple(_told(one, question) for one in followed)


def said_choices(question: Question) -> list[dict[str, str]]:
    """The choices about words of this question, each {words, meaning}: one for the same words."""
    asked = " ".join(map(stem, words_of(question.text)))
    found: dict[str, Remembered] = {}
    for one in question.remembered:
        if f" {_key(one.words)} " in f" {asked} ":
            found.setdefault(_key(one.words), one)
    return [{"words": one.words, "meaning": one.meaning} for one in found.values()]


def terms_of(meaning: str, model: SemanticModel) -> tuple[tuple[str, str, str, str], ...]:
    """The terms of the model that a meaning names, for `Remembered`; () when it names none."""
    lexicon, words, at = Lexicon(model, tuple(model.entities)), words_of(meaning), 0
    found: dict[tuple[str, str, str, str], None] = {}
    while at < len(words):
        match = lexicon.match(words, at)
        if match is not None:
            found[astuple(match[0][0].term)] = None
        at += match[1] if match else 1
    return tuple(found)


def _chosen(
    asked_back: Clarification, remembered: tuple[Remembered, ...]
) -> tuple[str, Remembered] | None:
    """The option that a choice stands for, and the choice."""
    offered = {
        words_of(meaning): option
        for meaning, option in zip(asked_back.meanings, asked_back.options, strict=False)
    }
    for one in remembered:
        option = offered.get(words_of(one.meaning))
        if option and _same(one.words, asked_back.doubt):
            return option, one
    return None


def _told(choice: Remembered, question: Question) -> str:
    at = choice.chosen_at.astimezone(ZoneInfo(question.requester.time_zone))
    whose = "as was chosen for this channel" if choice.channel else "as you chose"
    return f"“{choice.words}” is read as {choice.meaning}, {whose} on {at.day} {at:%B %Y}"


def _holds(choice: Remembered, model: SemanticModel) -> bool:
    """Whether the model still has what the meaning named."""
    for kind, entity, name, value in choice.terms:
        fields = model.entities[entity].fields if entity in model.entities else {}
        match kind:
            case "metric":
                has = model.metric(name) is not None
            case "entity":
                has = entity in model.entities
            case "field":
                has = name in fields
            case _:
                has = name in fields and value in fields[name].values
        if not has:
            return False
    return True


def _key(words: str) -> str:
    return " ".join(map(stem, words_of(words)))


def _same(one: str, other: str) -> bool:
    return bool(_key(one)) and _key(one) == _key(other)
