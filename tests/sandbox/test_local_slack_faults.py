"""Faults that tests order: in calls, in events, in connections, here or from another process."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import LocalSlack
from sandbox.slack.faults import CallFault
from tests.sandbox.slack_scene import Scene, play, refusal


class Stage:
    """Maya in #sales, and the admin API."""

    def __init__(self, scene: Scene, admin: aiohttp.ClientSession) -> None:
        self.scene = scene
        self.slack = scene.slack
        self.client = scene.client
        self.admin = admin
        self.maya = scene.slack.add_user("maya").id
        self.sales = scene.slack.add_channel("sales").id

    async def say(self, *texts: str) -> None:
        """Post as Maya, one text after the other."""
        for text in texts:
            await self.slack.post_as(self.maya, self.sales, text)

    async def texts(self, count: int) -> list[str]:
        """The texts of the next so many message events, as they come."""
        return [(await self.scene.hear("message"))["event"]["text"] for _ in range(count)]

    async def ask_admin(self, method: str, path: str, **body: Any) -> Any:
        """One request of the admin API: its answer."""
        async with self.admin.request(method, f"/admin/{path}", **body) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    """A workspace with a client of its admin API."""
    async with play(LocalSlack(events=["message.channels"])) as scene:
        headers = {"Authorization": f"Bearer {scene.slack.admin_token}"}
        async with aiohttp.ClientSession(scene.slack.page_url, headers=headers) as admin:
            yield Stage(scene, admin)


async def test_a_lost_answer_is_not_a_lost_message(stage: Stage) -> None:
    """The connection is reset after the method took effect; the SDK's own retry posts it again."""
    stage.slack.inject("chat.postMessage", lost=True, times=2)
    where = {"token": stage.slack.bot_token, "base_url": stage.slack.api_url}
    with pytest.raises(aiohttp.ClientConnectionError):
        await AsyncWebClient(**where, retry_handlers=[]).chat_postMessage(
            channel=stage.sales, text="once"
        )
    await stage.client.chat_postMessage(channel=stage.sales, text="twice")
    messages = stage.slack.workspace.channels[stage.sales].messages.values()
    assert [message["text"] for message in messages] == ["once", "twice", "twice"]


async def test_a_slow_answer_is_an_answer(stage: Stage) -> None:
    """It comes after the seconds that were ordered, and the next one at once."""
    stage.slack.inject("auth.test", slow_s=0.3)
    began = time.monotonic()
    assert (await stage.client.auth_test())["ok"]
    assert time.monotonic() - began >= 0.3


async def test_a_limit_on_everything_names_the_seconds(stage: Stage) -> None:
    """With "*" whichever method comes next is told to wait."""
    stage.slack.inject("*", retry_after=7)
    with pytest.raises(SlackApiError) as caught:
        await stage.client.team_info()
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    assert (await stage.client.auth_test())["ok"]


def test_the_same_seed_hits_the_same_calls() -> None:
    """A probability is a sequence that its seed repeats, and `times` ends it."""

    def sequence(seed: int) -> list[bool]:
        fault = CallFault(method="*", status=503, times=None, probability=0.2, seed=seed)
        return [fault.strikes() for _ in range(1000)]

    assert sequence(1) == sequence(1) != sequence(2)
    assert 150 < sum(sequence(1)) < 250
    few = CallFault(method="*", times=3, probability=0.5)
    assert sum(few.strikes() for _ in range(1000)) == 3


async def test_an_event_comes_twice(stage: Stage) -> None:
    """Both have the same event_id; the next event comes once."""
    stage.slack.inject_event("duplicate")
    await stage.say("one", "two")
    ids = [(await stage.scene.hear("message"))["event_id"] for _ in range(3)]
    assert (ids[0] == ids[1], ids[1] == ids[2]) == (True, False)


