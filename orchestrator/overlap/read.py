"""One side's distinct keys, as stored: read by the flow that every question takes.

The entity is narrowed to its key, bound without transforms, and asked for its groups. So policy,
catalog, credentials, caps, deadlines and audit are those of any question, and each source groups
where it can.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pyarrow as pa

from orchestrator.compile import Compiler
from orchestrator.events import Finished
from orchestrator.overlap.pairs import Side
from orchestrator.pipeline import Pipeline, Proposed
from orchestrator.question import Requester, question
from orchestrator.semantic import Binding, SemanticModel
from orchestrator.validate import withheld

ROWS = "n"
_NUMBERS = frozenset({"int64", "float64"})


@dataclass(frozen=True, slots=True)
class Keys:
    """A side's distinct keys: `table` has a column `k1…` for each field, and `n`, its rows.

    `words` are the types as stored. `misread` are the fields stored as text where the model says
    otherwise, so that queries fail. `cut` when a cap left keys out.
    """

    side: Side
    table: pa.Table
    words: tuple[str, ...]
    misread: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True)
class NotRead:
    """Why a side's keys were not read, for people; `withheld` when that is as it should be."""

    side: Side
    reason: str
    withheld: bool = False


def key_columns(side: Side) -> tuple[str, ...]:
    """The columns of a side's table that hold its key."""
    return tuple(f"k{index}" for index in range(1, len(side.fields) + 1))


async def read(pipeline: Pipeline, side: Side, requester: Requester) -> Keys | NotRead:
    """The keys of one side. What the source or the policy refuses is a NotRead."""
    model = pipeline.model
    binding = model.entities[side.entity].bindings[side.source]
    if missing := [field for field in side.fields if field not in binding.fields]:
        told = f"{side.entity}.{missing[0]} lies in another source than the rest of its key."
        return NotRead(side, f"{told} Keys are compared where one source has all of it.")
    for field in side.fields:
        if (refused := withheld(f"{side.entity}.{field}", model)) is not None:
            return NotRead(side, refused.message, withheld=True)
    rights = await pipeline.proposals.rights(requester, datetime.now(UTC))
    if rights is not None and not rights.is_whole(side.entity, side.fields):
        told = f"The policy does not let you read all keys of {side.entity} as they are."
        return NotRead(side, told, withheld=True)
    able = {name: source.adapter.capabilities for name, source in pipeline.sources.items()}
    if able[side.source].personal:
        told = f"{side.source} is read with the rights of who asks a question, and none is asked."
        return NotRead(side, told, withheld=True)
    await pipeline.registry.refresh({side.source})
    declared = [_declared(model, side, field) for field in side.fields]
    words = [_live(pipeline, side, f, w) for f, w in zip(side.fields, declared, strict=True)]
    narrowed = _keys_alone(model, side, words)
    asker = replace(pipeline, model=narrowed, compiler=Compiler(narrowed, able))
    asked = question(f"the keys of {side}", requester)
    proposed = await asker.propose(asked, _sql(side))
    if not isinstance(proposed, Proposed):
        return NotRead(side, proposed.message)
    if proposed.approved is None:
        why = "; ".join(proposed.risk.reasons)
        return NotRead(side, f"Reading these keys needs approval: {why}.", withheld=True)
    async for event in asker.run(proposed.approved):
        if isinstance(event, Finished):
            answer = event.answer
            if answer.failed:
                return NotRead(side, " ".join(answer.warnings) or answer.text)
            misread = [f for f, d, w in zip(side.fields, declared, words, strict=True) if d != w]
            return Keys(side, answer.table, tuple(words), tuple(misread), answer.truncated)
    raise AssertionError("a run ends with Finished")


def _sql(side: Side) -> str:
    named = zip(side.fields, key_columns(side), strict=True)
    chosen = ", ".join(f'"{field}" AS {column}' for field, column in named)
    grouped = ", ".join(f'"{field}"' for field in side.fields)
    return f'SELECT {chosen}, COUNT(*) AS {ROWS} FROM "{side.entity}" GROUP BY {grouped}'


def _declared(model: SemanticModel, side: Side, field: str) -> str:
    """The type that the model reads a stored value as."""
    entity = model.entities[side.entity]
    return entity.stored_type(field, entity.bindings[side.source].fields[field])


def _live(pipeline: Pipeline, side: Side, field: str, declared: str) -> str:
    """The type to read a field as: what the model says, or text where a number is said to be and
    the catalog has text."""
    binding = pipeline.model.entities[side.entity].bindings[side.source]
    catalog = pipeline.registry.catalog(side.source)
    relation = catalog.relation(binding.relation) if catalog else None
    column = relation.column(binding.fields[field].path) if relation else None
    is_text = column is not None and column.type in {"string", "mixed"}
    return "string" if is_text and declared.partition("(")[0] in _NUMBERS else declared


def _keys_alone(model: SemanticModel, side: Side, words: list[str]) -> SemanticModel:
    """The model with one entity, which has the side's fields alone, as they are stored."""
    entity = model.entities[side.entity]
    binding = entity.bindings[side.source]
    specs = {
        field: entity.fields[field].model_copy(update={"type": word})
        for field, word in zip(side.fields, words, strict=True)
    }
    paths = {
        field: binding.fields[field].model_copy(update={"transform": None, "stored": None})
        for field in side.fields
    }
    bound = Binding(relation=binding.relation, unwind=binding.unwind, fields=paths)
    alone = entity.model_copy(
        update={
            "key": side.fields,
            "fields": specs,
            "bindings": {side.source: bound},
            "time": None,
            "label": None,
        }
    )
    return model.model_copy(
        update={
            "policies": model.policies.model_copy(update={"access": None}),
            "entities": {side.entity: alone},
            "relationships": (),
            "metrics": (),
            "verified_queries": (),
        }
    )
