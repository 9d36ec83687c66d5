"""Shortcuts, Home, stacked modals and slash commands, as the bot meets them."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false, reportOperatorIssue=false
# pyright: reportReturnType=false

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.slack import DispatchError, LocalSlack
from sandbox.slack.hooks import ResponseUrls
from tests.sandbox.slack_scene import Clock, Json, Scene, button, plain, play, refusal

HOME: Json = {"type": "home", "blocks": [button("rerun", "run-1")]}
REASON: Json = {
    "type": "input",
    "block_id": "why",
    "label": plain("Why"),
    "element": {"type": "plain_text_input", "action_id": "text"},
}


def modal(title: str, **more: Any) -> Json:
    """A modal with a button and one input."""
    blocks = [button("more", "1"), REASON]
    return {
        "type": "modal",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": blocks,
    } | more


class Hands:
    """Maya in #sales, and the shortest way to a modal in front of her."""

    def __init__(self, scene: Scene, clock: Clock) -> None:
        self.scene = scene
        self.clock = clock
        self.slack = scene.slack
        self.client = scene.client
        self.maya = scene.slack.add_user("maya").id
        self.sales = scene.slack.add_channel("sales").id

    async def open(self, view: Json) -> Json:
        """Open this modal for Maya: the view."""
        trigger = self.slack.triggers.issue(self.maya)
        return (await self.client.views_open(trigger_id=trigger, view=view))["view"]

    async def trigger_in(self, view: Json) -> str:
        """Press the button in a modal: the trigger that the bot gets."""
        await self.slack.press_view(self.maya, view["id"], "more")
        return (await self.scene.hear("block_actions"))["trigger_id"]


@pytest_asyncio.fixture
async def hands() -> AsyncIterator[Hands]:
    """A workspace whose response URLs age by a clock in the test's hands."""
    clock = Clock()
    async with play(LocalSlack(response_urls=ResponseUrls(clock))) as scene:
        yield Hands(scene, clock)


async def test_a_message_shortcut_brings_the_whole_message(hands: Hands) -> None:
    """The payload has the message, its channel, a trigger and a response URL that works."""
    private = hands.slack.add_channel("board", [hands.maya], is_private=True)
    ts = await hands.slack.post_as(hands.maya, private.id, "why did they leave?")
    await hands.slack.shortcut(hands.maya, private.id, ts, "ask_about_message")
    payload = await hands.scene.hear("message_action")
    assert payload["callback_id"] == "ask_about_message"
    assert payload["message"]["text"] == "why did they leave?"
    assert (payload["channel"]["id"], payload["message_ts"]) == (private.id, ts)
    await hands.client.views_open(trigger_id=payload["trigger_id"], view=modal("Ask"))
    assert (await AsyncWebhookClient(payload["response_url"]).send(text="soon")).status_code == 200
    with pytest.raises(LookupError):
        await hands.slack.shortcut(hands.maya, private.id, ts, "ask")


async def test_a_global_shortcut_comes_from_nowhere(hands: Hands) -> None:
    """It has a trigger, but neither channel nor response URL; unknown ones cannot be chosen."""
    await hands.slack.global_shortcut(hands.maya, "ask")
    payload = await hands.scene.hear("shortcut")
    assert payload["user"]["id"] == hands.maya
    assert not {"channel", "message", "response_url"} & payload.keys()
    await hands.client.views_open(trigger_id=payload["trigger_id"], view=modal("Ask"))
    with pytest.raises(LookupError):
        await hands.slack.global_shortcut(hands.maya, "unheard_of")


async def test_home_is_published_for_each_person(hands: Hands) -> None:
    """The event comes without a view the first time; later it brings what was published."""
    await hands.slack.open_home(hands.maya)
    first = (await hands.scene.hear("app_home_opened"))["event"]
    assert (first["user"], first["tab"]) == (hands.maya, "home")
    assert "view" not in first
    published = (await hands.client.views_publish(user_id=hands.maya, view=HOME))["view"]
    await hands.slack.open_home(hands.maya)
    again = (await hands.scene.hear("app_home_opened"))["event"]
    assert again["view"]["id"] == published["id"]
    await hands.slack.open_home(hands.maya, "messages")
    other = (await hands.scene.hear("app_home_opened"))["event"]
    assert (other["tab"], "view" in other) == ("messages", False)
    tom = hands.slack.add_user("tom").id
    assert hands.slack.home(tom) is None


