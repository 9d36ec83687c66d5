"""People, guests, user groups and channels of every kind, as the bot sees them."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false, reportOptionalIterable=false
# pyright: reportOperatorIssue=false, reportGeneralTypeIssues=false

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.slack import LocalSlack
from sandbox.slack.app import SCOPES
from tests.sandbox.slack_scene import Scene, play, refusal


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """A workspace with Maya the admin, Tom the guest and Kim of another company."""
    slack = LocalSlack()
    slack.add_user(
        "maya", "Maya Chen", user_id="U0MAYA", email="maya@x.example", tz="Asia/Kolkata",
        is_admin=True,
    )  # fmt: skip
    slack.add_user("tom", user_id="U0TOM", email="tom@x.example", is_ultra_restricted=True)
    slack.add_user("kim", user_id="U0KIM", email="kim@y.example", team_id="T0OTHER")
    slack.add_channel("sales", channel_id="C0SALES")
    slack.add_channel("board", ["U0MAYA"], channel_id="C0BOARD", is_private=True)
    async with play(slack) as scene:
        yield scene


async def test_a_person_has_a_time_zone_a_role_and_an_address(scene: Scene) -> None:
    """users.info tells the zone with its offset, admins from guests, and the e-mail."""
    maya = (await scene.client.users_info(user="U0MAYA"))["user"]
    assert (maya["tz"], maya["tz_offset"]) == ("Asia/Kolkata", 19_800)
    assert (maya["is_admin"], maya["is_restricted"]) == (True, False)
    assert maya["profile"]["email"] == "maya@x.example"
    tom = (await scene.client.users_info(user="U0TOM"))["user"]
    assert (tom["is_restricted"], tom["is_ultra_restricted"]) == (True, True)


async def test_people_are_found_by_address(scene: Scene) -> None:
    """Whatever its case an address finds who is here, and nobody who has left."""
    found = await scene.client.users_lookupByEmail(email="MAYA@x.example")
    assert found["user"]["id"] == "U0MAYA"
    scene.slack.deactivate("U0MAYA")
    gone = scene.client.users_lookupByEmail(email="maya@x.example")
    assert await refusal(gone) == "users_not_found"
    left = (await scene.client.users_info(user="U0MAYA"))["user"]
    assert left["deleted"]
    assert "tz" not in left
    assert await refusal(scene.client.conversations_open(users="U0MAYA")) == "user_disabled"
    with pytest.raises(LookupError):
        await scene.slack.post_as("U0MAYA", "C0SALES", "still here?")


async def test_addresses_need_their_own_scope() -> None:
    """Without users:read.email a profile has no e-mail, and looking one up is refused."""
    slack = LocalSlack(scopes=SCOPES - {"users:read.email", "usergroups:read"})
    slack.add_user("maya", user_id="U0MAYA", email="maya@x.example")
    async with play(slack) as scene:
        maya = (await scene.client.users_info(user="U0MAYA"))["user"]
        assert "email" not in maya["profile"]
        lookup = scene.client.users_lookupByEmail(email="maya@x.example")
        assert await refusal(lookup) == "missing_scope"
        assert await refusal(scene.client.usergroups_list()) == "missing_scope"


async def test_a_group_is_who_is_in_it_now(scene: Scene) -> None:
    """Members come and go between two calls, and a group without anybody is empty."""
    group = scene.slack.add_group("approvers", "Approvers", ["U0MAYA"])
    listed = await scene.client.usergroups_list(include_users=True, include_count=True)
    (only,) = listed["usergroups"]
    assert (only["id"], only["handle"]) == (group.id, "approvers")
    assert (only["users"], only["user_count"]) == (["U0MAYA"], 1)
    members = scene.client.usergroups_users_list
    group.members.append("U0KIM")
    assert (await members(usergroup=group.id))["users"] == ["U0MAYA", "U0KIM"]
    group.members.clear()
    assert (await members(usergroup=group.id))["users"] == []
    assert await refusal(members(usergroup="S0NONE")) == "no_such_subteam"


async def test_a_group_is_mentioned_by_its_handle(scene: Scene) -> None:
    """What is typed with an @ arrives as the group's id, and is no mention of the bot."""
    group = scene.slack.add_group("data-approvers", "Data approvers", [scene.slack.bot_user_id])
    await scene.slack.post_as("U0MAYA", "C0SALES", "@data-approvers and @here, please")
    kind, payload = await scene.heard.get()
    assert kind == "events_api"
    assert payload["event"]["type"] == "message"
    assert payload["event"]["text"] == f"<!subteam^{group.id}> and <!here>, please"


