"""What a run leaves in the audit trail: who asked what, what was sent where, how it ended.

Native queries are kept with their parameters' types, never with values or rows.
"""

from dataclasses import asdict
from typing import Any

from adapters.query import SqlQuery, describe
from orchestrator.answer import Answer
from orchestrator.approve import ApprovedPlan
from orchestrator.approve.risk import Risk
from orchestrator.plan import Draft
from orchestrator.question import Question
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
        "sql": plan.sql,
        "planner": draft.planner,
        "usage": asdict(draft.usage),
        "digest": plan.digest,
        "fingerprints": dict(validated.fingerprints),
        "risk": {"level": risk.level, "reasons": list(risk.reasons)},
        "approved_by": ", ".join(decision.by) if decision else None,
        "grant": decision.grant.id if decision and decision.grant else None,
        "steps": [
            {
                "step": step.id,
                "source": step.source,
                "query": describe(step.query),
                "parameters": [type(p).__name__ for p in step.query.parameters]
                if isinstance(step.query, SqlQuery)
                else [],
            }
            for step in plan.steps
        ],
    }


def outcome(answer: Answer) -> dict[str, Any]:
    """The record of how a run ended."""
    return {
        "rows": answer.table.num_rows,
        "partial": answer.partial,
        "failed": answer.failed,
        "seconds": round(answer.seconds, 3),
        "sources": [
            {
                "step": r.step,
                "source": r.source,
                "rows": r.rows,
                "failed": bool(r.failure),
                "cached": r.cached,
            }
            for r in answer.sources
        ],
    }
