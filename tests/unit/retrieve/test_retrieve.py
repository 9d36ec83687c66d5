"""Retrieval over the demo company's model: by words at once, by meaning with the real weights."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from adapters.schema import Catalog, Column, Relation
from orchestrator.question import Question, Requester, Turn
from orchestrator.retrieve import Candidates
from orchestrator.retrieve.embedder import Embedder
from orchestrator.retrieve.mentions import mentioned
from orchestrator.retrieve.retrieve import MAX_ENTITIES, MAX_HITS, Retriever
from orchestrator.retrieve.shard import Shelf
from orchestrator.semantic import AiContext, Relationship, SemanticModel, load
from tests.unit.retrieve.doubles import BagOfWords

MODEL = load(Path(__file__).parents[3] / "semantic_model.yaml", {})
ASKER = Requester("T1", "U1")
OWN_WORDS = [
    ("how many customers are there?", "customer"),
    ("how many orders were placed?", "order"),
    ("how many order lines?", "order_line"),
    ("list the products", "product"),
    ("which tickets are open?", "ticket"),
    ("show me the notes", "note"),
]


async def no_embedder(texts: list[str]) -> np.ndarray:
    """An embedder that is never asked."""
    raise AssertionError(texts)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def retriever() -> AsyncIterator[Retriever]:
    """A retriever with its vectors."""
    found = Retriever(MODEL, Embedder())
    found.start()
    await found.settled()
    assert found.reason is None
    yield found
    await found.close()


async def ask(retriever: Retriever, text: str, *earlier: Turn) -> Candidates:
    """The candidates of a text."""
    return await retriever.retrieve(Question(text, ASKER, earlier=earlier))


@pytest.mark.parametrize(("text", "entity"), OWN_WORDS)
async def test_an_entity_is_found_by_its_own_words(
    retriever: Retriever, text: str, entity: str
) -> None:
    """Each entity is the first candidate of a question in its own words."""
    candidates = await ask(retriever, text)
    assert candidates.by_meaning
    assert candidates.entities[0] == entity


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("clients", "entity", "customer"),
        ("cases raised with support", "entity", "ticket"),
        ("money earned", "metric", "revenue"),
        ("merchandise in our catalogue", "entity", "product"),
        (
            "which firms are based in Munich's country, Germany?",
            "value",
            "customer.country=Germany",
        ),
        ("how happy are people with our service?", "field", "ticket.satisfaction"),
    ],
)
async def test_a_thing_is_found_by_a_paraphrase(
    retriever: Retriever, text: str, kind: str, name: str
) -> None:
    """Words that the model does not hold find what they mean."""
    candidates = await ask(retriever, text)
    assert (kind, name) in {(hit.kind, hit.name) for hit in candidates.hits[:5]}


@pytest.mark.parametrize(("text", "entity"), OWN_WORDS)
async def test_words_alone_do_until_the_vectors_are_there(text: str, entity: str) -> None:
    """Without `start`, the embedder is not asked and own words still find their entity."""
    candidates = await ask(Retriever(MODEL, no_embedder), text)
    assert not candidates.by_meaning
    assert candidates.entities[0] == entity


async def test_questions_are_answered_while_vectors_are_built() -> None:
    """A question in the midst of building does not wait for it, and the next one has vectors."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    embedder = Embedder()

    async def held(texts: list[str]) -> np.ndarray:
        begun.set()
        await go_on.wait()
        return await embedder(texts)

    retriever = Retriever(MODEL, held)
    retriever.start()
    await begun.wait()
    during = await ask(retriever, "clients")
    assert (during.by_meaning, retriever.reason) == (False, None)
    go_on.set()
    await retriever.settled()
    assert (await ask(retriever, "clients")).by_meaning


async def test_close_ends_the_building() -> None:
    """A retriever can be closed while its vectors are awaited, and stays at words."""

    async def never(texts: list[str]) -> np.ndarray:
        await asyncio.Event().wait()
        raise AssertionError(texts)

    retriever = Retriever(MODEL, never)
    retriever.start()
    await retriever.close()
    assert (retriever.by_meaning, retriever.reason) == (False, None)


