"""Verified queries that were proposed, and who may decide on them: the owners of what they read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from orchestrator.approve.decide import Decider, Denied, Members, denied_guest, denied_stranger

Why = Literal["good", "corrected"]
Verdict = Literal["accepted", "rejected"]


@dataclass(frozen=True, slots=True)
class ProposedQuery:
    """A question with the semantic SQL that answered it, which somebody found good or has
    `corrected`. It holds no rows. `run_id` is the run that it comes from."""

    id: str
    team: str
    run_id: str
    question: str
    sql: str
    why: Why
    proposed_by: str
    proposed_at: datetime
    status: Literal["waiting"] | Verdict = "waiting"
    decided_by: str = ""
    decided_at: datetime | None = None


async def denied_review(
    proposed: ProposedQuery, groups: tuple[str, ...], by: Decider, members: Members
) -> Denied | None:
    """Why a person may not decide on a proposal, or None when they may: a full member in one of
    the owners' `groups`, and not who proposed it. Without owners nobody may."""
    if by.team != proposed.team:
        return Denied("This was proposed in another workspace, so you can't decide on it.")
    if by.user == proposed.proposed_by:
        return Denied("You proposed this yourself, so somebody else of the owners has to decide.")
    if (guest := denied_guest(by)) is not None:
        return guest
    if not groups:
        return Denied(
            "Nothing that this reads has a user group among its `owners` in the semantic model, so "
            "nobody can decide on it here. Have one named there, or use `crosstalk verified`."
        )
    return await denied_stranger(groups, by, members, "decide on")
