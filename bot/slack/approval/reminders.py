"""What time brings: reminders, escalation and the end of requests, swept from the store.

No timer is kept in memory, and each step is claimed before it is done, so that a restart forgets
nothing and of two replicas one acts.
"""

import contextlib
from collections.abc import AsyncGenerator
from datetime import datetime

from bot.periodic import repeated
from bot.slack.approval.card import outcome, when
from bot.slack.approval.desk import ApprovalDesk
from orchestrator.approve.request import Request
from orchestrator.store import Approvals

SWEEP_S = 30.0


@contextlib.asynccontextmanager
async def sweeping(
    desk: ApprovalDesk, approvals: Approvals, every_s: float = SWEEP_S
) -> AsyncGenerator[None]:
    """Sweep now and then while the block lasts."""

    async def now() -> None:
        await sweep(desk, approvals, desk.clock())

    async with repeated(now, every_s):
        yield


async def sweep(desk: ApprovalDesk, approvals: Approvals, at: datetime) -> None:
    """Do all that is due."""
    for request in await approvals.due(at):
        if request.expires_at <= at:
            ended = await approvals.close(request, "expired", at)
            if ended is not None:
                await desk.show(ended)
                await desk.tell(ended, f"{outcome(ended)}. Ask again if you still want to know.")
            continue
        if request.escalate_at is not None and request.escalate_at <= at:
            await _escalate(desk, approvals, request, at)
        if request.remind_at is not None and request.remind_at <= at:
            await _remind(desk, approvals, request, at)


async def _escalate(
    desk: ApprovalDesk, approvals: Approvals, request: Request, at: datetime
) -> None:
    claimed = await approvals.claim(request, "escalate_at", at)
    if claimed is not None:
        await desk.show(claimed)
        said = "may decide on this now too: nobody has so far."
        await desk.call(claimed, said, request.escalation)


async def _remind(desk: ApprovalDesk, approvals: Approvals, request: Request, at: datetime) -> None:
    claimed = await approvals.claim(request, "remind_at", at)
    if claimed is None:
        return
    said = f"this still waits for a decision. It ends {when(claimed.expires_at)}."
    if claimed.asker_decides:
        await desk.tell(claimed, said)
    else:
        await desk.call(claimed, said, *claimed.groups)
