"""The Bolt app: a checked token, a client that keeps to Slack's limits, and the listeners."""

import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError

from adapters.credentials import Secret
from adapters.errors import ConfigurationError
from bot.logs import BOLT
from bot.runs import Runs
from bot.settings import Settings
from bot.slack import feedback, install, remembering, review, sharing
from bot.slack.approval import listeners as approval
from bot.slack.clients import ClientOfSecret, Clients, ManyWorkspaces, OneWorkspace
from bot.slack.conversation import Conversation
from bot.slack.home import listeners as home
from bot.slack.install import Installations
from bot.slack.listeners import actions, choices, commands, events, plans, shortcuts
from bot.slack.opening import Opener
from bot.slack.pace import PacedClient, Rates, reason
from bot.slack.plan_preview import PlanPreview
from bot.slack.review import Reviews
from bot.slack.schedule import command as schedule
from bot.slack.sharing import Sharing
from orchestrator.pipeline import Pipeline
from orchestrator.store import Pace, Schedules, Stops, Store

TIMEOUT_S = 30.0


@contextlib.asynccontextmanager
async def web_client(
    settings: Settings, bot: Secret | None, pace: Pace
) -> AsyncGenerator[PacedClient]:
    """A client that keeps its connections open while the block lasts; with the token of the one
    workspace, or with none."""
    rates = Rates(settings.slack_tier, settings.slack_speed)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        options: dict[str, Any] = {"base_url": settings.slack_api_url, "session": session}
        if bot is None:
            yield PacedClient(pace, rates, **options)
        else:
            yield ClientOfSecret(bot, pace, rates, **options)


async def check_token(client: PacedClient) -> None:
    """Ask Slack who we are. Raises ConfigurationError when Slack refuses the token."""
    try:
        await client.auth_test()
    except SlackApiError as error:
        raise ConfigurationError(
            f"Slack refused SLACK_BOT_TOKEN ({reason(error)}). Install the app in the "
            "workspace and set the token of its page “OAuth & Permissions”."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"Slack does not answer at {client.base_url} ({type(error).__name__}). "
            "Check the network and SLACK_API_URL."
        ) from None


def _as_ourselves(client: PacedClient) -> Callable[[], Awaitable[AuthorizeResult]]:
    """Who we are in the one workspace, asked once."""
    found: list[AuthorizeResult] = []

    async def authorize() -> AuthorizeResult:
        if not found:
            who = await client.auth_test()
            found.append(AuthorizeResult.from_auth_test_response(auth_test_response=who))
        return found[0]

    return authorize


async def clients_of(
    settings: Settings, client: PacedClient, store: Store
) -> tuple[Clients, Installations | None]:
    """The clients of all workspaces, and with OAuth their installations.

    Raises ConfigurationError when Slack refuses the token of the one workspace.
    """
    oauth = settings.oauth()
    if oauth is None:
        await check_token(client)
        return OneWorkspace(client), None
    installations = Installations(oauth, store)
    return ManyWorkspaces(client, installations.token_of), installations


def build_app(
    settings: Settings,
    client: PacedClient,
    pipeline: Pipeline,
    conversation: Conversation,
    runs: Runs,
    preview: PlanPreview,
    shared: Sharing,
    reviews: Reviews,
    installations: Installations | None = None,
) -> AsyncApp:
    """The app with all its listeners. Whoever hands it requests has verified them; with
    installations each is answered with the token of its workspace."""
    app = AsyncApp(
        name="crosstalk",  # else Bolt inspects the whole call stack for one
        client=client,
        logger=logging.getLogger(BOLT),  # else each of Bolt's loggers has the root's level
        request_verification_enabled=False,
        authorize=_as_ourselves(client) if installations is None else None,
        oauth_settings=installations and installations.settings(settings.slack_api_url),
    )

    async def keep_pace(context: AsyncBoltContext, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002
        """Bolt makes a client of its own for each request, which knows no limits."""
        if installations is None:
            context["client"] = client
        else:
            context["client"] = client.with_token(context.client.token)
            await installations.saw(context)
        await next()

    app.middleware(keep_pace)
    install.register(app, pipeline.store)
    events.register(app, runs)
    actions.register(app, pipeline, conversation, Stops(pipeline.store.engine))
    choices.register(app, runs)
    remembering.register(app, pipeline, conversation)
    approval.register(app, pipeline, conversation, runs)
    home.register(app, pipeline, conversation, runs)
    review.register(app, reviews)
    owners, clock = settings.feedback_channel, conversation.desk.clock
    feedback.register(app, pipeline.store, owners, clock, reviews.propose)
    schedule.register(app, Schedules(pipeline.store.engine), conversation)
    opener = Opener(runs)
    commands.register(app, pipeline, conversation, opener)
    shortcuts.register(app, opener)
    plans.register(app, pipeline, preview, runs)
    sharing.register(app, shared, runs)
    return app
