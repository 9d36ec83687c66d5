"""The Bolt app: a checked token, a client that keeps to Slack's limits, and the listeners."""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

import aiohttp
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError

from adapters.errors import ConfigurationError
from bot.runs import Runs
from bot.settings import Settings
from bot.slack import feedback, install, remembering, review, sharing
from bot.slack.approval import listeners as approval
from bot.slack.clients import Clients, ManyWorkspaces, OneWorkspace
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
async def web_client(settings: Settings, pace: Pace) -> AsyncGenerator[PacedClient]:
    """A client that keeps its connections open while the block lasts."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        yield PacedClient(
            pace,
            Rates(settings.slack_tier, settings.slack_speed),
            token=settings.bot_token() if settings.oauth() is None else None,
            base_url=settings.slack_api_url,
            session=session,
        )


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
    """The app with all its listeners. Only requests over HTTP carry a signature to verify; with
    installations each request is answered with the token of its workspace."""
    signing_secret = settings.signing_secret()
    app = AsyncApp(
        client=client,
        signing_secret=signing_secret or "",
        request_verification_enabled=signing_secret is not None,
        oauth_settings=installations and installations.settings(settings.slack_api_url),
    )

    async def keep_pace(context: AsyncBoltContext, next: Callable[[], Awaitable[None]]) -> None:  # noqa: A002
        """Bolt makes a client of its own for each request, which knows no limits."""
        context["client"] = client.with_token(context.client.token)
        if installations is not None:
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
