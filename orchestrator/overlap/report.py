"""Every pair of a model, its keys read and counted, with a verdict and perhaps a proposal."""

import asyncio
from dataclasses import dataclass, replace

import duckdb

from orchestrator.compile.inputs import transformed
from orchestrator.compile.parse import FETCHED
from orchestrator.compile.shapes import sql_type
from orchestrator.overlap.measure import Counts, Keyed, measure, unmatched
from orchestrator.overlap.pairs import Pair, pairs
from orchestrator.overlap.propose import Bound, Party, Proposal, propose
from orchestrator.overlap.read import Keys, NotRead, key_columns, read
from orchestrator.pipeline import Pipeline
from orchestrator.question import Requester
from orchestrator.semantic import SemanticModel
from orchestrator.staging import Staging

WELL = 0.9
MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Overlap:
    """What one pair's keys do.

    Without `counts` nothing could be compared. `is_broken` when questions that join here fail, or
    silently lose or repeat much. `examples` are left keys with no partner: rows' data, so they are
    empty unless asked for, and are for the eyes of who asked.
    """

    pair: Pair
    verdict: str
    is_broken: bool
    counts: Counts | None = None
    proposal: Proposal | None = None
    cut: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


async def overlaps(
    pipeline: Pipeline,
    requester: Requester,
    name: str | None = None,
    *,
    with_examples: bool = False,
) -> list[Overlap]:
    """The overlap of each pair of the pipeline's model, or of the one of that name.

    Each side is read once. Raises UnknownName; a source that fails is told in its pairs' verdicts.
    """
    wanted = pairs(pipeline.model, name)
    sides = list(dict.fromkeys(side for pair in wanted for side in (pair.left, pair.right)))
    came = await asyncio.gather(*(read(pipeline, side, requester) for side in sides))
    known = dict(zip(sides, came, strict=True))
    async with pipeline.staging.opened() as staging:
        tables = {side: f"side{index}" for index, side in enumerate(sides, start=1)}
        for side, keys in known.items():
            if isinstance(keys, Keys):
                await _stage(staging, tables[side], keys)
        found: list[Overlap] = []
        for pair in wanted:
            left, right = known[pair.left], known[pair.right]
            if isinstance(left, NotRead) or isinstance(right, NotRead):
                found.append(_not_read(pair, left, right))
                continue
            parties = (
                _party(pipeline.model, left, tables[pair.left], pair.is_binding),
                _party(pipeline.model, right, tables[pair.right], True),
            )
            comparison = _Comparison(pair, (left, right), parties, with_examples)
            found.append(await staging.ask(comparison.overlap))
        return found


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One pair with both sides' keys at hand."""

    pair: Pair
    keys: tuple[Keys, Keys]
    parties: tuple[Party, Party]
    with_examples: bool

    def overlap(self, connection: duckdb.DuckDBPyConnection) -> Overlap:
        """Count, judge, and look for a transform where something is left over."""
        left, right = self.parties
        compared = replace(left.keyed, kinds=right.keyed.kinds)
        counts = measure(connection, compared, right.keyed)
        verdict, is_broken = self._verdict(counts)
        proposal = None
        if counts.left.only and counts.right.keys:
            proposal = propose(connection, left, right, counts.left.matched)
        examples: list[str] = []
        if self.with_examples:
            examples = unmatched(connection, compared, right.keyed, MOST_EXAMPLES)
        cut = tuple(f"{keys.side} ({keys.table.num_rows:,} keys)" for keys in self.keys if keys.cut)
        return Overlap(self.pair, verdict, is_broken, counts, proposal, cut, tuple(examples))

    def _verdict(self, counts: Counts) -> tuple[str, bool]:
        for keys, count in zip(self.keys, (counts.left, counts.right), strict=True):
            if keys.misread:
                return (
                    f"{keys.side} is stored as text, which the model does not say: questions that "
                    "read it fail. Give its binding `stored: string` and a `transform`."
                ), True
            if count.fails:
                return (
                    f"The transform or type of {keys.side} fails on some stored keys, and with it "
                    "each question that joins here. Use TRY_CAST, or correct the transform."
                ), True
        share = counts.share
        if share is None:
            return f"{self.pair.left} has no keys, so there is nothing to match.", False
        if counts.left.matched == 0:
            return "No key matches: joining here gives nothing.", True
        words, is_broken = _matched(share, counts.left.only)
        if counts.right.repeated:
            words += (
                f" {counts.right.repeated:,} keys of {self.pair.right} stand more than once where "
                "each should be unique: sums over this join count twice."
            )
            is_broken = True
        if self.pair.is_binding and counts.left.repeated:
            words += (
                f" {counts.left.repeated:,} keys of {self.pair.left} stand more than once; one row "
                "of each is used."
            )
        return words, is_broken


def _matched(share: float, only: int) -> tuple[str, bool]:
    if only == 0:
        return "All keys match.", False
    if share >= WELL:
        return f"Nearly all keys match; {only:,} do not.", False
    return f"Many keys find no match: {only:,}. Their rows are lost or empty in a join.", True


def _not_read(pair: Pair, left: Keys | NotRead, right: Keys | NotRead) -> Overlap:
    reasons = [side for side in (left, right) if isinstance(side, NotRead)]
    told = " ".join(dict.fromkeys(side.reason for side in reasons))
    return Overlap(pair, f"Not compared. {told}", not all(side.withheld for side in reasons))


def _party(model: SemanticModel, keys: Keys, table: str, unique: bool) -> Party:
    side, columns = keys.side, key_columns(keys.side)
    entity = model.entities[side.entity]
    fields = entity.bindings[side.source].fields
    values: list[str] = []
    for field, column in zip(side.fields, columns, strict=True):
        transform = "NULL" if field in keys.misread else fields[field].transform or "value"
        values.append(transformed(transform, column, entity.fields[field].type))
    bounds = tuple(
        Bound(field, fields[field].path, word, entity.fields[field].type)
        for field, word in zip(side.fields, keys.words, strict=True)
    )
    kinds = tuple(sql_type(bound.word) for bound in bounds)
    return Party(side, Keyed(FETCHED + table, columns, tuple(values), kinds), bounds, unique)


async def _stage(staging: Staging, table: str, keys: Keys) -> None:
    async with staging.filling(table, keys.table.schema) as take:
        await take(keys.table)
