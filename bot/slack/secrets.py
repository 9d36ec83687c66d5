"""The secrets of the Slack app as they are now: those in Vault may be rotated meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from slack_sdk.errors import SlackApiError

from adapters.credentials import Secret, Vault
from bot.settings import Settings
from bot.slack.pace import reason

T = TypeVar("T")
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


async def with_secret(secret: Secret, call: Callable[[str], Awaitable[T]]) -> T:
    """What `call` gives with the secret; where Slack refuses that and Vault has another one by
    now, with the other one."""
    given = await secret.value()
    try:
        return await call(given)
    except SlackApiError as error:
        other = await secret.other_than(given) if reason(error) in _REFUSALS else None
        if other is None:
            raise
        return await call(other)
