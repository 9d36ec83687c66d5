"""Where requests are put before people, and where what they decided is told."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from slack_sdk.errors import SlackApiError

from adapters.errors import FileUnreadable
from bot.slack.approval.card import card, mention, notice, outcome
from bot.slack.approval.people import FAILURES, PeopleAtAGlance, SlackPeople
from bot.slack.asked import Asked
from bot.slack.clients import Clients
from bot.slack.pace import reason
from bot.slack.render import Message, escaped, problem_message
from bot.slack.thread import Thread
from orchestrator.approve.decide import Closed, Decided, Denied
from orchestrator.approve.request import Request
from orchestrator.deciding import Stale
from orchestrator.pipeline import Pipeline, Refused
from orchestrator.store import StoredRun

log = structlog.get_logger(__name__)

CARD = "card"
OPEN = frozenset({"waiting", "approved"})
RECENT = 20


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody's press of a button: who, on which request, and where to answer them alone.

    `team` is the person's own; `workspace` is where the button stands.
    """

    run_id: str
    team: str
    user: str
    channel: str
    workspace: str


class ApprovalDesk:
    """Posts cards and keeps them up to date. All that it shows stands in the store."""

    def __init__(self, pipeline: Pipeline, clients: Clients, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self._pipeline = pipeline
        self._clients = clients

    def people(self, team: str) -> SlackPeople:
        """The people of the workspace that the app is installed in."""
        return SlackPeople(self._clients.of(team))

    def glance(self, team: str) -> PeopleAtAGlance:
        """The same people for one display: no decision may rest on it."""
        return PeopleAtAGlance(self._clients.of(team))

    async def ask(self, run_id: str, thread: Thread | None = None) -> None:
        """Put a request before those who may decide: its card in the approvers' channel with a line
        in the thread, or else in the thread. A card that stands already is not posted again.

        Raises NotNow when Slack is away."""
        request, run = await self._both(run_id)
        thread = thread or self.thread(run)
        approvers = self._pipeline.model.policies.approval.approvers
        channel = approvers.channel if approvers and not request.asker_decides else None
        if channel is None and not request.asker_decides and run.channel.startswith("D"):
            await self._alone(request, thread)
            return
        place = request.card
        if place is None:
            message = await self._card(request, run)
            place = await self._elsewhere(thread, channel, message) if channel else None
            if place is None:
                ts = await thread.post(message)
                await self._posted(run_id, (run.channel, ts))
                return
            await self._posted(run_id, place)
        said = await thread.post(notice(replace(request, card=place)))
        await self._posted(run_id, place, (run.channel, said))

    async def begun(self, asked: Asked) -> str:
        """The run of a question that an earlier try at it has put, or was about to put, before
        people, and that has not been run: its id, or ""."""
        words = asked.text.split()
        for run in await self._pipeline.store.history(
            asked.team, asked.user, RECENT, asked.channel
        ):
            is_same = run.thread == asked.thread and run.question.split() == words
            if is_same and run.status in OPEN:
                return run.run_id
        return ""

    async def settle(self, came: Decided | Denied | Closed | Stale | Refused, click: Click) -> str:
        """Tell what came of a press: the id of a run that is to be started now, or ""."""
        match came:
            case Denied():
                await self._whisper(click, escaped(came.message))
            case Refused():
                await self._whisper(click, escaped(came.message))
            case Closed(request=None):
                await self._whisper(click, "There is no such request (any more).")
            case Closed(request=Request() as request):
                await self.show(request)
                await self._whisper(click, f"This is decided already. {outcome(request)}")
            case Decided(request=request):
                await self.show(request)
                if request.status == "rejected":
                    await self.tell(request, outcome(request))
                return request.run_id if request.status == "approved" else ""
            case Stale():
                return await self.anew(came)
            case _:
                pass
        return ""

    async def anew(self, stale: Stale, thread: Thread | None = None) -> str:
        """Show that a request has ended for a new one, and ask that: the id of a run that is to be
        started at once, for it needs no decision, or "". `thread` is where it was asked; without
        it, that of the request."""
        if stale.request is not None:
            await self.show(stale.request)
            _, run = await self._both(stale.request.run_id)
            thread = thread or self.thread(run)
        if isinstance(stale.again, Refused):
            if thread is not None:
                await thread.post(problem_message(stale.again))
            return ""
        if stale.again.approved is not None:
            return stale.again.run_id
        await self.ask(stale.again.run_id, thread)
        return ""

    async def lost(self, run_id: str, why: FileUnreadable, thread: Thread | None = None) -> None:
        """End a plan one of whose files can't be read any more, and say so where it was asked."""
        request = await self._pipeline.approvals.of(run_id)
        run = await self._pipeline.recall(run_id)
        assert run is not None
        if request is None:
            await self._pipeline.store.finish(run_id, "failed", {"reason": str(why)})
        elif request.status in {"waiting", "approved"}:
            ended = await self._pipeline.approvals.close(
                request, "stale", self.clock(), reason="a file that it reads can't be read"
            )
            await self.show(ended or request)
        await (thread or self.thread(run)).post(problem_message(why))

    async def show(self, request: Request) -> None:
        """Bring a request's card and its line in the thread up to date."""
        _, run = await self._both(request.run_id)
        places = [(request.card, await self._card(request, run)), (request.notice, notice(request))]
        for place, message in places:
            if place is None:
                continue
            try:
                await self._clients.of(run.team).chat_update(
                    channel=place[0], ts=place[1], text=message.text, blocks=message.blocks
                )
            except FAILURES as error:
                log.warning("card_not_updated", run=request.run_id, reason=type(error).__name__)

    async def tell(self, request: Request, said: str) -> None:
        """Say something (mrkdwn) to the asker, in the thread where they asked."""
        _, run = await self._both(request.run_id)
        await self.thread(run).post(Message(f"{mention(request.binding.user)} {said}"))

    async def call(self, request: Request, said: str, *groups: str) -> None:
        """Say something (mrkdwn) to groups, under the request's card."""
        if request.card is None:
            return
        _, run = await self._both(request.run_id)
        people = self.people(run.team)
        named = " ".join([await people.mention(group) for group in groups])
        if request.card[0] == run.channel:
            await self.thread(run).post(Message(f"{named} {said}"))
        else:
            await Thread(self._clients.of(run.team), *request.card).post(Message(f"{named} {said}"))

    def thread(self, run: StoredRun, work: str = "") -> Thread:
        """Where a run was asked for; what is posted there for a piece of work bears its id."""
        client, ts = self._clients.of(run.team), run.thread.rpartition(":")[2]
        return Thread(client, run.channel, ts, work=work)

    async def _elsewhere(
        self, thread: Thread, channel: str, message: Message
    ) -> tuple[str, str] | None:
        """Post a card in the approvers' channel, over that of an earlier try at the same work: its
        place, or None when it can't be written to. Raises NotNow when Slack is away."""
        conversation = await thread.elsewhere(channel)
        try:
            return channel, await conversation.post(message, CARD)
        except SlackApiError as error:
            log.warning("approvers_channel_not_written", reason=reason(error))
            return None

    async def _posted(
        self, run_id: str, card: tuple[str, str], notice: tuple[str, str] | None = None
    ) -> None:
        """Remember where a card stands. Who was quick may have decided by it already: then it is
        brought up to date now, for nobody knew of it then."""
        await self._pipeline.approvals.posted(run_id, card, notice)
        request = await self._pipeline.approvals.of(run_id)
        if request is not None and request.status != "waiting":
            await self.show(request)

    async def _alone(self, request: Request, thread: Thread) -> None:
        """In a direct message there is nobody who could decide."""
        await self._pipeline.approvals.close(
            request, "withdrawn", self.clock(), reason="asked where nobody else is"
        )
        reasons = "\n".join(f"• {escaped(reason)}" for reason in request.risk.reasons)
        said = (
            "This needs an approval, and nobody who could give one sees this conversation. Ask in "
            f"a channel where members of {escaped(' or '.join(request.groups))} are.\n{reasons}"
        )
        await thread.post(Message(said))

    async def _card(self, request: Request, run: StoredRun) -> Message:
        people = self.glance(run.team)
        groups = [await people.mention(group) for group in request.groups]
        return card(request, run, groups, self._pipeline.model.policies.approval.grant_days)

    async def _whisper(self, click: Click, sentence: str) -> None:
        """Tell who pressed alone. It is a courtesy: nothing was decided by it."""
        try:
            await self._clients.of(click.workspace).chat_postEphemeral(
                channel=click.channel, user=click.user, text=sentence
            )
        except FAILURES as error:
            log.info("courtesy_failed", what="whisper", reason=type(error).__name__)

    async def _both(self, run_id: str) -> tuple[Request, StoredRun]:
        request = await self._pipeline.approvals.of(run_id)
        run = await self._pipeline.recall(run_id)
        assert request is not None
        assert run is not None
        return request, run
