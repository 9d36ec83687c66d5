"""Slack's own messages as a source, each person's questions with that person's rights."""

from typing import Any

from bot.settings import Settings
from bot.slack.history.adapter import SlackAdapter
from bot.slack.history.credentials import asking
from bot.slack.pace import PacedClient, Rates
from orchestrator.registry import Kind
from orchestrator.store import Pace, Store

__all__ = ["SlackAdapter", "history_kind"]


def history_kind(settings: Settings) -> Kind:
    """The kind of source `slack`: the workspace of these settings."""
    rates = Rates(settings.slack_tier, settings.slack_speed)

    def adapter(source: str, *, store: Store, **connect: Any) -> SlackAdapter:
        def client(token: str) -> PacedClient:
            pace = Pace(store.engine)
            return PacedClient(pace, rates, token=token, base_url=settings.slack_api_url)

        return SlackAdapter(source, client=client, **connect)

    return Kind(adapter, asking(settings))
