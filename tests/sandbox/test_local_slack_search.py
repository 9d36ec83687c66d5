"""Real-time Search with an event's token, members that come and go, and the end of an app."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false, reportReturnType=false

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.slack import LocalSlack
from sandbox.slack.app import SCOPES
from sandbox.slack.hooks import ActionTokens
from tests.sandbox.slack_scene import Clock, Json, Scene, play, refusal


class Library:
    """Maya and the guest Tom in #sales; Maya alone is in #board; #other has neither of them."""

    def __init__(self, scene: Scene, clock: Clock) -> None:
        self.scene = scene
        self.clock = clock
        self.slack = scene.slack
        slack = scene.slack
        self.maya = slack.add_user("maya", "Maya Chen").id
        self.tom = slack.add_user("tom", is_restricted=True).id
        eve = slack.add_user("eve").id
        self.sales = slack.add_channel("sales", [self.maya, self.tom, slack.bot_user_id]).id
        self.board = slack.add_channel("board", [self.maya], is_private=True).id
        self.other = slack.add_channel("other", [eve]).id
        slack.seed_messages(
            {"user": user, "channel": channel, "text": text, "ts": ts}
            for user, channel, text, ts in (
                (self.maya, self.sales, "Northwind asks about late delivery", "100.000001"),
                (self.tom, self.sales, "the delivery of Northwind was late again", "200.000001"),
                (self.maya, self.board, "Northwind will leave us", "300.000001"),
                (eve, self.other, "Northwind called", "400.000001"),
                (eve, self.other, "lunch?", "500.000001"),
            )
        )

    async def token_of(self, user_id: str) -> str:
        """Mention the bot as somebody: the token that the event brings."""
        await self.slack.post_as(user_id, self.sales, "@crosstalk hello")
        event = (await self.scene.hear("app_mention"))["event"]
        return event["assistant_thread"]["action_token"]

    async def search(self, query: str, token: str, **more: Any) -> Json:
        """Search with this token: the whole answer."""
        arguments = {"query": query, "action_token": token, **more}
        return await self.scene.client.api_call("assistant.search.context", json=arguments)


@pytest_asyncio.fixture
async def library() -> AsyncIterator[Library]:
    """A workspace whose action tokens age by a clock in the test's hands."""
    clock = Clock()
    async with play(LocalSlack(action_tokens=ActionTokens(clock))) as scene:
        yield Library(scene, clock)


def found(answer: Json) -> list[str]:
    """The ts of the messages that were found, in order."""
    return [message["message_ts"] for message in answer["results"]["messages"]]


async def test_members_search_all_public_channels(library: Library) -> None:
    """The best match comes first; the private channel is not among the results."""
    answer = await library.search(
        "late delivery of Northwind", await library.token_of(library.maya)
    )
    assert found(answer) == ["200.000001", "100.000001", "400.000001"]
    first = answer["results"]["messages"][0]
    assert (first["channel_name"], first["author_user_id"]) == ("sales", library.tom)
    link = await library.scene.client.chat_getPermalink(
        channel=library.sales, message_ts="200.000001"
    )
    assert first["permalink"] == link["permalink"]


async def test_guests_find_only_what_they_may_read(library: Library) -> None:
    """With a guest's token the channels that they are not in stay closed."""
    answer = await library.search("Northwind", await library.token_of(library.tom))
    assert found(answer) == ["200.000001", "100.000001"]


async def test_search_is_cut_sorted_and_paged(library: Library) -> None:
    """Time bounds, order, context and cursors are honoured."""
    token = await library.token_of(library.maya)
    cut = await library.search("northwind", token, after=150, before=350)
    assert found(cut) == ["200.000001"]
    oldest = await library.search("northwind", token, sort="timestamp", sort_dir="asc", limit=2)
    assert found(oldest) == ["100.000001", "200.000001"]
    cursor = oldest["response_metadata"]["next_cursor"]
    rest = await library.search(
        "northwind", token, sort="timestamp", sort_dir="asc", limit=2, cursor=cursor
    )
    assert found(rest) == ["400.000001"]
    beside = await library.search("called", token, include_context_messages=True)
    (only,) = beside["results"]["messages"]
    assert [m["text"] for m in only["context_messages"]["after"]] == ["lunch?"]
    assert await refusal(library.search("northwind", token, limit=21)) == "invalid_limit"