async def test_a_private_channel_is_unknown_to_who_is_not_in_it(scene: Scene) -> None:
    """The bot learns nothing of it, by any method, until it is a member."""
    hidden = scene.client.conversations_info(channel="C0BOARD")
    assert await refusal(hidden) == "channel_not_found"
    assert await refusal(scene.client.conversations_members(channel="C0BOARD")) == (
        "channel_not_found"
    )
    post = scene.client.chat_postMessage(channel="C0BOARD", text="hello")
    assert await refusal(post) == "channel_not_found"
    ts = await scene.slack.post_as("U0MAYA", "C0BOARD", "between us")
    link = scene.client.chat_getPermalink(channel="C0BOARD", message_ts=ts)
    assert await refusal(link) == "channel_not_found"
    types = "public_channel,private_channel"
    listed = await scene.client.conversations_list(types=types)
    assert [c["id"] for c in listed["channels"]] == ["C0SALES"]
    of_maya = await scene.client.users_conversations(user="U0MAYA", types=types)
    assert [c["id"] for c in of_maya["channels"]] == ["C0SALES"]
    assert scene.heard.empty()


async def test_a_private_channel_with_the_bot_has_its_own_events(scene: Scene) -> None:
    """Inside it the bot is told of messages as of a group's, and may read and answer."""
    channel = scene.slack.add_channel("deals", is_private=True)
    ts = await scene.slack.post_as("U0MAYA", channel.id, "@crosstalk hello")
    assert (await scene.hear("app_mention"))["event"]["channel"] == channel.id
    assert (await scene.hear("message"))["event"]["channel_type"] == "group"
    described = (await scene.client.conversations_info(channel=channel.id))["channel"]
    assert (described["is_private"], described["is_member"]) == (True, True)
    assert "num_members" not in described
    history = await scene.client.conversations_history(channel=channel.id)
    assert [m["ts"] for m in history["messages"]] == [ts]


async def test_private_channels_have_their_own_scopes() -> None:
    """Without groups:history and groups:read nothing of a private channel is heard or told."""
    slack = LocalSlack(scopes=SCOPES - {"groups:history", "groups:read", "app_mentions:read"})
    maya = slack.add_user("maya")
    channel = slack.add_channel("deals", is_private=True)
    async with play(slack) as scene:
        ts = await slack.post_as(maya.id, channel.id, "hello")
        history = scene.client.conversations_history(channel=channel.id)
        assert await refusal(history) == "missing_scope"
        listed = scene.client.conversations_list(types="private_channel")
        assert await refusal(listed) == "missing_scope"
        im = slack.open_im(maya.id)
        await slack.post_as(maya.id, im.id, "a later message")
        event = (await scene.hear("message"))["event"]
        assert event["channel"] == im.id
        assert event["ts"] > ts


async def test_guests_are_only_where_they_were_put(scene: Scene) -> None:
    """A channel for everybody has neither guests nor people of other companies."""
    members = (await scene.client.conversations_members(channel="C0SALES"))["members"]
    assert set(members) == {"U0MAYA", scene.slack.bot_user_id}


async def test_a_channel_shared_with_another_company_says_so(scene: Scene) -> None:
    """The channel, the event and its author name the other workspace; the author has no e-mail."""
    bot = scene.slack.bot_user_id
    channel = scene.slack.add_channel("shared", ["U0KIM", bot], shared_with=["T0OTHER"])
    described = (await scene.client.conversations_info(channel=channel.id))["channel"]
    assert described["is_ext_shared"]
    assert "T0OTHER" in described["shared_team_ids"]
    await scene.slack.post_as("U0KIM", channel.id, "@crosstalk hello")
    payload = await scene.hear("app_mention")
    assert payload["is_ext_shared_channel"]
    assert payload["team_id"] == scene.slack.workspace.team_id
    assert payload["event"]["user_team"] == payload["event"]["team"] == "T0OTHER"
    kim = (await scene.client.users_info(user="U0KIM"))["user"]
    assert (kim["team_id"], kim["is_stranger"]) == ("T0OTHER", False)
    assert "email" not in kim["profile"]
    everybody = (await scene.client.users_list())["members"]
    assert "U0KIM" not in {user["id"] for user in everybody}
