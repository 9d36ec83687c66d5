"""The Bolt app: a checked token, a client that waits when Slack says so, and the listeners."""

from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from adapters.errors import ConfigurationError
from bot.runs import Runs
from bot.settings import Settings
from bot.slack.conversation import Conversation
from bot.slack.listeners import actions, events
from orchestrator.pipeline import Pipeline


def web_client(settings: Settings) -> AsyncWebClient:
    """A client that retries lost connections, rate limits and Slack's own errors."""
    return AsyncWebClient(
        token=settings.bot_token(),
        base_url=settings.slack_api_url,
        retry_handlers=[
            AsyncConnectionErrorRetryHandler(),
            AsyncRateLimitErrorRetryHandler(max_retry_count=3),
            AsyncServerErrorRetryHandler(),
        ],
    )


async def check_token(client: AsyncWebClient) -> None:
    """Ask Slack who we are. Raises ConfigurationError when Slack refuses the token."""
    try:
        await client.auth_test()
    except SlackApiError as error:
        raise ConfigurationError(
            f"Slack refused SLACK_BOT_TOKEN ({error.response['error']}). Install the app in the "
            "workspace and set the token of its page “OAuth & Permissions”."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"Slack does not answer at {client.base_url} ({type(error).__name__}). "
            "Check the network and SLACK_API_URL."
        ) from None


def build_app(
    settings: Settings,
    client: AsyncWebClient,
    pipeline: Pipeline,
    conversation: Conversation,
    runs: Runs,
) -> AsyncApp:
    """The app with all its listeners. Only requests over HTTP carry a signature to verify."""
    signing_secret = settings.signing_secret()
    app = AsyncApp(
        client=client,
        signing_secret=signing_secret or "",
        request_verification_enabled=signing_secret is not None,
    )
    events.register(app, conversation, runs)
    actions.register(app, pipeline, conversation)
    return app