async def test_absent_weights_leave_words_and_a_reason(tmp_path: Path) -> None:
    """Without weights, words go on and the reason says what to do."""
    retriever = Retriever(MODEL, Embedder(str(tmp_path / "nowhere")))
    retriever.start()
    await retriever.settled()
    candidates = await ask(retriever, "how many clients?")
    assert (candidates.by_meaning, candidates.entities[0]) == (False, "customer")
    assert retriever.reason is not None
    assert "install crosstalk[sandbox]" in retriever.reason


async def test_an_unexpected_failure_is_a_reason_too() -> None:
    """A fault while building leaves words, and its text stays out of what people see."""

    async def broken(texts: list[str]) -> np.ndarray:
        raise RuntimeError("out of memory at 0x1")

    retriever = Retriever(MODEL, broken)
    retriever.start()
    await retriever.settled()
    assert not (await ask(retriever, "clients")).by_meaning
    assert "RuntimeError" in (retriever.reason or "")
    assert "0x1" not in (retriever.reason or "")


async def test_joining_entities_are_candidates_too() -> None:
    """What lies between two entities that were found is a candidate, though no word names it."""
    candidates = await ask(Retriever(MODEL, no_embedder), "tickets and product category paper")
    assert {"ticket", "customer", "order", "order_line", "product"} <= set(candidates.entities)


async def test_the_thread_s_entities_are_candidates() -> None:
    """A follow-up that names nothing has the entities of the query before it."""
    turn = Turn("open tickets?", 'SELECT 1 FROM ticket AS t JOIN "order" AS o ON true')
    candidates = await ask(Retriever(MODEL, no_embedder), "and before that?", turn)
    assert set(candidates.entities) == {"ticket", "customer", "order"}
    assert candidates.hits == ()


async def test_a_question_near_nothing_sees_the_whole_model() -> None:
    """With no hit, the entities are the model's own, so that a planner can say what there is."""
    candidates = await ask(Retriever(MODEL, no_embedder), "will it rain tomorrow?")
    assert candidates.hits == ()
    assert candidates.entities == tuple(MODEL.entities)


async def test_bounds_and_order(retriever: Retriever) -> None:
    """Hits are bounded, fall in score between 0 and 1, and are the same at every asking."""
    text = "revenue and tickets of enterprise customers in Germany by product category and channel"
    first, second = await ask(retriever, text), await ask(retriever, text)
    scores = [hit.score for hit in first.hits]
    assert first == second
    assert len(first.hits) <= MAX_HITS
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


async def test_at_most_twelve_entities() -> None:
    """Of a large model, as many entities as a prompt can hold are candidates."""
    product = MODEL.entities["product"]
    names = [f"product_{letter}" for letter in "abcdefghijklmnopqrst"]
    chain = tuple(
        Relationship.model_validate(
            {
                "name": f"r{place}",
                "from": one,
                "to": other,
                "from_columns": ["product_id"],
                "to_columns": ["product_id"],
            }
        )
        for place, (one, other) in enumerate(pairwise(names))
    )
    large = SemanticModel(
        name="Large",
        sources=MODEL.sources,
        entities=dict.fromkeys(names, product),
        relationships=chain,
    )
    candidates = await ask(Retriever(large, no_embedder), "product a or t")
    assert 0 < len(candidates.entities) <= MAX_ENTITIES


async def test_a_named_source_leaves_what_lies_there() -> None:
    """ "@sales" keeps tickets out of the candidates and of the hits, however near they are."""
    retriever = Retriever(MODEL, no_embedder)
    found = await ask(retriever, "@sales open tickets by customer")
    assert set(found.entities) <= {"customer", "order", "order_line", "product"}
    assert not any(hit.name.startswith("ticket") for hit in found.hits)
    assert "ticket" in (await ask(retriever, "open tickets by customer")).entities


@pytest.mark.parametrize(
    ("text", "sources", "rest"),
    [
        ("@sales how many orders", ("sales",), "how many orders"),
        ("how many orders in @Sales, @notes?", ("notes", "sales"), "how many orders in , ?"),
        ("mail bob@sales about @sales.com", (), "mail bob@sales about @sales.com"),
        ("@nobody revenue", (), "@nobody revenue"),
    ],
)
def test_sources_are_named_with_an_at(text: str, sources: tuple[str, ...], rest: str) -> None:
    """A source's name behind an @ is taken out; addresses and strangers stay words."""
    found = mentioned(text, MODEL)
    assert (found.sources, found.text) == (sources, rest)
    assert bool(found.words) == bool(sources)


