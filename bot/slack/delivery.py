"""Where an answer goes: into its thread, or to its asker alone when not everybody who reads the
thread may see it, or when the asker wants it so. Then the thread says that it did.

What goes to one person is a message that names the question, with the answer in its thread. The
line in the question's own thread comes last: once it stands there, the work is done.
"""

from dataclasses import dataclass
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.runs import NotNow
from bot.slack.answer import KeptTables, Reader, post_answer
from bot.slack.approval.card import allowance, mention, section
from bot.slack.asked import Asked
from bot.slack.audience import Audiences, Shown, is_direct
from bot.slack.clients import Clients
from bot.slack.pace import courtesy, is_away, reason
from bot.slack.render import Message, button, clipped, escaped
from bot.slack.thread import ANSWER, SLACK_FAILURES, Thread
from orchestrator.answer import Answer
from orchestrator.approve import ApprovedPlan
from orchestrator.pipeline import Pipeline
from orchestrator.question import Requester

log = structlog.get_logger(__name__)

HEAD, SHARE = "head", "share_answer"
MAX_QUESTION = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """Brings the answers of a pipeline to those who may see them."""

    pipeline: Pipeline
    clients: Clients
    audiences: Audiences
    kept: KeptTables

    async def deliver(self, answer: Answer, approved: ApprovedPlan, thread: Thread) -> None:
        """Post an answer, once. A failed one shows nothing, so it always goes into the thread.

        Raises NotNow when Slack is away.
        """
        asker, shown = approved.requester, self._shown(approved)
        refusal = wished = None
        if not answer.failed:
            refusal = await self.audiences.refusal(shown, asker, thread.channel)
            wished = not is_direct(thread.channel) and await self._wants_privacy(asker)
        if refusal is None and not wished:
            await self._post(answer, approved, thread)
        else:
            await thread.post(Message(f"🔒 {await self._alone(answer, approved, thread, refusal)}"))

    async def _alone(
        self, answer: Answer, approved: ApprovedPlan, thread: Thread, refusal: str | None
    ) -> str:
        """Post an answer for its asker alone: what the thread is told of it (mrkdwn). Without a
        refusal the asker wants it so, and can share it later."""
        asker = approved.requester
        who, why = mention(asker.user), f": {refusal}" if refusal else ", as they have set it"
        im = await self._opened(asker)
        if im is None:
            return f"The answer is for {who} alone{why}. I can't write to them, so nobody sees it."
        if refusal is not None:
            never = await self.audiences.refusal(self._shown(approved), asker, im)
            if never is not None:
                return f"The answer is shown to nobody: {never}."
        head = await self._head(approved, thread, refusal)
        asked_in = f"{asker.team}:{thread.channel}:{thread.ts}"
        conversation = await thread.elsewhere(im)
        own = await thread.elsewhere(im, await conversation.post(head, HEAD, asked_in=asked_in))
        if not own.has(ANSWER):
            await self._post(answer, approved, own, can_stream=refusal is not None)
        return f"The answer went to {who} alone{why}."

    async def _post(
        self, answer: Answer, approved: ApprovedPlan, thread: Thread, *, can_stream: bool = True
    ) -> None:
        """Post an answer here. One that may be shared is not streamed: its blocks have it all."""
        asker, decision = approved.requester, approved.decision
        reader = Reader(asker.team, asker.user) if can_stream else None
        said = allowance(decision.by, decision.reason, decision.grant)
        await post_answer(thread, answer, reader, self.kept, said)

    async def _head(self, approved: ApprovedPlan, thread: Thread, refusal: str | None) -> Message:
        """What an answer in the direct conversation goes under."""
        run = await self.pipeline.recall(approved.run_id)
        asked = escaped(clipped(run.question if run else "a question", MAX_QUESTION))
        link = await self._link(approved.requester, thread)
        named = f"<{link}|{asked.replace('|', '¦')}>" if link else asked
        why = f": {refusal}" if refusal else ", as you have set it on your Home"
        said = f"🔒 You asked in <#{thread.channel}>: {named}\nThe answer is for you alone{why}."
        if refusal is not None:
            return Message(said)
        share = {
            "type": "actions",
            "elements": [button("Share in the thread", SHARE, approved.run_id)],
        }
        return Message(said, [section(said), share])

    async def _opened(self, asker: Requester) -> str | None:
        """The direct conversation with somebody, or None where there can be none. Raises NotNow."""
        try:
            opened = await self.clients.of(asker.team).conversations_open(users=asker.user)
        except SLACK_FAILURES as error:
            if is_away(error) or not isinstance(error, SlackApiError):
                raise NotNow("the direct conversation can't be opened") from error
            log.warning("direct_conversation_closed", reason=reason(error))
            return None
        im: dict[str, Any] = opened["channel"] or {}
        return str(im["id"])

    async def _link(self, asker: Requester, thread: Thread) -> str:
        """The address of a thread, or "" when Slack does not give it."""
        client = self.clients.of(asker.team)
        try:
            found = await client.chat_getPermalink(channel=thread.channel, message_ts=thread.ts)
        except SLACK_FAILURES as error:
            log.info("courtesy_failed", what="permalink", reason=type(error).__name__)
            return ""
        return str(found["permalink"])

    def _shown(self, approved: ApprovedPlan) -> Shown:
        return Shown(approved.validated.plan, self.pipeline.model)

    async def _wants_privacy(self, asker: Requester) -> bool:
        return (await self.pipeline.preferences.of(asker.team, asker.user)).is_private


async def asked_elsewhere(client: AsyncWebClient, asked: Asked) -> str:
    """The thread of the question whose answer a message in a direct conversation stands under, or
    "" when it stands under none, or Slack does not tell soon."""
    if asked.ts == asked.thread_ts:
        return ""
    try:
        with courtesy():
            found = await client.conversations_replies(
                channel=asked.channel, ts=asked.thread_ts, limit=1, include_all_metadata=True
            )
    except SLACK_FAILURES as error:
        log.info("head_not_read", reason=type(error).__name__)
        return ""
    messages: list[dict[str, Any]] = found["messages"] or [{}]
    metadata: dict[str, Any] = messages[0].get("metadata") or {}
    return str((metadata.get("event_payload") or {}).get("asked_in") or "")
