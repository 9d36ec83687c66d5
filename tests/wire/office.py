"""A Slack of its own with the real bot in it, for tests that change the policy."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.serve import running
from orchestrator.approve.request import Request
from orchestrator.pipeline import Pipeline
from orchestrator.semantic import ApprovalPolicy, SemanticModel
from sandbox.company.slack_places import furnish
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from sandbox.slack.limits import RateLimits
from sandbox.slack.workspace import Subscription
from tests.conftest import NOON, empty_store, opened, vault_of
from tests.wire.conftest import MARCO, SALES, Transport, bot_settings, is_progress, table_of

WORDS = "email of customers in Germany"
WAIT_S = 30.0
CATALOGS_S = 120.0
"""How old the catalogs of a copied store may be; a bot reads them anew after five minutes."""
Message = dict[str, Any]


@dataclass
class Office:
    """The company's Slack, and what the bot's stands on. `now` is the bot's clock."""

    slack: LocalSlack
    pipeline: Pipeline
    changes: Subscription
    now: datetime = NOON
    seen: list[Message] = field(default_factory=list[Message])

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message, new or changed, that is wanted; those before it are in `seen`."""

        def found(change: dict[str, Any]) -> bool:
            message = change.get("message") or {}
            if message:
                self.seen.append({**message, "channel": change["channel"], "how": change["type"]})
            return bool(message) and wanted(self.seen[-1])

        await self.changes.until(found, WAIT_S)
        return self.seen[-1]

    async def asked(self, user: str = MARCO, channel: str = SALES, words: str = WORDS) -> Message:
        """Ask, and wait for the card that it gives."""
        await self.slack.post_as(user, channel, f"<@{self.slack.bot_user_id}> {words}")
        card = await self.until(is_card)
        await self.stored(card, lambda request: request.card is not None)
        return card

    async def stored(self, card: Message, wanted: Callable[[Request], bool]) -> None:
        """Wait until a card's request is as wanted; the store tells nobody, so it is asked."""
        async with asyncio.timeout(WAIT_S):
            while not wanted(await self.request(card)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def request(self, card: Message) -> Request:
        """The stored request of a card."""
        request = await self.pipeline.approvals.of(run_of(card))
        assert request is not None
        return request

    async def press(self, user: str, card: Message, action: str = "approval_approve") -> None:
        """Press a button of a card."""
        await self.slack.press(user, card["channel"], card["ts"], action)

    async def told(self, user: str) -> str:
        """What the bot says to one person alone."""
        return (await self.until(lambda m: m["how"] == "ephemeral" and m["to"] == user))["text"]

    async def answered(self) -> Message:
        """The next answer with rows in it."""
        return await self.until(lambda m: bool(table_of(m)))

    async def status(self, card: Message) -> str:
        """How the request of a card stands in the store."""
        return (await self.request(card)).status

    async def modal(self, user: str) -> dict[str, Any]:
        """The modal that opens for somebody."""
        change = await self.changes.until(lambda c: c["type"] == "view" and c["user"] == user)
        return change["view"]

    async def submit(self, user: str, view: dict[str, Any], words: str) -> dict[str, str]:
        """Type into a modal and send it: the complaints."""
        state = {"words": {"words": {"value": words}}}
        return await self.slack.submit_view(user, view["id"], state)

    async def trail(self, card: Message) -> list[str]:
        """What the audit trail says of a card's run."""
        return [line["what"] for line in await self.pipeline.store.trail(run_of(card))]

    @property
    def runs(self) -> int:
        """How many runs have begun: each has one progress message."""
        return sum(m["how"] == "message" and is_progress(m) for m in self.seen)


def buttons(message: Message) -> list[dict[str, Any]]:
    """The buttons of a message."""
    rows = [b["elements"] for b in message.get("blocks") or [] if b["type"] == "actions"]
    return [button for row in rows for button in row]


def is_card(message: Message) -> bool:
    """Whether a message is a card that waits."""
    actions = {button["action_id"] for button in buttons(message)}
    return message["how"] == "message" and "approval_edit" in actions


def run_of(card: Message) -> str:
    """The id that a card's buttons bear."""
    return buttons(card)[0]["value"]


def with_policy(model: SemanticModel, **policy: Any) -> SemanticModel:
    """The model with another approval policy: by default that of the demo."""
    given = {**model.policies.approval.model_dump(), **policy}
    approval = ApprovalPolicy.model_validate(given)
    policies = model.policies.model_copy(update={"approval": approval})
    return model.model_copy(update={"policies": policies})


async def known_store(sandbox: Sandbox, model: SemanticModel) -> Path:
    """The SQLite file of a store that knows the sources' catalogs and nothing else, to be copied:
    else each office would read them."""
    folder = (await empty_store()).parent / "known"
    folder.mkdir(exist_ok=True)
    file = folder / "store.db"
    if not file.exists() or time.time() - file.stat().st_mtime > CATALOGS_S:
        async with opened(model, vault_of(sandbox), folder) as pipeline:
            await pipeline.registry.refresh(model.sources, keep_s=CATALOGS_S)
    return file


@contextlib.asynccontextmanager
async def opened_slack(sandbox: Sandbox, **how: Any) -> AsyncGenerator[LocalSlack]:
    """The company's Slack, as it is before anybody asks; `how` is said to LocalSlack."""
    slack = LocalSlack(limits=RateLimits(speed=sandbox.slack_speed), **how)
    furnish(slack, sandbox.company)
    await slack.start()
    try:
        yield slack
    finally:
        await slack.stop()


@contextlib.asynccontextmanager
async def bot_in(
    sandbox: Sandbox,
    slack: LocalSlack,
    pipeline: Pipeline,
    transport: Transport,
    more: Mapping[str, str] | None = None,
    **how: Any,
) -> AsyncGenerator[None]:
    """The bot in a Slack, told of everything over websockets or over HTTP alone; `more` are other
    settings, `how` is said to `running`."""
    tokens = {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
    }
    settings = bot_settings(sandbox, **{**tokens, **(more or {})})
    if transport == "http":
        settings = settings.model_copy(update={"slack_app_token": None})
    how = {"clock": lambda: NOON, "min_interval_s": 0.0, **how}
    async with running(settings, pipeline, **how) as url:
        if transport == "http":
            slack.request_url = f"{url}/slack/events"
        else:
            await slack.connections.wait_for(1)
        yield


@contextlib.asynccontextmanager
async def opened_office(
    sandbox: Sandbox,
    slack: LocalSlack,
    model: SemanticModel,
    folder: Path,
    transport: Transport = "websocket",
    **more: str,
) -> AsyncGenerator[Office]:
    """The bot in a Slack; `folder` keeps its store, so that a second one goes on from there;
    `more` are other settings."""
    if not (folder / "store.db").exists():
        shutil.copy(await known_store(sandbox, model), folder / "store.db")
    changes = slack.workspace.subscribe()
    async with opened(model, vault_of(sandbox), folder) as pipeline:
        office = Office(slack, pipeline, changes)
        clock = lambda: office.now  # noqa: E731
        async with bot_in(sandbox, slack, pipeline, transport, more, clock=clock):
            yield office
    slack.workspace.unsubscribe(changes)