async def test_a_restart_takes_its_shards_from_the_shelf(tmp_path: Path) -> None:
    """The second start embeds no document; after a change, it embeds what changed."""
    first, second, third = BagOfWords(), BagOfWords(), BagOfWords()
    found: list[Candidates] = []
    for embed in (first, second):
        retriever = Retriever(MODEL, embed, Shelf(tmp_path, "words"))
        retriever.start()
        await retriever.settled()
        found.append(await ask(retriever, "open tickets by country"))
        await retriever.close()
    assert found[0] == found[1]
    assert found[1].by_meaning
    assert len(first.asked) > 100
    assert len(second.asked) == 2  # what wakes the model, and the question
    product = MODEL.entities["product"].model_copy(update={"description": "A thing for sale"})
    entities = MODEL.entities | {"product": product}
    changed = Retriever(
        MODEL.model_copy(update={"entities": entities}), third, Shelf(tmp_path, "words")
    )
    changed.start()
    await changed.settled()
    assert [text for text in third.asked if "product" in text] == [
        "product: A thing for sale (article, item)"
    ]
    assert len(third.asked) == 2


async def test_what_nobody_has_modelled_is_named() -> None:
    """A relation that no entity binds is named when the question calls it, and is no candidate."""
    retriever = Retriever(MODEL, no_embedder)
    bound = Relation("public.orders", (Column("id", "int64"),), 10)
    loose = Relation("public.shipments", (Column("carrier", "string"),), 10)
    retriever.note(Catalog("sales", (bound, loose)))
    await retriever.noted()
    found = await ask(retriever, "how many shipments by carrier?")
    assert found.unmodelled == ("sales.public.shipments",)
    assert not any(hit.kind == "relation" for hit in found.hits)
    assert (await ask(retriever, "how many orders by channel?")).unmodelled == ()
    retriever.note(Catalog("sales", (bound,)))
    await retriever.noted()
    assert (await ask(retriever, "how many shipments by carrier?")).unmodelled == ()


async def test_a_few_more_entities_cost_their_own_documents_alone() -> None:
    """An extended retriever finds what was added beside the rest, and the first one does not."""
    embed = BagOfWords()
    retriever = Retriever(MODEL, embed)
    retriever.start()
    await retriever.settled()
    before = len(embed.asked)
    budget = MODEL.entities["product"].model_copy(
        update={"description": "Planned marketing money", "ai_context": AiContext()}
    )
    larger = MODEL.model_copy(update={"entities": MODEL.entities | {"budget": budget}})
    extended = await retriever.extended(larger)
    assert len(embed.asked) - before < 20
    found = await ask(extended, "budget by customer")
    assert found.by_meaning
    assert {"budget", "customer"} <= set(found.entities)
    assert "budget" not in (await ask(retriever, "budget by customer")).entities


async def test_a_joined_entity_s_field_goes_before_its_namesakes() -> None:
    """Of the many tables with a country, the one that joins what else was asked for is found."""
    named = {"description": "One of a club", "label": None, "ai_context": AiContext()}
    other = MODEL.entities["customer"].model_copy(update=named)
    entities = {f"{name}_member": other for name in "chess golf tennis rowing judo".split()}
    model = MODEL.model_copy(update={"entities": entities | MODEL.entities})
    found = await ask(Retriever(model, no_embedder), "revenue by country")
    countries = [hit.name for hit in found.hits if hit.name.endswith(".country")]
    assert countries[0] == "customer.country"


async def test_a_period_brings_the_time_and_a_name_the_label() -> None:
    """ "Last month" finds the time of what was asked for, and an entity's name what names it."""
    found = await ask(Retriever(MODEL, no_embedder), "tickets last month")
    assert {"ticket.opened_at", "ticket.subject"} <= {hit.name for hit in found.hits}


async def test_every_source_has_its_route() -> None:
    """All sources are told with their confidence; those that share nothing are not searched."""
    found = await ask(Retriever(MODEL, no_embedder), "order lines by product category")
    assert {route.source for route in found.routes} == {"sales", "support", "notes", "slack"}
    assert (found.routes[0].source, found.routes[0].searched) == ("sales", True)
    assert not found.routes[-1].searched
