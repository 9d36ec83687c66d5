"""What people think of an answer: thumbs under it, and a modal that asks what is wrong.

What is wrong reaches the channel of those who own the data, with the question, its SQL and its
plan. Rows never do.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.owners import tell_owners
from bot.slack.render import Block, code, header, mrkdwn, section
from orchestrator.approve.review import Why
from orchestrator.explain import pretty
from orchestrator.store import Feedback, Opinion, Store, StoredRun
from orchestrator.store.feedback import Verdict

log = structlog.get_logger(__name__)

Propose = Callable[[StoredRun, Why, str], Awaitable[None]]

THUMBS, WRONG = "feedback", "feedback_wrong"
GOOD, BAD = "good", "bad"
WHAT, WORDS = "what", "words"
COMPLAINTS: dict[Verdict, str] = {
    "number": "A wrong number",
    "source": "The wrong source",
    "slow": "Too slow",
    "other": "Something else",
}
MAX_WORDS = 2_000


def thumbs(run_id: str) -> Block:
    """The two buttons under an answer; their values say no more than which it is, and the run."""

    def thumb(label: str, verdict: str) -> Block:
        return {
            "text": {"type": "plain_text", "text": label},
            "value": f"{verdict} {run_id}",
            "accessibility_label": f"This answer is {verdict}",
        }

    buttons = {"type": "feedback_buttons", "action_id": THUMBS}
    both = {"positive_button": thumb("Good", GOOD), "negative_button": thumb("Bad", BAD)}
    return {"type": "context_actions", "elements": [{**buttons, **both}]}


def register(
    app: AsyncApp,
    store: Store,
    owners_channel: str | None,
    clock: Callable[[], datetime],
    propose: Propose,
) -> None:
    """Listen to the thumbs and to the modal. Without a channel, complaints are kept alone. What is
    found good is proposed as a verified query."""
    listeners = _Listeners(store, Feedback(store.engine), owners_channel, clock, propose)
    app.action(THUMBS)(listeners.pressed)
    app.view(WRONG)(listeners.complained)


@dataclass(frozen=True, slots=True)
class _Listeners:
    store: Store
    feedback: Feedback
    owners_channel: str | None
    clock: Callable[[], datetime]
    propose: Propose

    async def pressed(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """A thumb: up is kept, and proposes a verified query; down asks what is wrong. The modal
        comes first, since the right to open one ends in seconds."""
        verdict, _, run_id = str(body["actions"][0]["value"]).partition(" ")
        run = await self._kept(run_id, body, "good") if verdict == GOOD else None
        await ack()
        if run is not None:
            await self.propose(run, "good", body["user"]["id"])
        if verdict == BAD and _is_at_home(body):
            await client.views_open(trigger_id=body["trigger_id"], view=complaint_modal(run_id))

    async def complained(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """What is wrong, in somebody's words."""
        state: dict[str, Any] = body["view"]["state"]["values"]
        verdict = cast("Verdict", state[WHAT][WHAT]["selected_option"]["value"])
        words = str(state[WORDS][WORDS].get("value") or "")
        run_id = str(body["view"]["private_metadata"])
        run = await self._kept(run_id, body, verdict, words)
        await ack()
        if run is None or self.owners_channel is None:
            return
        complaint = Opinion(run_id, run.team, body["user"]["id"], verdict, words, self.clock())
        text = f"{COMPLAINTS[verdict]} in an answer to <@{run.user}>"
        blocks = complaint_blocks(complaint, run)
        await tell_owners(client, self.owners_channel, text, blocks, run=run_id)

    async def _kept(
        self, run_id: str, body: dict[str, Any], verdict: Verdict, words: str = ""
    ) -> StoredRun | None:
        """Keep an opinion on a run of the person's own team; None when it is none."""
        run = await self.store.recall(run_id)
        if run is None or run.team != body["team"]["id"] or not _is_at_home(body):
            return None
        opinion = Opinion(run_id, run.team, body["user"]["id"], verdict, words, self.clock())
        await self.feedback.keep(opinion)
        return run


def complaint_modal(run_id: str) -> Block:
    """What is wrong with an answer, and room for words."""
    options = [{"text": _plain(said), "value": value} for value, said in COMPLAINTS.items()]
    words = {"type": "plain_text_input", "action_id": WORDS, "multiline": True}
    hint = "The owners of the data see this, the question, its SQL and its plan, but no rows."
    return {
        "type": "modal",
        "callback_id": WRONG,
        "private_metadata": run_id,
        "title": _plain("What is wrong?"),
        "submit": _plain("Send"),
        "close": _plain("Back"),
        "blocks": [
            {
                "type": "input",
                "block_id": WHAT,
                "label": _plain("What is wrong with the answer?"),
                "element": {"type": "radio_buttons", "action_id": WHAT, "options": options},
            },
            {
                "type": "input",
                "block_id": WORDS,
                "optional": True,
                "label": _plain("In your words"),
                "hint": _plain(hint),
                "element": {**words, "max_length": MAX_WORDS},
            },
        ],
    }


def complaint_blocks(complaint: Opinion, run: StoredRun) -> list[Block]:
    """A complaint for those who own the data."""
    who = f"👎 *{COMPLAINTS[complaint.verdict]}*, says <@{complaint.user}>"
    said = [section(complaint.words)] if complaint.words.strip() else []
    return [
        {"type": "section", "text": mrkdwn(who)},
        *said,
        header("The question"),
        section(run.question),
        header("SQL over the business entities"),
        code(pretty(run.sql)),
        header("What each source was asked"),
        code(run.plan_text),
    ]


def _is_at_home(body: dict[str, Any]) -> bool:
    """Whether somebody belongs to the workspace where they have pressed."""
    team = body["team"]["id"]
    return body["user"].get("team_id", team) == team


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}
