"""Slack's secrets in Vault, rotated while the bot runs."""

import asyncio

import hvac
import pytest

from adapters.credentials import Secret, Vault
from bot.slack import secrets
from orchestrator.pipeline import Pipeline
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from tests.wire.conftest import MARCO, SALES, Transport
from tests.wire.office import WAIT_S, bot_in, opened_slack

PLACE = "crosstalk/slack"
IN_VAULT = {
    f"SLACK_{name.upper()}": f"vault:{PLACE}#{name}"
    for name in ("bot_token", "app_token", "signing_secret")
}


class ReadEachTime(Secret):
    """A secret that is read at each use."""

    def __init__(self, given: str, vault: Vault | None) -> None:
        super().__init__(given, vault, keep_s=0.0)


async def kept(sandbox: Sandbox, slack: LocalSlack) -> None:
    """Put the secrets of the Slack app into Vault, as they are now."""
    assert sandbox.vault is not None
    root = hvac.Client(url=sandbox.vault.url, token=sandbox.vault.root_token)
    given = {
        "bot_token": slack.bot_token,
        "app_token": slack.app_token,
        "signing_secret": slack.signing_secret,
    }
    await asyncio.to_thread(root.secrets.kv.v2.create_or_update_secret, PLACE, secret=given)


async def answered(slack: LocalSlack) -> None:
    """Ask, and read the answer."""
    changes = slack.workspace.subscribe()
    await slack.post_as(MARCO, SALES, "@crosstalk how many customers?")
    wanted = lambda one: "5,000" in str((one.get("message") or {}).get("text"))  # noqa: E731
    await changes.until(wanted, WAIT_S)
    slack.workspace.unsubscribe(changes)


@pytest.mark.parametrize("transport", ["websocket", "http"])
async def test_rotated_secrets_count_without_a_restart(
    sandbox: Sandbox, pipeline: Pipeline, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot goes on with the new bot token once the old one is refused, opens its next
    connections with the new app-level token, and verifies by the new signing secret."""
    if transport == "http":  # a forged request has no secret read again, so time has to
        monkeypatch.setattr(secrets, "Secret", ReadEachTime)
    async with opened_slack(sandbox) as slack:
        await kept(sandbox, slack)
        async with bot_in(sandbox, slack, pipeline, transport, IN_VAULT):
            await answered(slack)
            slack.rotate()
            await kept(sandbox, slack)
            await slack.disconnect()
            if transport == "websocket":
                await slack.connections.wait_for(1, WAIT_S)
            await answered(slack)
