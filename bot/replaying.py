"""A stored answer run again without a planner, and what differs from its receipt."""

from dataclasses import dataclass
from datetime import datetime

from orchestrator import audit
from orchestrator.pipeline import Pipeline, Refused
from orchestrator.store import Ledger, Record, Trail

ENDS = ("answered", "partial", "failed")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A run that was answered at `at`, beside how it ran now: what differs, in words."""

    at: datetime
    then: audit.Receipt
    now: audit.Receipt
    differences: tuple[str, ...]


async def replayed(
    pipeline: Pipeline, run_id: str, by: str, at: datetime, *, is_confirmed: bool
) -> Replayed | Refused:
    """Run a stored answer's SQL again with the rights of its asker, and compare the receipts; the
    audit trail has it before and after, with the operator's name `by`. No row is given out.

    Raises QueryError when its rows can't be joined.
    """
    records = await Trail(pipeline.store.engine).of(run_id)
    found = await _receipt(pipeline, run_id, records)
    if isinstance(found, Refused):
        return found
    ended, then = found
    approved = await pipeline.decisions.replayable(run_id, at, is_confirmed=is_confirmed)
    if isinstance(approved, Refused):
        return approved
    steps = approved.validated.plan.steps
    own = [s.source for s in steps if pipeline.sources[s.source].adapter.capabilities.personal]
    if own:
        return Refused(
            f"It read {own[0]} with the asker's own rights, which are not an operator's to use. "
            "The asker can ask again."
        )
    begun = audit.operations(approved.validated.plan, pipeline.sources)
    starts = audit.start(approved, begun) | {"operator": by}
    await pipeline.store.note(run_id, "replaying", starts)
    ids = audit.operation_ids(begun)
    now, outcomes = await audit.replay(approved, pipeline.executor, pipeline.staging, ids)
    differences = tuple(then.differences(now))
    ends = audit.ended(outcomes, begun, now) | {"operator": by, "differences": list(differences)}
    await pipeline.store.note(run_id, "replayed", ends)
    return Replayed(ended.at, then, now, differences)


async def _receipt(
    pipeline: Pipeline, run_id: str, records: list[Record]
) -> tuple[Record, audit.Receipt] | Refused:
    """The run's receipt and its record, when they and its SQL are as they were written."""
    seal = Ledger.of(pipeline.store.engine).seal
    if any(seal.hash(record) != record.hash for record in records):
        return Refused(
            "Its records in the audit trail were changed, so there is nothing to compare with. "
            "Run crosstalk audit verify."
        )
    ends = [one for one in records if one.what in ENDS and "receipt" in one.detail]
    if not ends:
        return Refused(
            f"There is no receipt of a run {run_id}: it did not end with an answer, or its records "
            "were pruned."
        )
    run = await pipeline.recall(run_id)
    told = [one.detail["sql"] for one in records if "sql" in one.detail]
    if run is not None and told != [run.sql]:
        return Refused("The SQL in the store is not the one in its audit trail. It is not run.")
    return ends[-1], audit.receipt_from(ends[-1].detail["receipt"])