async def test_events_change_their_order(stage: Stage) -> None:
    """Three are held back and come last first; a lonely one comes without waiting for others."""
    stage.slack.inject_event("reorder", size=3, times=2)
    await stage.say("one", "two", "three")
    assert await stage.texts(3) == ["three", "two", "one"]
    await stage.say("alone")
    assert await stage.texts(1) == ["alone"]


async def test_an_event_survives_a_reset_websocket(stage: Stage) -> None:
    """One of two websockets is gone without a word, and the event comes by the other."""
    other = SocketModeClient(stage.slack.app_token, web_client=stage.client)
    other.socket_mode_request_listeners.append(stage.scene.listen)
    await other.connect()
    await stage.slack.connections.wait_for(2)
    stage.slack.inject_event("drop")
    await stage.say("still there?")
    assert await stage.texts(1) == ["still there?"]
    assert len(stage.slack.connections) == 1
    await other.close()


async def test_a_warned_client_comes_back(stage: Stage) -> None:
    """After the warning the event still comes, and the client moves to a new websocket."""
    before = await stage.scene.socket.session_id()
    stage.slack.inject_event("warning")
    await stage.say("still there?")
    assert await stage.texts(1) == ["still there?"]
    async with asyncio.timeout(10):
        while await stage.scene.socket.session_id() == before:
            await stage.say("anew")
            await stage.texts(1)


async def test_the_admin_api_is_closed_without_its_token(stage: Stage) -> None:
    """Neither no token nor the bot's opens it."""
    async with aiohttp.ClientSession(stage.slack.page_url) as nobody:
        for headers in ({}, {"Authorization": f"Bearer {stage.slack.bot_token}"}):
            async with nobody.get("/admin/workspace", headers=headers) as response:
                assert response.status == 401


async def test_another_process_furnishes_and_drives(stage: Stage) -> None:
    """People and channels in bulk, posts as people, and all that was said, as JSON."""
    users = [{"name": f"user{n}", "tz": "Europe/Rome"} for n in range(50)]
    ids = await stage.ask_admin("POST", "users", json=users)
    members = [*ids, stage.slack.bot_user_id]
    channels = [{"name": f"load-{n}", "members": members} for n in range(20)]
    places = await stage.ask_admin("POST", "channels", json=channels)
    posts = [{"user": ids[n], "channel": places[0], "text": f"question {n}"} for n in range(10)]
    stamps = await stage.ask_admin("POST", "messages", json=posts)
    assert sorted(await stage.texts(10)) == sorted(post["text"] for post in posts)
    reply = await stage.client.chat_postMessage(
        channel=places[0], thread_ts=stamps[0], text="answer"
    )
    said = await stage.ask_admin("GET", f"channels/{places[0]}/messages")
    assert [message["ts"] for message in said] == [*stamps, reply["ts"]]
    assert said[-1]["thread_ts"] == stamps[0]
    group = {"handle": "approvers", "name": "Approvers", "members": ids[:2]}
    await stage.ask_admin("PUT", "groups/S0LOAD", json=group)
    assert stage.slack.workspace.groups["S0LOAD"].members == ids[:2]
    stranger = [{"user": stage.maya, "channel": places[0], "text": "x"}]
    async with stage.admin.post("/admin/messages", json=stranger) as response:
        assert response.status == 404


async def test_another_process_disturbs(stage: Stage) -> None:
    """Faults of calls and of events are ordered over HTTP, and taken back."""
    fault = {"method": "auth.test", "error": "internal_error", "times": 2}
    await stage.ask_admin("POST", "faults/calls", json=fault)
    assert await refusal(stage.client.auth_test()) == "internal_error"
    await stage.ask_admin("DELETE", "faults")
    assert (await stage.client.auth_test())["ok"]
    await stage.ask_admin("POST", "faults/events", json={"kind": "duplicate"})
    await stage.say("again")
    assert await stage.texts(2) == ["again", "again"]
    await stage.ask_admin("POST", "websockets", json={"how": "refresh_requested"})
    await stage.say("after")
    assert await stage.texts(1) == ["after"]
