"""The receipt of an answer: by what it was made, and what came of it, in hashes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.audit.result import table_hash
from orchestrator.audit.shape import query_hash
from orchestrator.join import JoinedTable
from orchestrator.outcome import StepOutcome, Succeeded
from orchestrator.validate import ValidatedPlan


@dataclass(frozen=True, slots=True)
class Receipt:
    """The plan's digest, the policy's, the fingerprint of each source's catalog, of each fetch step
    the hash of its query and how many rows it gave (None when it failed), and of the result its
    columns, number of rows and hash. `complete` says that no step failed and nothing was cut."""

    plan: str
    policy: str
    fingerprints: dict[str, str]
    queries: dict[str, str]
    rows: dict[str, int | None]
    columns: list[str]
    result_rows: int
    result: str
    complete: bool

    def differences(self, again: "Receipt") -> list[str]:
        """What is another than when it was run again, in words; nothing when all is the same."""
        found: list[str] = []
        if self.plan != again.plan:
            found.append("The plan is another: its SQL, fields or relations have changed.")
        if self.policy != again.policy:
            found.append("The policy has changed.")
        found += _moved("The schema of {} has changed.", self.fingerprints, again.fingerprints)
        found += _moved("What {} asks of its source is another query.", self.queries, again.queries)
        for step in sorted({**self.rows, **again.rows}):
            before, after = self.rows.get(step), again.rows.get(step)
            if before != after:
                found.append(f"{step} gave {_rows(before)} then, and {_rows(after)} now.")
        if self.columns != again.columns:
            found.append("The result has other columns.")
        if self.result_rows != again.result_rows:
            found.append(
                f"The result had {_rows(self.result_rows)} then, and {_rows(again.result_rows)} "
                "now."
            )
        elif self.result != again.result:
            found.append("The result has as many rows, but other values.")
        return found


async def receipted(
    validated: ValidatedPlan, outcomes: Mapping[str, StepOutcome], joined: JoinedTable
) -> Receipt:
    """The receipt of a run from what its steps gave and its joined table."""
    steps, table = validated.plan.steps, joined.table
    came = {s.id: o for s in steps if isinstance(o := outcomes.get(s.id), Succeeded)}
    cut = joined.truncated or any(one.truncated for one in came.values())
    return Receipt(
        plan=validated.plan.digest,
        policy=validated.scope,
        fingerprints=dict(validated.fingerprints),
        queries={step.id: query_hash(step) for step in steps},
        rows={s.id: came[s.id].rows if s.id in came else None for s in steps},
        columns=list(table.column_names),
        result_rows=table.num_rows,
        result=await asyncio.to_thread(table_hash, table),
        complete=len(came) == len(steps) and not cut,
    )


def receipt_from(kept: dict[str, Any]) -> Receipt:
    """A receipt as the trail kept it (`dataclasses.asdict`)."""
    return Receipt(**kept)


def _moved(words: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    names = sorted({**before, **after})
    return [words.format(name) for name in names if before.get(name) != after.get(name)]


def _rows(count: int | None) -> str:
    if count is None:
        return "nothing"
    return "1 row" if count == 1 else f"{count:,} rows"
