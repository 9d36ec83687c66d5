"""Slack's own messages as a source, each person's questions with that person's rights."""

from functools import cache
from typing import Any

from adapters.credentials import Secret, Vault
from bot.settings import Settings
from bot.slack.clients import TokenOf
from bot.slack.history.adapter import SlackAdapter
from bot.slack.history.credentials import asking
from bot.slack.install import Installations
from bot.slack.pace import PacedClient, Rates
from orchestrator.registry import Credentials, Kind
from orchestrator.store import Pace, Store

__all__ = ["SlackAdapter", "history_kind"]


def history_kind(settings: Settings) -> Kind:
    """The kind of source `slack`: the workspace of whoever asks."""
    rates = Rates(settings.slack_tier, settings.slack_speed)

    def kind(
        source: str, *, store: Store, vault: Vault | None, **connect: Any
    ) -> tuple[SlackAdapter, Credentials]:
        def client(token: str) -> PacedClient:
            pace = Pace(store.engine)
            return PacedClient(pace, rates, token=token, base_url=settings.slack_api_url)

        adapter = SlackAdapter(source, client=client, **connect)
        return adapter, asking(_tokens(settings, store, vault))

    return kind


def _tokens(settings: Settings, store: Store, vault: Vault | None) -> TokenOf:
    """The token of each installation, or the one of these settings for all."""
    oauth = settings.oauth()
    if oauth is not None:
        return Installations(oauth, store).token_of

    @cache
    def secret() -> Secret:
        return Secret(settings.bot_token(), vault)

    async def own(_team: str) -> str:
        return await secret().value()

    return own
