"""What only a source of personal rows must keep: rights, budgets, search, and text that is data."""

import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.base import Limits
from adapters.errors import CredentialError, SourceRefused, SourceTimeout
from bot.settings import Settings
from bot.slack.history import history_kind
from bot.slack.history.coercion import plain
from bot.slack.history.credentials import ActionTokens, Asker, action_tokens
from orchestrator.question import Requester
from orchestrator.store import Store
from sandbox.slack import LocalSlack
from tests.contract.harness import Gathered, gather
from tests.contract.history import messages

ANN, BOB, GUS, EVE = "U0ANN", "U0BOB", "U0GUS", "U0EVE"


class Office:
    """Ann and Bob are members, Gus is a guest of #help, Eve is a customer's.

    #all is public, #board is Ann's and private, #help has the guest, #ext-0042-acme has Eve, and
    the bot is not in #away.
    """

    def __init__(self, slack: LocalSlack, store: Store, **connect: Any) -> None:
        self.slack = slack
        environment = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": slack.bot_token}
        tier = {"CROSSTALK_SLACK_TIER": slack.app.conversations_tier}
        kind = history_kind(Settings.model_validate(environment | tier))
        connect = {"channel_number": "^ext-0*([0-9]+)-"} | connect
        self.adapter, self.credentials = kind("chat", store=store, vault=None, **connect)

    def furnish(self) -> None:
        """People, channels, and four messages a channel: a thread of three, and one more."""
        slack, bot = self.slack, self.slack.bot_user_id
        for user, name in ((ANN, "Ann Ash"), (BOB, "Bob Birch")):
            slack.add_user(name.split()[0].lower(), name, user_id=user, email=f"{user}@us.example")
        slack.add_user("gus", "Gus Gale", user_id=GUS, is_restricted=True)
        slack.add_user("eve", "Eve Elm", user_id=EVE, team_id="T0THEM")
        everybody = [ANN, BOB, bot]
        slack.add_channel("all", everybody, channel_id="C0ALL")
        slack.add_channel("board", [ANN, bot], channel_id="C0BOARD", is_private=True)
        slack.add_channel("help", [ANN, GUS, bot], channel_id="C0HELP")
        slack.add_channel(
            "ext-0042-acme", [ANN, EVE, bot], channel_id="C0EXT", shared_with=["T0THEM"]
        )
        slack.add_channel("away", [ANN, BOB], channel_id="C0AWAY")
        slack.open_im(ANN)
        for at, channel in enumerate(("C0ALL", "C0BOARD", "C0HELP", "C0EXT", "C0AWAY")):
            first = f"{1_000 + at * 100}.000001"
            said = ((first, "the printer burns"), (f"{1_010 + at * 100}.000002", "again?"))
            later = ((f"{90_000 + at * 100}.000003", "yes"), (f"{2_000 + at * 100}.000004", "hi"))
            slack.seed_messages(
                {
                    "user": ANN,
                    "channel": channel,
                    "text": text,
                    "ts": ts,
                    "thread_ts": None if text == "hi" else first,
                }
                for ts, text in (*said, *later)
            )

    async def read(self, user: str, *filters: tuple[str, str, Any], **more: Any) -> Gathered:
        """What somebody gets of a query, or of a search."""
        types = more.get("types", {"channel": "string", "text": "string"})
        query = messages(*filters, search=more.get("search"), **types)
        place = more.get("place", "")
        asker = Requester(self.slack.workspace.team_id, user, place=place)
        async with self.credentials(asker) as one:
            return await gather(self.adapter, query, one, Limits(timeout_s=more.get("seconds", 20)))

    async def channels(self, user: str, *filters: tuple[str, str, Any], **more: Any) -> set[str]:
        """The channels of what somebody gets."""
        return set((await self.read(user, *filters, **more)).table.column("channel").to_pylist())

    def count(self, method: str) -> int:
        """How often a method was called."""
        return sum(name == method for name, _ in self.slack.calls)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    """A store of its own, which counts the calls."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def slack(request: pytest.FixtureRequest) -> AsyncGenerator[LocalSlack]:
    """A workspace of its own; a parameter changes it."""
    slack = LocalSlack(**getattr(request, "param", {}))
    await slack.start()
    yield slack
    await slack.stop()


@pytest.fixture
def office(slack: LocalSlack, store: Store) -> Office:
    """The furnished workspace."""
    office = Office(slack, store)
    office.furnish()
    return office


async def test_members_read_public_channels_and_their_private_ones(office: Office) -> None:
    """Ann has all that the bot is in; Bob lacks the private channel; nobody a direct message."""
    assert await office.channels(ANN) == {"all", "board", "help", "ext-0042-acme"}
    assert await office.channels(BOB) == {"all", "help", "ext-0042-acme"}


async def test_guests_read_only_channels_that_they_are_in(office: Office) -> None:
    """A guest has the one channel, and naming another one gives nothing of it."""
    assert await office.channels(GUS) == {"help"}
    assert await office.channels(GUS, ("channel", "in", ["all", "board", "help"])) == {"help"}


async def test_people_of_other_companies_read_only_the_shared_channel(office: Office) -> None:
    """Eve, asking in the shared channel, has that channel alone; from her own workspace, none."""
    assert await office.channels(EVE) == {"ext-0042-acme"}
    stranger = Asker(api_key=office.slack.bot_token, team="T0THEM", user=EVE)
    with pytest.raises(SourceRefused, match="another workspace"):
        await gather(office.adapter, messages(text="string"), stranger, Limits())


async def test_an_answer_holds_what_its_place_may_read(office: Office) -> None:
    """In a public channel Ann gets no private one, and is told so when she names it; in a channel
    shared with a company that one alone; in private talk, or in the channel itself, all of it."""
    board = ("channel", "=", "board")
    assert await office.channels(ANN, place="C0ALL") == {"all", "help", "ext-0042-acme"}
    assert await office.channels(ANN, place="C0EXT") == {"ext-0042-acme"}
    assert await office.channels(ANN, board, place="C0BOARD") == {"board"}
    assert "board" in await office.channels(ANN, place=office.slack.open_im(ANN).id)
    with pytest.raises(SourceRefused, match="Ask in a direct message"):
        await office.read(ANN, board, place="C0ALL")


async def test_rights_are_those_of_this_moment(office: Office) -> None:
    """Who leaves a private channel has nothing more of it at the next question."""
    office.slack.leave(ANN, "C0BOARD")
    assert "board" not in await office.channels(ANN)
    office.slack.deactivate(BOB)
    with pytest.raises(SourceRefused):
        await office.read(BOB)


async def test_who_is_not_of_slack_reads_nothing(office: Office, store: Store) -> None:
    """The command line, a bot without a token, and one that was not installed are told why."""
    _, without_token = history_kind(Settings.model_validate({}))("chat", store=store, vault=None)
    several = {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s", "CROSSTALK_WORKSPACES": "T0"}
    _, of_several = history_kind(Settings.model_validate(several))("chat", store=store, vault=None)
    with pytest.raises(CredentialError, match="Ask this question in Slack"):
        async with office.credentials(Requester("local", "terminal")):
            pass
    with pytest.raises(CredentialError, match="SLACK_BOT_TOKEN is not set"):
        async with without_token(Requester("T0", "U0")):
            pass
    with pytest.raises(CredentialError, match="not installed in your workspace"):
        async with of_several(Requester("T0", "U0")):
            pass


async def test_conditions_choose_channels_and_the_period(office: Office) -> None:
    """Only the channels of a condition are read, replies count when they were written, and rows
    say what Slack says."""
    since = ("sent_at", ">=", _at(80_000))
    types = {"channel_number": "int64", "text": "string", "author": "string", "permalink": "string"}
    read = await office.read(BOB, ("channel_number", "in", [42, 7]), since, types=types)
    link = f"{office.slack.workspace.team_domain}.slack.com/archives/C0EXT/p90300000003"
    assert read.table.to_pylist() == [
        {
            "channel_number": 42,
            "text": "yes",
            "author": "Ann Ash",
            "permalink": f"https://{link}?thread_ts=1300.000001&cid=C0EXT",
        }
    ]
    assert (office.count("conversations.history"), office.count("conversations.replies")) == (1, 1)


async def test_only_people_are_counted(office: Office) -> None:
    """What bots say or are asked, and that somebody joins, are no messages; a file with words
    is one."""
    ours = {"channel": "C0ALL", "user": BOB}
    office.slack.seed_messages(
        [
            {**ours, "text": "joined", "subtype": "channel_join", "ts": "5000.000001"},
            {**ours, "text": f"<@{office.slack.bot_user_id}> who?", "ts": "5000.000004"},
            {**ours, "text": "answer", "bot_id": "B0", "ts": "5000.000002"},
            {**ours, "text": "see this", "subtype": "file_share", "ts": "5000.000003"},
        ]
    )
    read = await office.read(ANN, ("author_id", "=", BOB))
    assert read.table.column("text").to_pylist() == ["see this"]


HOSTILE = (
    "<!channel> <@U0ANN> &lt;!here&gt; <https://evil.example|click> \x00\x1b[31m\u202ered\u2028"
)


async def test_hostile_text_is_plain_data(office: Office) -> None:
    """Mentions, links and control characters come as text that pings nobody and hides nothing."""
    office.slack.seed_messages(
        [{"channel": "C0ALL", "user": BOB, "text": HOSTILE, "ts": "6000.000001"}]
    )
    read = await office.read(ANN, ("author_id", "=", BOB))
    (text,) = read.table.column("text").to_pylist()
    assert text == plain(HOSTILE)
    assert text.startswith("@channel @U0ANN <!here> click ")
    assert not re.search(r"[\x00-\x08\x1b\u202e]", text)


async def test_a_cut_budget_is_told(slack: LocalSlack, store: Store) -> None:
    """With too few messages, or channels, to read, the result says that it was cut; a smaller
    question is whole."""
    few = Office(slack, store, max_messages=5)
    few.furnish()
    read = await few.read(ANN)
    assert read.truncated
    assert read.table.num_rows <= 5
    narrow = Office(slack, store, max_channels=1)
    assert (await narrow.read(ANN)).truncated
    assert not (await narrow.read(ANN, ("channel", "=", "all"))).truncated


DISTRIBUTED = pytest.mark.parametrize(
    "slack", [{"conversations_tier": "distributed"}], indirect=True
)


@DISTRIBUTED
async def test_a_distributed_app_reads_one_page(office: Office) -> None:
    """One call of fifteen messages is made, no 429 comes, and the rest is told to be missing."""
    read = await office.read(BOB, seconds=3)
    assert read.truncated
    assert 0 < read.table.num_rows <= 15
    assert office.count("conversations.history") == 1
    with pytest.raises(SourceTimeout, match="Ask again in a minute"):
        await office.read(BOB, seconds=3)


async def test_slack_s_own_search_is_used(office: Office) -> None:
    """With the token of a person's message Slack searches, in public channels alone."""
    await _hears_from(office, ANN)
    read = await office.read(ANN, search="printer burns")
    assert set(read.table.column("channel").to_pylist()) == {"all", "help", "ext-0042-acme", "away"}
    assert office.count("assistant.search.context") == 1
    assert office.count("conversations.history") == 0
    assert await office.channels(ANN, search="printer burns", place="C0EXT") == {"ext-0042-acme"}


