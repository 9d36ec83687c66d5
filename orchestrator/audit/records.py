"""What a run leaves in the audit trail: who asked what, what was sent where, how it ended.

Native queries are kept with their parameters' types, never with values or rows; a question is kept
as its hash, so that nothing but its SQL is left of it once a workspace is forgotten.
"""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from orchestrator.answer import Answer
from orchestrator.approve import ApprovedPlan
from orchestrator.approve.risk import Risk
from orchestrator.audit.receipt import Receipt
from orchestrator.audit.shape import query_hash, shape
from orchestrator.compile.plan import Plan
from orchestrator.outcome import Failed, StepOutcome, Succeeded
from orchestrator.plan import Draft
from orchestrator.question import Question
from orchestrator.registry import Source
from orchestrator.validate import ValidatedPlan


def proposal(
    question: Question,
    validated: ValidatedPlan,
    risk: Risk,
    draft: Draft,
    approved: ApprovedPlan | None,
) -> dict[str, Any]:
    """The record of a proposed plan, with its risk, what its draft cost, and who approved it if it
    needs nobody else."""
    plan, decision = validated.plan, approved.decision if approved else None
    return {
        "team": question.requester.team,
        "user": question.requester.user,
        "channel": question.channel,
        "thread": question.thread,
        "question": text_hash(question.text),
        "sql": plan.sql,
        "planner": draft.planner,
        "model": draft.model,
        "prompt": draft.prompt,
        "usage": asdict(draft.usage),
        "digest": plan.digest,
        "policy": validated.scope,
        "fingerprints": dict(validated.fingerprints),
        "risk": {"level": risk.level, "reasons": list(risk.reasons)},
        "approved_by": ", ".join(decision.by) if decision else None,
        "grant": decision.grant.id if decision and decision.grant else None,
    }


def operations(plan: Plan, sources: Mapping[str, Source]) -> list[dict[str, Any]]:
    """What is about to be sent where: an operation for each fetch step, with an id of its own."""
    found: list[dict[str, Any]] = []
    for step in plan.steps:
        query, parameters = shape(step.query)
        found.append(
            {
                "operation": uuid.uuid4().hex,
                "step": step.id,
                "source": step.source,
                "db_type": sources[step.source].spec.kind,
                "db_endpoint": endpoint(sources[step.source].spec.connect),
                "query": query,
                "parameters": list(parameters),
                "hash": query_hash(step),
            }
        )
    return found


def operation_ids(begun: list[dict[str, Any]]) -> dict[str, str]:
    """The id of each step's operation."""
    return {one["step"]: one["operation"] for one in begun}


def start(approved: ApprovedPlan, begun: list[dict[str, Any]]) -> dict[str, Any]:
    """The record of a run that begins, written before any source is asked."""
    decision = approved.decision
    return {
        "digest": approved.validated.plan.digest,
        "by": list(decision.by),
        "reason": decision.reason,
        "operations": begun,
    }


def outcome(
    answer: Answer,
    outcomes: Mapping[str, StepOutcome],
    begun: list[dict[str, Any]],
    receipt: Receipt,
) -> dict[str, Any]:
    """The record of how a run ended, with the answer's receipt."""
    return {
        "rows": answer.table.num_rows,
        "partial": answer.partial,
        "failed": answer.failed,
        "truncated": answer.truncated,
        "seconds": round(answer.seconds, 3),
        **ended(outcomes, begun, receipt),
    }


def ended(
    outcomes: Mapping[str, StepOutcome], begun: list[dict[str, Any]], receipt: Receipt
) -> dict[str, Any]:
    """What each operation brought, and the receipt of it all."""
    return {
        "operations": [_ended(one, outcomes.get(one["step"])) for one in begun],
        "receipt": asdict(receipt),
    }


def endpoint(connect: Mapping[str, Any]) -> str:
    """Where a source is, without a login: `host:port/database`, or the paths of files."""
    if url := connect.get("url"):
        parts = urlsplit(str(url))
        return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
    database = str(connect.get("database", ""))
    if host := connect.get("host"):
        return f"{host}:{connect.get('port', '')}/{database}"
    files: Mapping[str, Any] = connect.get("files") or {}
    return ", ".join([*([database] if database else []), *(str(one) for one in files.values())])


def text_hash(text: str) -> str:
    """sha256 of a text."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _ended(begun: dict[str, Any], how: StepOutcome | None) -> dict[str, Any]:
    found = {name: begun[name] for name in ("operation", "step", "source")}
    match how:
        case Succeeded():
            return found | {
                "outcome": "cached" if how.cached else "fetched",
                "rows": how.rows,
                "bytes": how.bytes,
                "seconds": round(how.seconds, 3),
                "truncated": how.truncated,
                "lease": how.lease_id,
            }
        case Failed():
            return found | {
                "outcome": "failed",
                "reason": how.reason,
                "seconds": round(how.seconds, 3),
                "lease": how.lease_id,
            }
        case _:
            return found | {"outcome": "skipped"}
