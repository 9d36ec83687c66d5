"""What a run leaves in the audit trail: who asked what, what was sent where, how it ended.

Native queries are kept with their parameters' types, never with values or rows.
"""

from dataclasses import asdict
from typing import Any

from adapters.query import SqlQuery, describe
from orchestrator.answer import Answer
from orchestrator.approve import ApprovedPlan
from orchestrator.plan import Draft
from orchestrator.question import Question


def proposal(question: Question, approved: ApprovedPlan, draft: Draft) -> dict[str, Any]:
    """The record of a plan that was approved, with what its draft cost."""
    plan = approved.validated.plan
    return {
        "team": question.requester.team,
        "user": question.requester.user,
        "channel": question.channel,
        "sql": plan.sql,
        "planner": draft.planner,
        "usage": asdict(draft.usage),
        "digest": plan.digest,
        "fingerprints": dict(approved.validated.fingerprints),
        "approved_by": approved.decision.by,
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
