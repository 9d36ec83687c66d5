"""The shortcuts: a modal asks for the question, and it is asked in a thread as who typed it."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import QueryError
from bot.slack.approval.card import plain
from bot.slack.approval.listeners import person
from bot.slack.asked import words
from bot.slack.opening import INVITE, NOT_MEMBER, Opener, Place
from bot.slack.pace import reason
from bot.slack.render import Block, clipped, escaped
from bot.slack.thread import SLACK_FAILURES
from orchestrator.question import MAX_CHARACTERS, Requester, question

ABOUT_MESSAGE, ASK = "ask_about_message", "ask"
ASK_ABOUT, ASK_IN = "asked_about_message", "asked_in_channel"  # the modals' submissions
QUESTION, CHANNEL = "question", "channel"
MAX_QUOTE = 1_000
LOOK_S = 1.5


def register(app: AsyncApp, opener: Opener) -> None:
    """Listen to both shortcuts and to their modals."""
    listeners = _Listeners(opener)
    app.shortcut(ABOUT_MESSAGE)(listeners.open_about)
    app.shortcut(ASK)(listeners.open_ask)
    app.view(ASK_ABOUT)(listeners.ask_about)
    app.view(ASK_IN)(listeners.ask_in)


@dataclass(frozen=True, slots=True)
class _Listeners:
    opener: Opener

    async def open_about(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """“Ask Crosstalk about this”, from a message's menu."""
        await ack()
        message = body["message"]
        thread_ts = message.get("thread_ts") or message["ts"]
        place = json.dumps({"channel": body["channel"]["id"], "thread_ts": thread_ts})
        view = _modal(ASK_ABOUT, [_quote(message.get("text") or ""), _question()], place)
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def open_ask(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """“Ask Crosstalk”, from the global menu."""
        await ack()
        view = _modal(ASK_IN, [_question(), _channel()])
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def ask_about(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """A question goes into the thread of the message that it is about."""
        about = json.loads(body["view"]["private_metadata"])
        team, user = person(body)
        place = Place(team, about["channel"], user, about["thread_ts"])
        await self._ask(ack, body, client, place, QUESTION)

    async def ask_in(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """A question opens a thread in the channel that was picked."""
        channel = str(_state(body, CHANNEL)["selected_conversation"])
        team, user = person(body)
        await self._ask(ack, body, client, Place(team, channel, user), CHANNEL)

    async def _ask(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, place: Place, block: str
    ) -> None:
        """Ask, or say in the modal why not; `block` is told when the bot is not in the channel."""
        asked = str(_state(body, QUESTION)["value"] or "")
        try:
            question(asked, Requester(place.team, place.user))
        except QueryError as error:
            await ack(response_action="errors", errors={QUESTION: str(error)})
            return
        if not await _may_post(client, place.channel):
            await ack(response_action="errors", errors={block: INVITE})
            return
        await ack()
        if refused := await self.opener.ask(client, place, asked):
            await client.chat_postMessage(channel=place.user, text=escaped(refused.message))


async def _may_post(client: AsyncWebClient, channel: str) -> bool:
    """Whether the bot is in a conversation. When Slack does not say, the post will tell."""
    try:
        async with asyncio.timeout(LOOK_S):
            found = (await client.conversations_info(channel=channel)).get("channel") or {}
    except SlackApiError as error:
        return reason(error) not in NOT_MEMBER
    except SLACK_FAILURES:
        return True
    return bool(found.get("is_member") or found.get("is_im"))


def _state(body: dict[str, Any], name: str) -> dict[str, Any]:
    return body["view"]["state"]["values"][name][name]


def _quote(text: str) -> Block:
    """A message as it reads: rich text, so that nothing in it is a mention or a link."""
    shown = clipped(words(text), MAX_QUOTE) or "(no text)"
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": shown}]}
    return {"type": "rich_text", "elements": [quote]}


def _question() -> Block:
    limits = {"multiline": True, "max_length": MAX_CHARACTERS}
    element = {"type": "plain_text_input", "action_id": QUESTION, **limits}
    return _input(QUESTION, "Your question", "It is asked in your name, in a thread.", element)


def _channel() -> Block:
    element = {
        "type": "conversations_select",
        "action_id": CHANNEL,
        "default_to_current_conversation": True,
        "filter": {"include": ["public", "private"]},
    }
    return _input(CHANNEL, "Where", "The answer can be read by whoever can read this.", element)


def _input(name: str, label: str, hint: str, element: dict[str, Any]) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label),
        "hint": plain(hint),
        "element": element,
    }


def _modal(callback: str, blocks: list[Block], metadata: str = "") -> Block:
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "title": plain("Ask Crosstalk"),
        "submit": plain("Ask"),
        "close": plain("Back"),
        "blocks": blocks,
    }
