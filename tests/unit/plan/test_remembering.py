"""A remembered choice is followed where the same words are in doubt, and nowhere else."""

from datetime import UTC, datetime
from pathlib import Path

from orchestrator.plan import Clarification, Draft
from orchestrator.plan.grammar import GrammarPlanner
from orchestrator.plan.remembering import drafted_as_chosen, said_choices, terms_of
from orchestrator.question import Question, Remembered, Requester
from orchestrator.retrieve import Candidates
from orchestrator.semantic import SemanticModel, load

MODEL = load(Path(__file__).parents[3] / "semantic_model.yaml", {})
AT = datetime(2026, 6, 14, 23, tzinfo=UTC)


def choice(words: str, meaning: str, channel: str = "") -> Remembered:
    """A choice with the terms that its meaning names."""
    return Remembered("id", words, meaning, terms_of(meaning, MODEL), channel, "U1", AT)


def asked(text: str, *remembered: Remembered) -> Question:
    """A question of somebody in Berlin."""
    who = Requester("T1", "U1", "Europe/Berlin")
    return Question(text, who, AT, remembered=remembered)


async def drafted(
    question: Question, model: SemanticModel = MODEL
) -> tuple[Question, Draft | Clarification, tuple[str, ...]]:
    """What the offline planner makes of it."""
    planner = GrammarPlanner(model)
    return await drafted_as_chosen(question, model, lambda one: planner.draft(one, Candidates(())))


async def sql_of(text: str) -> str:
    """The SQL of a question that is in no doubt."""
    _, draft, _ = await drafted(asked(text))
    assert isinstance(draft, Draft)
    return draft.sql


async def test_the_option_is_drafted_as_if_it_had_been_pressed() -> None:
    """The question becomes the option's, its draft is that option's, and the choice is told with
    its day in the asker's zone; “category” and “categories” are the same words."""
    question, draft, told = await drafted(
        asked("how many categories?", choice("category", "ticket category"))
    )
    assert question.text == "how many ticket category?"
    assert isinstance(draft, Draft)
    assert draft.sql == await sql_of("how many ticket category?")
    assert told == ("“category” is read as ticket category, as you chose on 15 June 2026",)


async def test_a_persons_own_choice_counts_before_the_channels() -> None:
    """The first that is offered is followed, and whose it was is told."""
    own, of_all = choice("categories", "ticket category"), "product category"
    here = choice("categories", of_all, "C1")
    _, _, told = await drafted(asked("how many categories?", own, here))
    assert told == ("“categories” is read as ticket category, as you chose on 15 June 2026",)
    _, _, told = await drafted(asked("how many categories?", here))
    assert told == (
        "“categories” is read as product category, as was chosen for this channel on 15 June 2026",
    )


async def test_words_that_are_in_no_doubt_keep_their_meaning() -> None:
    """Where the words are clear the choice changes nothing and is not told."""
    remembered = choice("category", "ticket category")
    _, draft, told = await drafted(asked("units sold by product category", remembered))
    assert isinstance(draft, Draft)
    assert (draft.sql, told) == (await sql_of("units sold by product category"), ())


async def test_what_is_not_offered_is_asked_back() -> None:
    """A choice of another meaning, or of other words, leaves the question back as it is."""
    for one in (choice("categories", "order status"), choice("names", "product category")):
        _, found, told = await drafted(asked("how many categories?", one))
        assert isinstance(found, Clarification)
        assert (found.doubt, told) == ("categories", ())
        assert found.meanings == ("product category", "ticket category")


async def test_a_choice_ends_with_the_terms_that_it_named() -> None:
    """Without the field it is left aside, also where a planner would still offer that meaning."""
    ticket = MODEL.entities["ticket"]
    fields = {name: spec for name, spec in ticket.fields.items() if name != "category"}
    entities = {**MODEL.entities, "ticket": ticket.model_copy(update={"fields": fields})}
    without = MODEL.model_copy(update={"entities": entities})
    seen: list[tuple[Remembered, ...]] = []

    async def draft(question: Question) -> Draft | Clarification:
        seen.append(question.remembered)
        option, meaning = "how many ticket category?", "ticket category"
        return Clarification("Which?", (), (option,), "categories", (meaning,))

    remembered = choice("categories", "ticket category")
    assert remembered.terms == (("field", "ticket", "category", ""),)
    question, found, told = await drafted_as_chosen(
        asked("how many categories?", remembered), without, draft
    )
    assert (seen, question.text, told) == ([()], "how many categories?", ())
    assert isinstance(found, Clarification)


def test_a_meaning_names_terms_of_every_kind() -> None:
    """Entities, metrics and values are named as fields are; words beside them name nothing."""
    found = {
        term
        for text in ("units sold", "in each customer", "ticket priority P1")
        for term in terms_of(text, MODEL)
    }
    assert ("metric", "", "units_sold", "") in found
    assert ("entity", "customer", "", "") in found
    assert ("value", "ticket", "priority", "P1") in found
    assert terms_of("as it were", MODEL) == ()


async def test_what_a_planner_says_that_it_followed_is_told_once() -> None:
    """A planner that was shown the choices names those that it followed; what it invents, or what
    was not remembered, is not told."""
    own, here = choice("revenue", "net revenue"), choice("revenue", "gross", "C1")

    async def draft(question: Question) -> Draft:
        assert said_choices(question) == [{"words": "revenue", "meaning": "net revenue"}]
        return Draft("SELECT 1", "claude", chosen=("Revenue", "profit"))

    other = choice("profit margin", "net revenue")
    question, found, told = await drafted_as_chosen(
        asked("revenue by country", own, here, other), MODEL, draft
    )
    assert (question.text, isinstance(found, Draft)) == ("revenue by country", True)
    assert told == ("“revenue” is read as net revenue, as you chose on 15 June 2026",)


async def test_two_words_in_doubt_take_two_choices() -> None:
    """Each is followed once, in the order of the doubts, and both are told; a planner that goes on
    asking about the same words is asked no more."""

    async def draft(question: Question) -> Draft | Clarification:
        doubt = "revenue" if "A" not in question.text else "big"
        text = question.text + (" A" if doubt == "revenue" else " B")
        if "B" in question.text:
            doubt = "revenue"
        return Clarification("Which?", (), (text,), doubt, (f"{doubt} meant",))

    question, found, told = await drafted_as_chosen(
        asked("big revenue", choice("revenue", "revenue meant"), choice("big", "big meant")),
        MODEL,
        draft,
    )
    assert isinstance(found, Clarification)
    assert (question.text, len(told)) == ("big revenue A B", 2)
