"""Home is published when it is opened; its buttons ask questions and change settings."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.runs import Runs
from bot.slack.conversation import Conversation
from bot.slack.home import view
from bot.slack.posed import Posed, pose
from bot.slack.thread import SLACK_FAILURES
from orchestrator.approve.decide import Choice, denied
from orchestrator.approve.request import Request
from orchestrator.pipeline import Pipeline
from orchestrator.question import MAX_CHARACTERS
from orchestrator.store import PersonalSettings, recent_runs

READ = 50
LONGEST_RUN = timedelta(minutes=15)
"""A run that began longer ago and has not ended was cut off."""
STALE_S = 600.0
ASKED = "Asked. The answer comes under “Messages”."


def register(app: AsyncApp, pipeline: Pipeline, conversation: Conversation, runs: Runs) -> None:
    """Listen to the opening of Home, its buttons and its modal."""
    home = _Home(pipeline, conversation, runs)
    app.event("app_home_opened")(home.opened)
    app.action(view.AGAIN)(home.again)
    app.action(view.SUGGESTED)(home.suggested)
    app.action(view.SETTINGS)(home.settings)
    app.view(view.SETTINGS_SET)(home.set)


@dataclass(frozen=True, slots=True)
class _Home:
    pipeline: Pipeline
    conversation: Conversation
    runs: Runs

    async def opened(self, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Somebody looks at their Home."""
        if body["event"].get("tab") == "home":
            await self._publish(body["team_id"], body["event"]["user"], client)

    async def again(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """One of the person's own questions, asked once more."""
        await ack()
        team, user = _person(body)
        run = await self.pipeline.recall(body["actions"][0]["value"])
        if run is not None and (run.team, run.user) == (team, user):
            await self._ask(run.question, body, client)

    async def suggested(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """One of the questions that the model suggests."""
        await ack()
        if (text := body["actions"][0]["value"]) in self._suggestions():
            await self._ask(text, body, client)

    async def settings(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """The settings in a modal."""
        await ack()
        settings = await self.pipeline.preferences.of(*_person(body))
        shown = view.settings_modal(settings, self.pipeline.model.currencies)
        await client.views_open(trigger_id=body["trigger_id"], view=shown)

    async def set(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """The settings as somebody wants them."""
        state: dict[str, Any] = body["view"]["state"]["values"]
        chosen = str(state[view.TIME_ZONE][view.TIME_ZONE].get("value") or "").strip()
        if chosen and chosen not in available_timezones():
            said = "I know no time zone of that name. Write it like Europe/Berlin."
            await ack(response_action="errors", errors={view.TIME_ZONE: said})
            return
        is_private = bool(state[view.PRIVATE][view.PRIVATE].get("selected_options"))
        settings = PersonalSettings(chosen or None, is_private, self._currency(state))
        await self.pipeline.preferences.choose(*_person(body), settings)
        await ack()
        await self._publish(*_person(body), client)

    def _currency(self, state: dict[str, Any]) -> str | None:
        """The currency that was chosen; None for that of the model."""
        option = state.get(view.CURRENCY, {}).get(view.CURRENCY, {}).get("selected_option") or {}
        currencies, code = self.pipeline.model.currencies, str(option.get("value", ""))
        return code if currencies is not None and code in currencies.rates else None

    async def _ask(self, text: str, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Ask in the direct conversation, as if the person had typed it."""
        team, user = _person(body)
        key = f"home {team}:{user}:{body['actions'][0]['action_ts']}"
        await pose(Posed(key, team, user, user, text, "From Home, by"), client, self.runs)
        await self._publish(team, user, client, ASKED)

    async def _publish(
        self, team: str, user: str, client: AsyncWebClient, notice: str = ""
    ) -> None:
        at = self.conversation.desk.clock()
        asked = await recent_runs(self.pipeline.store.engine, team, user, READ)
        running = [
            run for run in asked if run.status in view.UNDER_WAY and at - run.asked_at < LONGEST_RUN
        ]
        ended = [run for run in asked if run.status not in view.UNDER_WAY]
        newest = {run.question: run for run in reversed(ended)}
        home = view.Home(
            self.pipeline.model.name,
            running,
            sorted(newest.values(), key=lambda run: run.asked_at, reverse=True),
            await self._waiting(team, user, client),
            self._suggestions(),
            await self._sources(),
            await self.pipeline.preferences.of(team, user),
            await self.conversation.zone_of(team, user),
            notice,
        )
        await client.views_publish(user_id=user, view=view.home_view(home))

    async def _waiting(
        self, team: str, user: str, client: AsyncWebClient
    ) -> list[view.WaitingRequest]:
        """The requests that this person may decide on."""
        open_now = await self.pipeline.approvals.waiting(team)
        if not open_now:
            return []
        people = self.conversation.desk.glance(team)
        by = await people.decider(team, user)
        found: list[view.WaitingRequest] = []
        for request in open_now:
            choice = Choice.CONFIRM if request.asker_decides else Choice.APPROVE
            if request.expires_at <= self.conversation.desk.clock() or user in request.voters:
                continue
            run = await self.pipeline.recall(request.run_id)
            if run is not None and await denied(choice, request, by, people) is None:
                link = await _link(request, client)
                found.append(view.WaitingRequest(request, run.question, link))
            if len(found) == view.MOST_WAITING:
                break
        return found

    async def _sources(self) -> list[view.SourceHealth]:
        registry, sources = self.pipeline.registry, self.pipeline.sources
        await registry.refresh(set(sources))
        found: list[view.SourceHealth] = []
        for name, source in sources.items():
            catalog, age_s = registry.catalog(name), registry.age_s(name)
            relations = len(catalog.relations) if catalog is not None else None
            stale = age_s is not None and age_s > STALE_S
            found.append(view.SourceHealth(name, source.spec.kind, relations, age_s, stale))
        return found

    def _suggestions(self) -> list[str]:
        """The questions that people have checked, as many as Home shows."""
        checked = [one.question for one in self.pipeline.model.verified_queries]
        return [text for text in checked if len(text) <= MAX_CHARACTERS][: view.MOST_SUGGESTED]


async def _link(request: Request, client: AsyncWebClient) -> str:
    """The address of a request's card, or "" when there is none."""
    if request.card is None:
        return ""
    try:
        channel, ts = request.card
        found = await client.chat_getPermalink(channel=channel, message_ts=ts)
    except SLACK_FAILURES:
        return ""
    return str(found["permalink"])


def _person(body: dict[str, Any]) -> tuple[str, str]:
    """(team, user) of whoever is at their Home."""
    return str(body["team"]["id"]), str(body["user"]["id"])