async def test_a_token_must_be_of_an_event_and_fresh(library: Library) -> None:
    """No token, an invented one and an old one are the same refusal."""
    token = await library.token_of(library.maya)
    assert await refusal(library.search("x", "")) == "invalid_action_token"
    assert await refusal(library.search("x", "123.abc")) == "invalid_action_token"
    library.clock.now += 10 * 60 + 1
    assert await refusal(library.search("x", token)) == "invalid_action_token"


async def test_what_the_bot_says_brings_no_token(library: Library) -> None:
    """Only messages of people can be searched for."""
    await library.scene.client.chat_postMessage(channel=library.sales, text="hello")
    assert "assistant_thread" not in (await library.scene.hear("message"))["event"]


async def test_private_places_need_scopes_that_a_bot_has_not(library: Library) -> None:
    """Searching private channels and direct messages is refused by scope."""
    token = await library.token_of(library.maya)
    for kind in ("private_channel", "im", "mpim"):
        search = library.search("northwind", token, channel_types=["public_channel", kind])
        assert await refusal(search) == "missing_scope"


async def test_a_workspace_may_have_no_search() -> None:
    """Info says so beforehand, and the search itself is refused."""
    async with play(LocalSlack(search=False)) as scene:
        library = Library(scene, Clock())
        info = await scene.client.api_call("assistant.search.info")
        assert info["is_ai_search_enabled"] is False
        search = library.search("northwind", await library.token_of(library.maya))
        assert await refusal(search) == "assistant_search_context_disabled"
    async with play(LocalSlack(scopes=SCOPES - {"search:read.public"})) as scene:
        library = Library(scene, Clock())
        await scene.slack.post_as(library.maya, library.sales, "hi")
        assert "assistant_thread" not in (await scene.hear("message"))["event"]


async def test_the_bot_hears_who_joins(library: Library) -> None:
    """A person or the bot itself is announced, by an event and by a message that is no mention."""
    bot = library.slack.bot_user_id
    library.slack.join(library.tom, library.board)
    library.slack.join(bot, library.board, inviter=library.maya)
    joined = (await library.scene.hear("member_joined_channel"))["event"]
    assert (joined["user"], joined["channel"], joined["channel_type"]) == (bot, library.board, "G")
    assert joined["inviter"] == library.maya
    message = (await library.scene.hear("message"))["event"]
    assert (message["subtype"], message["channel"]) == ("channel_join", library.board)
    assert library.scene.heard.empty()
    library.slack.leave(bot, library.board)
    post = library.scene.client.chat_postMessage(channel=library.board, text="still here")
    assert await refusal(post) == "channel_not_found"


@pytest.mark.parametrize("whole", [True, False])
async def test_a_token_that_is_gone_opens_nothing(library: Library, whole: bool) -> None:
    """After an uninstall, or a revocation, the app is told, and every call is refused."""
    if whole:
        library.slack.uninstall()
    else:
        library.slack.revoke_token()
    revoked = (await library.scene.hear("tokens_revoked"))["event"]
    assert revoked["tokens"]["bot"] == [library.slack.bot_user_id]
    error = "account_inactive" if whole else "token_revoked"
    assert await refusal(library.scene.client.auth_test()) == error
    post = library.scene.client.chat_postMessage(channel=library.sales, text="hello?")
    assert await refusal(post) == error
    if whole:
        await library.scene.hear("app_uninstalled")
        await library.slack.post_as(library.maya, library.sales, "@crosstalk hello?")
        assert library.scene.heard.empty()
