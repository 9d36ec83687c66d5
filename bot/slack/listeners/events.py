"""Mentions, direct messages and what may be follow-ups are written down, then acknowledged."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from slack_bolt.app.async_app import AsyncApp

from bot.runs import Runs
from bot.slack.asked import asked
from bot.slack.history.credentials import action_tokens

QUESTION = "question"


def register(app: AsyncApp, runs: Runs) -> None:
    """Listen to app_mention and message."""

    async def write_down(
        body: dict[str, Any],
        next: Callable[[], Awaitable[None]],  # noqa: A002
    ) -> None:
        question = asked(body)
        if question is not None:
            token = (body["event"].get("assistant_thread") or {}).get("action_token")
            if token:
                action_tokens.keep(question.team, question.user, token)
            keys = (question.event_id, question.message)
            await runs.put(question.thread, keys, QUESTION, asdict(question))
        await next()

    async def hear() -> None:
        """All is done by the middleware: Bolt acknowledges an event before its listener runs."""

    app.event("app_mention", middleware=[write_down])(hear)
    app.event("message", middleware=[write_down])(hear)
