"""Several workspaces: installing over OAuth, tokens, and what uninstalling leaves."""

import html
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.error import BoltError
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore

from bot.http import http_app
from bot.manifest import SCOPES
from bot.metrics import Metrics
from bot.settings import OAuth
from bot.slack.clients import ManyWorkspaces, NotInstalled
from bot.slack.install import Installations
from bot.slack.pace import PacedClient, Rates
from orchestrator.store import Pace, Store
from sandbox.slack import LocalSlack

EARLY = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture
async def slack() -> AsyncGenerator[LocalSlack]:
    """A local Slack whose app has the manifest's scopes."""
    one = LocalSlack(scopes=SCOPES)
    await one.start()
    yield one
    await one.stop()


def installations(store: Store, *allowed: str, client_id: str = "1.1") -> Installations:
    """Installations of one app, for these workspaces."""
    return Installations(OAuth(client_id, "secret", frozenset(allowed)), store)


def installed(
    team: str | None, token: str, enterprise: str | None = None, at: float = EARLY
) -> Installation:
    """What Slack says of an installation."""
    return Installation(
        app_id="A1",
        enterprise_id=enterprise,
        team_id=team,
        bot_token=token,
        bot_id="B1",
        bot_user_id="UB",
        user_id="U1",
        is_enterprise_install=team is None,
        installed_at=at,
    )


def seen(team: str, enterprise: str) -> AsyncBoltContext:
    """The context of an event in a workspace of an organisation that has installed the app."""
    given = {"team_id": team, "enterprise_id": enterprise, "is_enterprise_install": True}
    return AsyncBoltContext(given)


async def test_the_migration_has_slack_sdks_columns(store: Store) -> None:
    """The tables have the columns that the installed slack_sdk reads and writes."""
    engine = store.engine
    sdk = AsyncSQLAlchemyInstallationStore(client_id="1", engine=engine)
    states = AsyncSQLAlchemyOAuthStateStore(1, engine)
    async with engine.connect() as connection:
        for table in (sdk.bots, sdk.installations, states.oauth_states):
            found = await connection.run_sync(
                lambda c, name=table.name: {x["name"] for x in sa.inspect(c).get_columns(name)}
            )
            assert found == set(table.c.keys())


async def test_installing_keeps_the_token(store: Store, slack: LocalSlack) -> None:
    """From /slack/install over Slack's consent and back: the workspace's token is kept."""
    team, app = slack.workspace.team_id, slack.app
    oauth = OAuth(app.client_id, app.client_secret, frozenset({team}))
    kept = Installations(oauth, store)
    client = PacedClient(Pace(store.engine), Rates(), base_url=slack.api_url)
    bolt = AsyncApp(client=client, signing_secret="s", oauth_settings=kept.settings(slack.api_url))
    routes = http_app(bolt, None, Metrics(), lambda: True, installs=True)
    transport = httpx.ASGITransport(app=routes)
    async with (
        httpx.AsyncClient(transport=transport, base_url="https://bot") as browser,
        httpx.AsyncClient() as consent,
    ):
        slack.oauth.redirect_url = "https://bot/slack/oauth_redirect"
        page = await browser.get("/slack/install")
        link = re.search(r'href="(http[^"]*/authorize[^"]*)"', page.text)
        assert link is not None
        back = (await consent.get(html.unescape(link[1]))).headers["location"]
        forged = await httpx.AsyncClient(transport=transport, base_url="https://bot").get(back)
        assert forged.status_code == 400
        done = await browser.get(f"{urlsplit(back).path}?{urlsplit(back).query}")
        assert done.status_code == 200
    assert await kept.token_of(team) == slack.bot_token
    clients = ManyWorkspaces(client, kept.token_of)
    assert (await clients.of(team).auth_test())["team_id"] == team
    with pytest.raises(NotInstalled):
        await clients.of("T0OTHER").auth_test()


async def test_who_is_not_allowed_installs_nothing(store: Store) -> None:
    """A workspace that is not listed could ask for the company's data: nothing is kept of it."""
    kept = installations(store, "T1")
    with pytest.raises(BoltError):
        await kept.async_save(installed("T2", "xoxb-2"))
    assert await kept.token_of("T2") is None


async def test_each_workspace_has_its_own_token(store: Store, slack: LocalSlack) -> None:
    """A client calls with its workspace's token and no other; a new installation counts at once."""
    team = slack.workspace.team_id
    kept = installations(store, team, "T2")
    await kept.async_save(installed(team, slack.bot_token))
    await kept.async_save(installed("T2", "xoxb-of-t2"))
    clients = ManyWorkspaces(
        PacedClient(Pace(store.engine), Rates(), base_url=slack.api_url), kept.token_of
    )
    ours, theirs = clients.of(team), clients.of("T2")
    assert (await ours.auth_test())["ok"]
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await theirs.auth_test()
    await kept.async_save(installed("T2", slack.bot_token, at=EARLY + 60))
    assert (await theirs.auth_test())["ok"]


async def test_an_organisation_lends_its_token(store: Store) -> None:
    """On Enterprise Grid a workspace uses its organisation's installation, and not another's."""
    kept = installations(store, "E1", "E2")
    await kept.async_save(installed(None, "xoxb-e1", "E1"))
    await kept.async_save(installed(None, "xoxb-e2", "E2"))
    assert await kept.token_of("T1") is None
    await kept.saw(seen("T1", "E1"))
    assert await kept.token_of("T1") == "xoxb-e1"
    assert await kept.token_of("T2") is None
    found = await kept.async_find_bot(enterprise_id="E1", team_id="T1", is_enterprise_install=True)
    assert found is not None
    assert found.bot_token == "xoxb-e1"
    await store.forget_organisation("E1")
    assert await kept.token_of("T1") is None
    await kept.saw(seen("T3", "E2"))
    assert await kept.token_of("T3") == "xoxb-e2"
