"""The secrets of the Slack app as they are now: those in Vault may be rotated meanwhile."""

from dataclasses import dataclass

from slack_sdk.errors import SlackApiError

from adapters.credentials import Secret, Vault
from bot.settings import Settings
from bot.slack.pace import reason

_REFUSALS = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)


@dataclass(frozen=True, slots=True)
class AppSecrets:
    """The bot's token, Socket Mode's, and what signs requests; None for what is not used."""

    bot: Secret | None
    app: Secret | None
    signing: Secret | None


async def app_secrets(settings: Settings, vault: Vault | None) -> AppSecrets:
    """The secrets of these settings, each read once. Raises ConfigurationError when one is not
    usable, CredentialError when Vault does not give it."""

    async def read(given: str | None) -> Secret | None:
        if given is None:
            return None
        secret = Secret(given, vault)
        await secret.value()
        return secret

    return AppSecrets(
        bot=await read(settings.bot_token() if settings.oauth() is None else None),
        app=await read(settings.app_token()),
        signing=await read(settings.signing_secret()),
    )


def is_refusal(error: Exception) -> bool:
    """Whether Slack refuses the token itself."""
    return isinstance(error, SlackApiError) and reason(error) in _REFUSALS
