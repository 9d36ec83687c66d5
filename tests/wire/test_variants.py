"""Every variant of the manifest is enough to answer with; a workspace that leaves is forgotten."""

import asyncio
import contextlib
import html
import re
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from bot.manifest import Variant, manifest
from bot.serve import running
from orchestrator.pipeline import Pipeline
from orchestrator.semantic import SemanticModel
from orchestrator.store import Store
from sandbox.company.slack_places import furnish
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from sandbox.slack.limits import RateLimits
from tests.conftest import NOON, opened, vault_of
from tests.wire.conftest import ANSWER_TIMEOUT_S, MARCO, SALES, bot_settings, table_of

WORDS = "how many customers in Germany?"


@contextlib.asynccontextmanager
async def slack_of(sandbox: Sandbox, variant: Variant) -> AsyncGenerator[LocalSlack]:
    """The company's Slack, with an app that may and hears exactly what its manifest says."""
    made = manifest(variant, "https://bot" if variant is Variant.distributed else None)
    slack = LocalSlack(
        limits=RateLimits(speed=sandbox.slack_speed),
        scopes=made["oauth_config"]["scopes"]["bot"],
        events=made["settings"]["event_subscriptions"]["bot_events"],
        commands=[command["command"] for command in made["features"]["slash_commands"]],
        conversations_tier="distributed" if variant is Variant.distributed else "internal",
    )
    furnish(slack, sandbox.company)
    await slack.start()
    try:
        yield slack
    finally:
        await slack.stop()


@contextlib.asynccontextmanager
async def bot_in(
    sandbox: Sandbox, slack: LocalSlack, pipeline: Pipeline, variant: Variant
) -> AsyncGenerator[str]:
    """The bot as this variant is run: by OAuth over HTTP, or with its token over websockets."""
    tokens = {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
    }
    if variant is Variant.distributed:
        tokens |= {
            "SLACK_CLIENT_ID": slack.app.client_id,
            "SLACK_CLIENT_SECRET": slack.app.client_secret,
            "CROSSTALK_WORKSPACES": slack.workspace.team_id,
            "CROSSTALK_SLACK_TIER": "distributed",
        }
    settings = bot_settings(sandbox, **tokens)
    if variant is Variant.distributed:
        without = {"slack_bot_token": None, "slack_app_token": None}
        settings = settings.model_copy(update=without)
    async with running(settings, pipeline, clock=lambda: NOON, min_interval_s=0.0) as url:
        if variant is Variant.distributed:
            await install(slack, url)
        yield url


async def install(slack: LocalSlack, url: str) -> None:
    """Install the app as a person does in a browser."""
    slack.request_url = f"{url}/slack/events"
    slack.oauth.redirect_url = f"{url}/slack/oauth_redirect"
    async with httpx.AsyncClient() as browser:
        page = await browser.get(f"{url}/slack/install")
        link = re.search(r'href="(http[^"]*/authorize[^"]*)"', page.text)
        assert link is not None
        back = (await browser.get(html.unescape(link[1]))).headers["location"]
        cookie = page.headers["set-cookie"].partition(";")[0]
        done = await browser.get(back, headers={"cookie": cookie})
        assert done.status_code == 200


async def answered(slack: LocalSlack) -> list[list[str]]:
    """Ask a question: the rows of its answer."""
    changes = slack.workspace.subscribe()
    ts = await slack.post_as(MARCO, SALES, f"<@{slack.bot_user_id}> {WORDS}")
    change = await changes.until(
        lambda c: (c.get("message") or {}).get("thread_ts") == ts and bool(table_of(c["message"])),
        ANSWER_TIMEOUT_S,
    )
    slack.workspace.unsubscribe(changes)
    return table_of(change["message"])[1:]


@pytest.mark.parametrize("variant", list(Variant))
async def test_each_variant_is_enough_to_answer(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, variant: Variant
) -> None:
    """With exactly the scopes and events of the manifest a question is answered."""
    async with (
        opened(model, vault_of(sandbox), tmp_path) as pipeline,
        slack_of(sandbox, variant) as slack,
        bot_in(sandbox, slack, pipeline, variant),
    ):
        assert await answered(slack) == [["1,106"]]


@pytest.mark.parametrize("variant", [Variant.internal, Variant.distributed])
async def test_a_workspace_that_leaves_is_forgotten(
    sandbox: Sandbox,
    model: SemanticModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variant: Variant,
) -> None:
    """After app_uninstalled no run and no installation of the workspace is left."""
    forgotten, forget = asyncio.Event(), Store.forget

    async def noted(store: Store, team: str) -> None:
        await forget(store, team)
        forgotten.set()

    monkeypatch.setattr(Store, "forget", noted)
    async with (
        opened(model, vault_of(sandbox), tmp_path) as pipeline,
        slack_of(sandbox, variant) as slack,
        bot_in(sandbox, slack, pipeline, variant),
    ):
        await answered(slack)
        slack.uninstall()
        await asyncio.wait_for(forgotten.wait(), ANSWER_TIMEOUT_S)
        async with pipeline.store.engine.connect() as connection:
            for table in ("runs", "slack_bots", "slack_installations", "queue"):
                found = await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")
                assert found.scalar_one() == 0, table


async def test_renewed_websockets_lose_no_question(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path
) -> None:
    """Slack warns, then closes both websockets to have them opened anew: a question that comes in
    between is answered once."""
    async with (
        opened(model, vault_of(sandbox), tmp_path) as pipeline,
        slack_of(sandbox, Variant.internal) as slack,
        bot_in(sandbox, slack, pipeline, Variant.internal),
    ):
        await slack.connections.wait_for(2)
        await slack.disconnect("warning")
        await slack.disconnect("refresh_requested")
        assert await answered(slack) == [["1,106"]]
        await slack.connections.wait_for(2)
        asked = [m for m in slack.workspace.channels[SALES].messages.values() if table_of(m)]
        assert len(asked) == 1