async def test_an_old_hash_does_not_replace_a_newer_home(hands: Hands) -> None:
    """Publishing keeps the view's id, changes its hash, and refuses an outdated one."""
    publish = hands.client.views_publish
    first = (await publish(user_id=hands.maya, view=HOME))["view"]
    second = (await publish(user_id=hands.maya, view=HOME, hash=first["hash"]))["view"]
    assert second["id"] == first["id"]
    old = publish(user_id=hands.maya, view=HOME, hash=first["hash"])
    assert await refusal(old) == "hash_conflict"
    assert hands.slack.home(hands.maya)["hash"] == second["hash"]
    assert await refusal(publish(user_id="U0NOBODY", view=HOME)) == "user_not_found"
    wrong = publish(user_id=hands.maya, view=modal("No home"))
    assert await refusal(wrong) == "invalid_arguments"
    much = {"type": "home", "blocks": [{"type": "divider"}] * 101}
    assert await refusal(publish(user_id=hands.maya, view=much)) == "invalid_arguments"


async def test_an_app_without_home_cannot_publish_one() -> None:
    """Where the manifest has no Home tab, publishing is not enabled."""
    async with play(LocalSlack(has_home=False)) as scene:
        maya = scene.slack.add_user("maya").id
        publish = scene.client.views_publish(user_id=maya, view=HOME)
        assert await refusal(publish) == "not_enabled"


async def test_a_press_on_home_has_a_view_and_no_channel(hands: Hands) -> None:
    """The container is the view, and its trigger opens a modal."""
    view = (await hands.client.views_publish(user_id=hands.maya, view=HOME))["view"]
    await hands.slack.press_view(hands.maya, view["id"], "rerun", "run-1")
    payload = await hands.scene.hear("block_actions")
    assert payload["container"] == {"type": "view", "view_id": view["id"]}
    assert payload["actions"][0]["value"] == "run-1"
    assert not {"channel", "message", "response_url"} & payload.keys()
    push = hands.client.views_push(trigger_id=payload["trigger_id"], view=modal("On top"))
    assert await refusal(push) == "invalid_trigger_id"


async def test_three_modals_are_the_most(hands: Hands) -> None:
    """A push needs a press in the modal in front; a fourth is refused, lower ones are covered."""
    first = await hands.open(modal("One"))
    push = hands.client.views_push
    second = (await push(trigger_id=await hands.trigger_in(first), view=modal("Two")))["view"]
    assert (second["previous_view_id"], second["root_view_id"]) == (first["id"], first["id"])
    with pytest.raises(LookupError):
        await hands.trigger_in(first)
    third = (await push(trigger_id=await hands.trigger_in(second), view=modal("Three")))["view"]
    fourth = push(trigger_id=await hands.trigger_in(third), view=modal("Four"))
    assert await refusal(fourth) == "push_limit_reached"


async def test_what_is_chosen_in_a_modal_is_submitted_with_it(hands: Hands) -> None:
    """A choice made by an action stays in the state, through an update and into the submission."""
    options = [{"text": plain(name), "value": name} for name in ("csv", "json")]
    menu = {"type": "static_select", "action_id": "format", "options": options}
    actions = {"type": "actions", "block_id": "choice", "elements": [menu]}
    view = modal("Export", blocks=[actions, REASON])
    opened = await hands.open(view)
    await hands.slack.press_view(hands.maya, opened["id"], "format", "json")
    state = (await hands.scene.hear("block_actions"))["view"]["state"]["values"]
    assert state["choice"]["format"]["selected_option"]["value"] == "json"
    await hands.client.views_update(view_id=opened["id"], view=view)
    values = {"why": {"text": {"value": "because"}}}
    assert await hands.slack.submit_view(hands.maya, opened["id"], values) == {}
    sent = (await hands.scene.hear("view_submission"))["view"]["state"]["values"]
    assert sent["choice"]["format"]["selected_option"]["value"] == "json"
    assert sent["why"]["text"]["value"] == "because"


async def test_complaints_are_about_inputs_of_the_modal(hands: Hands) -> None:
    """Errors keep the modal open; one about no input of it is an error of the app."""
    opened = await hands.open(modal("Why"))
    values = {"why": {"text": {"value": "because"}}}
    submit = hands.slack.submit_view

    def complain(block_id: str) -> None:
        answer = {"response_action": "errors", "errors": {block_id: "Say more."}}
        hands.scene.answer = lambda kind, payload: answer

    complain("why")
    assert await submit(hands.maya, opened["id"], values) == {"why": "Say more."}
    assert opened["id"] in hands.slack.workspace.views
    complain("acts")
    with pytest.raises(DispatchError):
        await submit(hands.maya, opened["id"], values)


