"""Verified queries that people propose: a thumb up, or a plan that was edited and run, and what the
owners of the data decide on it.

A button bears the opaque id of a proposal and nothing else; only a button decides, no words.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.approval import ApprovalDesk
from bot.slack.approval.card import context, mention, when
from bot.slack.approval.listeners import pressed
from bot.slack.clients import Clients
from bot.slack.owners import tell_owners
from bot.slack.plan_preview import PLANNED
from bot.slack.render import Block, button, code, escaped, header, mrkdwn, section
from bot.slack.thread import SLACK_FAILURES
from bot.verified import owner_groups, unfit
from orchestrator.approve.review import ProposedQuery, Verdict, Why, denied_review
from orchestrator.approve.rules import FREE_FORM
from orchestrator.explain import pretty
from orchestrator.pipeline import Pipeline
from orchestrator.proposing import draft_for
from orchestrator.store import StoredRun, Work

log = structlog.get_logger(__name__)

ACCEPT, REJECT = "query_accept", "query_reject"
VERDICTS: dict[str, Verdict] = {ACCEPT: "accepted", REJECT: "rejected"}
SAID: dict[Verdict, str] = {"accepted": "✅ Accepted", "rejected": "❌ Rejected"}
REASONS: dict[Why, str] = {
    "good": "👍 {} found this answer good",
    "corrected": "✏️ {} corrected the query, and it was run",
}
OVER = "This has been decided on already, or is no longer kept."

Do = Callable[[Work], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reviews:
    """Keeps proposals, and tells those who own the data of new ones where `channel` is set."""

    pipeline: Pipeline
    clients: Clients
    desk: ApprovalDesk
    channel: str | None

    async def propose(self, run: StoredRun, why: Why, by: str) -> None:
        """Keep an answered run's question and SQL, unless they are known or do not fit."""
        at = self.desk.clock()
        if run.status != "answered" or unfit(self.pipeline, run.question, run.sql):
            return
        proposed = await self.pipeline.proposed_queries.propose(run, why, by, at)
        if proposed is None or self.channel is None:
            return
        text = f"A verified query is proposed by {mention(by)}"
        groups = owner_groups(self.pipeline, run.sql)
        blocks = review_blocks(proposed, groups, draft_for(run).assumptions)
        client = self.clients.of(run.team)
        await tell_owners(client, self.channel, text, blocks, run=run.run_id)

    def after(self, do: Do) -> Do:
        """The same work on a run (`run_id`), after which SQL that somebody wrote for its question
        is proposed."""

        async def done(work: Work) -> None:
            await do(work)
            run = await self.pipeline.recall(str(work.payload["run_id"]))
            if run is None or run.planner != FREE_FORM:
                return
            request = await self.pipeline.approvals.of(run.run_id)
            if request is not None:
                await self.propose(run, "corrected", request.edited_by or run.user)
            elif work.kind == PLANNED:  # else an approver may have written it, and nobody knows who
                await self.propose(run, "corrected", run.user)

        return done

    async def decide(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """A button: who may is asked of Slack now, and of two at once one counts."""
        await ack()
        click, verdict = pressed(body), VERDICTS[body["actions"][0]["action_id"]]
        came = await self._decided(body, verdict)
        if isinstance(came, str):
            await client.chat_postEphemeral(
                channel=click.channel, user=click.user, text=escaped(came)
            )
            return
        assert came.decided_at is not None
        said = f"{SAID[verdict]} by {mention(came.decided_by)}, {when(came.decided_at)}"
        blocks = [one for one in body["message"]["blocks"] if one["type"] != "actions"]
        try:
            await client.chat_update(
                channel=click.channel,
                ts=body["message"]["ts"],
                text=said,
                blocks=[*blocks, context(said)],
            )
        except SLACK_FAILURES as error:
            log.warning("decision_not_shown", reason=type(error).__name__)

    async def _decided(self, body: dict[str, Any], verdict: Verdict) -> ProposedQuery | str:
        """The proposal as it was decided on, or why it was not."""
        click, at, kept = pressed(body), self.desk.clock(), self.pipeline.proposed_queries
        proposed = await kept.of(click.run_id)
        if proposed is None or proposed.status != "waiting":
            return OVER
        people = self.desk.people(click.workspace)
        groups = owner_groups(self.pipeline, proposed.sql)
        by = await people.decider(click.team, click.user)
        if (denied := await denied_review(proposed, groups, by, people)) is not None:
            return denied.message
        problem = unfit(self.pipeline, proposed.question, proposed.sql)
        if verdict == "accepted" and problem is not None:
            return f"This can't be accepted any more. {problem}"
        return await kept.decide(proposed, verdict, click.user, at) or OVER


def register(app: AsyncApp, reviews: Reviews) -> None:
    """Listen to Accept and Reject."""
    for action in VERDICTS:
        app.action(action)(reviews.decide)


def review_blocks(
    proposed: ProposedQuery, groups: tuple[str, ...], assumptions: tuple[str, ...]
) -> list[Block]:
    """A proposal for those who own the data."""
    why = REASONS[proposed.why].format(mention(proposed.proposed_by))
    who = f"*Proposed verified query*\n{why}"
    assumed = [section("Assumed: " + " · ".join(assumptions))] if assumptions else []
    owners = escaped(" or ".join(groups)) or "nobody, since what it reads has no owners' group"
    hint = f"Who can decide: {owners}, and never who proposed it. `crosstalk verified --diff` "
    return [
        {"type": "section", "text": mrkdwn(who)},
        header("The question"),
        section(proposed.question),
        header("SQL over the business entities"),
        code(pretty(proposed.sql)),
        *assumed,
        context(hint + "shows what is accepted as a change to the semantic model."),
        {
            "type": "actions",
            "elements": [
                {**button("Accept", ACCEPT, proposed.id), "style": "primary"},
                button("Reject", REJECT, proposed.id),
            ],
        },
    ]
