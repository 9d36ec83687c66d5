"""What time brings: reminders, escalation and the end of requests, and the start of those whose
approval was kept by a process that died before it could start them. All is swept from the store.

No timer is kept in memory, and each step is claimed before it is done, so that a restart forgets
nothing and of two replicas one acts.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from bot.slack.approval.card import outcome, when
from bot.slack.approval.desk import ApprovalDesk
from bot.slack.approval.people import FAILURES
from orchestrator.approve.request import Request
from orchestrator.store import Approvals

log = structlog.get_logger(__name__)

SWEEP_S = 30.0
STARTED_WITHIN = timedelta(days=1)
"""Approved runs are started so long; the queue knows for longer which ones it has had."""
Start = Callable[[str], Awaitable[None]]


@contextlib.asynccontextmanager
async def sweeping(
    desk: ApprovalDesk, approvals: Approvals, start: Start, every_s: float = SWEEP_S
) -> AsyncGenerator[None]:
    """Sweep now and then while the block lasts. `start` starts a run once, by its id."""

    async def sweep_on() -> None:
        while True:
            try:
                await sweep(desk, approvals, desk.clock())
                await start_approved(approvals, start, desk.clock())
            except Exception:
                log.exception("sweep_failed")
            await asyncio.sleep(every_s)

    task = asyncio.create_task(sweep_on())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def sweep(desk: ApprovalDesk, approvals: Approvals, at: datetime) -> None:
    """Do all that is due. What can't be told is done all the same, and keeps nothing else back."""
    for request in await approvals.due(at):
        try:
            await _step(desk, approvals, request, at)
        except FAILURES as error:
            log.warning("sweep_not_told", run=request.run_id, reason=type(error).__name__)


async def _step(desk: ApprovalDesk, approvals: Approvals, request: Request, at: datetime) -> None:
    if request.expires_at <= at:
        ended = await approvals.close(request, "expired", at)
        if ended is not None and ended.card is not None:
            await desk.show(ended)
            await desk.tell(ended, f"{outcome(ended)}. Ask again if you still want to know.")
        return
    if request.escalate_at is not None and request.escalate_at <= at:
        await _escalate(desk, approvals, request, at)
    if request.remind_at is not None and request.remind_at <= at:
        await _remind(desk, approvals, request, at)


async def start_approved(approvals: Approvals, start: Start, at: datetime) -> None:
    """Start what was approved lately and has not ended; what was started before stays as it is."""
    for request in await approvals.not_ended(at - STARTED_WITHIN):
        await start(request.run_id)


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
    if claimed is None or claimed.card is None:
        return
    said = f"this still waits for a decision. It ends {when(claimed.expires_at)}."
    if claimed.asker_decides:
        await desk.tell(claimed, said)
    else:
        await desk.call(claimed, said, *claimed.groups)