async def test_closing_may_clear_the_whole_stack(hands: Hands) -> None:
    """A modal with clear_on_close takes those under it along, and says that it did."""
    first = await hands.open(modal("One"))
    top = modal("Two", clear_on_close=True, notify_on_close=True)
    trigger = await hands.trigger_in(first)
    second = (await hands.client.views_push(trigger_id=trigger, view=top))["view"]
    await hands.slack.close_view(hands.maya, second["id"])
    assert (await hands.scene.hear("view_closed"))["is_cleared"] is True
    assert hands.slack.workspace.views == {}


async def test_only_declared_commands_exist(hands: Hands) -> None:
    """The manifest's commands reach the app, without any thread; others are no commands."""
    for command in ("/ask", "/plan", "/sources", "/history", "/schedule", "/crosstalk"):
        await hands.slack.slash(hands.maya, hands.sales, command, "text")
        payload = await hands.scene.hear("slash_commands")
        assert (payload["command"], payload["text"]) == (command, "text")
        assert "thread_ts" not in payload
    with pytest.raises(LookupError, match="/approve is not a valid command"):
        await hands.slack.slash(hands.maya, hands.sales, "/approve", "run-1")


async def test_an_ack_is_shown_to_one_or_to_all(hands: Hands) -> None:
    """Text and blocks go to whoever asked, in_channel to everybody, bad blocks to nobody."""
    channel = hands.slack.workspace.channels[hands.sales]
    hands.scene.answer = lambda kind, payload: {"text": "yours", "blocks": [button("a", "1")]}
    await hands.slack.slash(hands.maya, hands.sales, "/plan")
    (shown,) = channel.ephemerals.values()
    assert (shown["to"], shown["blocks"][0]["type"]) == (hands.maya, "actions")
    hands.scene.answer = lambda kind, payload: {"text": "ours", "response_type": "in_channel"}
    await hands.slack.slash(hands.maya, hands.sales, "/plan")
    assert [message["text"] for message in channel.messages.values()] == ["ours"]
    hands.scene.answer = lambda kind, payload: {"blocks": [{"type": "sectoin"}]}
    with pytest.raises(DispatchError, match="invalid_blocks"):
        await hands.slack.slash(hands.maya, hands.sales, "/plan")


async def test_a_response_url_ends_after_half_an_hour(hands: Hands) -> None:
    """Within 30 minutes it takes an answer, after them it says that it has expired."""
    await hands.slack.slash(hands.maya, hands.sales, "/plan")
    hook = AsyncWebhookClient((await hands.scene.hear("slash_commands"))["response_url"])
    hands.clock.now += 30 * 60
    assert (await hook.send(text="in time")).status_code == 200
    hands.clock.now += 1
    late = await hook.send(text="late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_the_page_reaches_home_shortcuts_and_views(hands: Hands) -> None:
    """Over HTTP the page sees the Home and the app's menus, presses in views, and opens Home."""
    view = (await hands.client.views_publish(user_id=hands.maya, view=HOME))["view"]
    async with aiohttp.ClientSession(hands.slack.page_url) as page:
        async with page.get("/page/state", params={"user": hands.maya}) as response:
            seen = await response.json()
        assert seen["home"]["id"] == view["id"]
        assert "/plan" in seen["app"]["commands"]
        assert {one["type"] for one in seen["app"]["shortcuts"]} == {"message", "global"}
        who = {"user": hands.maya}
        await page.post("/page/home", json=who)
        await hands.scene.hear("app_home_opened")
        pressing = {**who, "view_id": view["id"], "action_id": "rerun"}
        await page.post("/page/press_view", json=pressing)
        assert (await hands.scene.hear("block_actions"))["view"]["id"] == view["id"]
        await page.post("/page/shortcut", json={**who, "callback_id": "ask"})
        assert (await hands.scene.hear("shortcut"))["callback_id"] == "ask"
        unknown = {**who, "channel": hands.sales, "text": "/approve run-1"}
        async with page.post("/page/type", json=unknown) as response:
            assert "not a valid command" in (await response.json())["problem"]
