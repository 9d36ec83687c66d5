"""Mentions and direct messages become supervised runs."""

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.runs import Runs
from bot.slack.asked import asked
from bot.slack.conversation import Conversation


def register(app: AsyncApp, conversation: Conversation, runs: Runs) -> None:
    """Listen to app_mention and message."""

    async def hear(body: dict[str, Any], context: AsyncBoltContext) -> None:
        question = asked(body, context.bot_user_id or "")
        if question is None:
            return
        runs.start(
            question.thread,
            lambda: conversation.answer(question),
            lambda sentence: conversation.say(question, sentence),
        )

    app.event("app_mention")(hear)
    app.event("message")(hear)