@pytest.mark.parametrize(
    ("slack", "heard"), [({"search": False}, True), ({}, False)], indirect=["slack"]
)
async def test_words_are_searched_in_history_else(office: Office, heard: bool) -> None:
    """Where the workspace has no search, or the question brought no token, history is read within
    the asker's rights and ranked by words."""
    if heard:
        await _hears_from(office, BOB)
    read = await office.read(BOB, search="burning printers burn")
    assert set(read.table.column("text").to_pylist()) == {"the printer burns"}
    assert "board" not in read.table.column("channel").to_pylist()
    assert office.count("assistant.search.context") == 0


async def _hears_from(office: Office, user: str) -> None:
    """A message of somebody reaches the bot, with the token that it brings."""
    token = office.slack.action_token(user)
    action_tokens.keep(office.slack.workspace.team_id, user, token)


def test_action_tokens_are_let_go() -> None:
    """A token serves its own person alone, and not for longer than Slack takes it."""
    now = [0.0]
    tokens = ActionTokens(lambda: now[0])
    tokens.keep("T0", ANN, "secret")
    assert (tokens.of(Requester("T0", ANN)), tokens.of(Requester("T0", BOB))) == ("secret", "")
    now[0] = 600.0
    assert tokens.of(Requester("T0", ANN)) == ""
    assert "secret" not in repr(Asker(api_key="secret", action_token="secret"))


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
