"""The buttons of a question back: a press asks the question that the button holds, once."""

import re
from dataclasses import asdict
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.runs import Runs
from bot.slack.clarify import CHOOSE, chosen, chosen_message
from bot.slack.listeners.events import QUESTION
from bot.slack.thread import SLACK_FAILURES, Thread

log = structlog.get_logger(__name__)


def register(app: AsyncApp, runs: Runs) -> None:
    """Listen to every choice."""

    async def choose(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        asked = chosen(body)
        is_first = await runs.put(asked.thread, (asked.message,), QUESTION, asdict(asked))
        await ack()
        if not is_first:
            return
        try:
            message = chosen_message(body, asked)
            await Thread(client, asked.channel, asked.thread_ts).edit(asked.ts, message)
        except SLACK_FAILURES as error:
            log.warning("choice_not_shown", reason=type(error).__name__)

    app.action(re.compile(f"{CHOOSE}\\d+"))(choose)
