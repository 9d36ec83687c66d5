"""What somebody who asks sees before there is anything to show: courtesies, whose failure costs
nobody the answer."""

from collections.abc import Awaitable

import structlog

from bot.slack.asked import Asked
from bot.slack.thread import SLACK_FAILURES, Thread

log = structlog.get_logger(__name__)


async def greet(asked: Asked, thread: Thread) -> None:
    """Show that a question was taken up."""
    await _harmless("react", thread.react(asked.ts, "eyes"))
    await _harmless("status", thread.status("is reading the question…"))


async def show_place(asked: Asked, thread: Thread, ahead: int) -> None:
    """Show how many questions are before this one; nothing for one that may be meant for others."""
    if not asked.overheard:
        place = f"{ahead:,} ahead of you" if ahead else "you are next"
        await _harmless("place", thread.status(f"is busy: {place}…"))


async def _harmless(what: str, call: Awaitable[None]) -> None:
    try:
        await call
    except SLACK_FAILURES as error:
        log.info("courtesy_failed", what=what, reason=type(error).__name__)
