"""A real Bolt app hears, answers and is interrupted, over Socket Mode and over HTTP."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false, reportCallIssue=false

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.slack import DispatchError, LocalSlack

Json = dict[str, Any]


def plain(text: str) -> Json:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


BUTTONS: list[Json] = [
    {
        "type": "actions",
        "block_id": "choice",
        "elements": [
            {"type": "button", "action_id": "go", "text": plain("Go"), "value": "run-1"},
            {
                "type": "static_select",
                "action_id": "format",
                "options": [
                    {"text": plain("CSV"), "value": "csv"},
                    {"text": plain("JSON"), "value": "json"},
                ],
            },
        ],
    }
]
INPUT: Json = {
    "type": "input",
    "block_id": "why",
    "label": plain("Why"),
    "element": {"type": "plain_text_input", "action_id": "text"},
}
MODAL: Json = {
    "type": "modal",
    "callback_id": "ask",
    "title": plain("Ask"),
    "submit": plain("Send"),
    "notify_on_close": True,
    "blocks": [INPUT],
}


class Scene:
    """A workspace, one person, one channel, and everything that the app was sent."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.user = slack.add_user("maya", "Maya Chen").id
        self.channel = slack.add_channel("sales").id
        self.heard: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        self.bolt = AsyncApp(
            signing_secret=slack.signing_secret,
            client=AsyncWebClient(token=slack.bot_token, base_url=slack.api_url),
        )
        self.respond_errors: dict[str, str] = {}
        self._register()

    def _register(self) -> None:
        bolt, heard = self.bolt, self.heard

        @bolt.event("app_mention")
        async def _mentioned(event: Json, say: Any) -> None:
            heard.put_nowait(("app_mention", event))
            await say(text="here", thread_ts=event["ts"], blocks=BUTTONS)

        @bolt.event("message")
        async def _said(event: Json) -> None:
            heard.put_nowait(("message", event))

        @bolt.action("go")
        async def _pressed(ack: Any, body: Json, client: AsyncWebClient) -> None:
            await ack()
            heard.put_nowait(("go", body))
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

        @bolt.action("format")
        async def _chosen(ack: Any, body: Json) -> None:
            await ack()
            heard.put_nowait(("format", body))

        @bolt.view("ask")
        async def _submitted(ack: Any, body: Json) -> None:
            heard.put_nowait(("view", body))
            if self.respond_errors:
                await ack(response_action="errors", errors=self.respond_errors)
            else:
                await ack()

        @bolt.view_closed("ask")
        async def _closed(ack: Any, body: Json) -> None:
            await ack()
            heard.put_nowait(("view_closed", body))

        @bolt.command("/plan")
        async def _planned(ack: Any, command: Json) -> None:
            heard.put_nowait(("command", command))
            await ack(f"planning {command['text']}")

    async def hear(self, kind: str) -> Json:
        """The next payload of this kind."""
        async with asyncio.timeout(10):
            while (heard := await self.heard.get())[0] != kind:
                pass
            return heard[1]


@pytest_asyncio.fixture(params=["socket", "http"])
async def scene(request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """The same scene with either way of reaching the app."""
    slack = LocalSlack()
    await slack.start()
    scene = Scene(slack)
    if request.param == "socket":
        handler = AsyncSocketModeHandler(scene.bolt, slack.app_token)
        await handler.connect_async()
        await slack.connections.wait_for(1)
        yield scene
        await handler.close_async()
    else:
        runner = web.AppRunner(scene.bolt.web_app("/slack/events"))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        slack.request_url = f"http://127.0.0.1:{port}/slack/events"
        yield scene
        await runner.cleanup()
    await slack.stop()


async def asked(scene: Scene) -> str:
    """Mention the bot: the ts of its answer with the buttons."""
    changes = scene.slack.workspace.subscribe()
    await scene.slack.post_as(scene.user, scene.channel, "@Crosstalk help me, is 1 < 2 & 3?")
    answer = await changes.until(
        lambda c: c["type"] == "message" and c["message"]["user"] == scene.slack.bot_user_id
    )
    scene.slack.workspace.unsubscribe(changes)
    return answer["message"]["ts"]


async def test_a_mention_arrives_as_two_events(scene: Scene) -> None:
    """One mention is an app_mention and a message with the same ts, escaped as Slack escapes."""
    await asked(scene)
    first, second = await scene.heard.get(), await scene.heard.get()
    assert {first[0], second[0]} == {"app_mention", "message"}
    assert first[1]["ts"] == second[1]["ts"]
    bot = scene.slack.bot_user_id
    assert first[1]["text"] == f"<@{bot}> help me, is 1 &lt; 2 &amp; 3?"


async def test_a_direct_message_is_no_mention(scene: Scene) -> None:
    """In a conversation with the bot there is only message.im."""
    im = scene.slack.open_im(scene.user)
    await scene.slack.post_as(scene.user, im.id, "@crosstalk hello")
    kind, event = await scene.heard.get()
    assert (kind, event["channel_type"]) == ("message", "im")
    assert scene.heard.empty()


async def test_a_press_opens_a_modal_that_is_sent_in(scene: Scene) -> None:
    """Button, trigger, modal, a required field, the app's own errors, then acceptance."""
    ts = await asked(scene)
    changes = scene.slack.workspace.subscribe()
    await scene.slack.press(scene.user, scene.channel, ts, "go")
    body = await scene.hear("go")
    assert body["actions"][0]["value"] == "run-1"
    assert body["container"]["message_ts"] == body["message"]["ts"] == ts
    view_id = (await changes.until(lambda c: c["type"] == "view"))["view"]["id"]
    submit = scene.slack.submit_view
    assert "why" in await submit(scene.user, view_id)
    values = {"why": {"text": {"value": "because"}}}
    scene.respond_errors = {"why": "Say more."}
    assert await submit(scene.user, view_id, values) == {"why": "Say more."}
    scene.respond_errors = {}
    assert await submit(scene.user, view_id, values) == {}
    view = (await scene.hear("view"))["view"]
    assert view["state"]["values"]["why"]["text"]["value"] == "because"
    assert view_id not in scene.slack.workspace.views


async def test_a_closed_modal_is_told_when_asked_for(scene: Scene) -> None:
    """With notify_on_close the app hears of a modal that was given up."""
    ts = await asked(scene)
    changes = scene.slack.workspace.subscribe()
    await scene.slack.press(scene.user, scene.channel, ts, "go")
    view_id = (await changes.until(lambda c: c["type"] == "view"))["view"]["id"]
    await scene.slack.close_view(scene.user, view_id)
    assert (await scene.hear("view_closed"))["view"]["id"] == view_id


async def test_a_choice_stays_in_the_state_of_later_presses(scene: Scene) -> None:
    """What was chosen from a menu comes along when a button is pressed."""
    ts = await asked(scene)
    await scene.slack.press(scene.user, scene.channel, ts, "format", "json")
    assert (await scene.hear("format"))["actions"][0]["selected_option"]["value"] == "json"
    await scene.slack.press(scene.user, scene.channel, ts, "go")
    state = (await scene.hear("go"))["state"]["values"]
    assert state["choice"]["format"]["selected_option"]["value"] == "json"


async def test_what_is_not_there_cannot_be_pressed(scene: Scene) -> None:
    """A button that a message does not have raises, as nobody could press it."""
    ts = await asked(scene)
    with pytest.raises(LookupError):
        await scene.slack.press(scene.user, scene.channel, ts, "approve")


async def test_a_slash_command_is_answered_to_one_person(scene: Scene) -> None:
    """The text of the ack is shown to whoever typed the command, without a thread_ts."""
    changes = scene.slack.workspace.subscribe()
    await scene.slack.slash(scene.user, scene.channel, "/plan", "spend by month")
    shown = await changes.until(lambda c: c["type"] == "ephemeral")
    assert (shown["user"], shown["message"]["text"]) == (scene.user, "planning spend by month")
    assert "thread_ts" not in await scene.hear("command")


async def test_a_response_url_takes_five_answers(scene: Scene) -> None:
    """It replaces the message, is strict about content, and is used up after five."""
    ts = await asked(scene)
    await scene.slack.press(scene.user, scene.channel, ts, "go")
    hook = AsyncWebhookClient((await scene.hear("go"))["response_url"])
    message = scene.slack.workspace.channels[scene.channel].messages[ts]
    assert (await hook.send(text="decided", replace_original=True)).body == "ok"
    assert (message["text"], "blocks" in message) == ("decided", False)
    assert (await hook.send(text="x" * 4001)).status_code == 400
    for number in range(4):
        assert (await hook.send(text=f"note {number}")).status_code == 200
    assert (await hook.send(text="one too many")).status_code == 404


async def test_an_app_that_does_not_answer_fails_the_press() -> None:
    """A press that nobody acknowledges in time is an error to whoever pressed."""
    slack = LocalSlack(ack_timeout_s=0.05, retry_delays_s=())
    await slack.start()
    user, channel = slack.add_user("maya").id, slack.add_channel("sales").id
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    posted = await client.chat_postMessage(channel=channel, text="x", blocks=BUTTONS)
    with pytest.raises(DispatchError):
        await slack.press(user, channel, posted["ts"], "go")
    await slack.stop()


async def test_http_requests_are_signed_and_tried_again() -> None:
    """A failing event comes again, numbered and with a reason, each time signed."""
    slack = LocalSlack(retry_delays_s=(0, 0, 0), events=["app_mention"])
    await slack.start()
    verifier = SignatureVerifier(slack.signing_secret)
    attempts: asyncio.Queue[tuple[str | None, str | None]] = asyncio.Queue()

    async def fail(request: web.Request) -> web.Response:
        assert verifier.is_valid_request(await request.read(), dict(request.headers))
        headers = request.headers
        attempts.put_nowait((headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")))
        return web.Response(status=500)

    listening = web.Application()
    listening.router.add_post("/", fail)
    runner = web.AppRunner(listening)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    user, channel = slack.add_user("maya").id, slack.add_channel("sales").id
    await slack.post_as(user, channel, "@crosstalk hello")
    async with asyncio.timeout(10):
        seen = [await attempts.get() for _ in range(4)]
    assert seen == [
        (None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error"),
    ]  # fmt: skip
    await runner.cleanup()
    await slack.stop()


async def test_an_unacknowledged_envelope_is_sent_again() -> None:
    """Over Socket Mode an event without an ack comes again with its attempt and the reason."""
    slack = LocalSlack(ack_timeout_s=0.05, retry_delays_s=(0,), events=["app_mention"])
    await slack.start()
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        hello = await socket.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        user, channel = slack.add_user("maya").id, slack.add_channel("sales").id
        await slack.post_as(user, channel, "@crosstalk hello")
        first, second = await socket.receive_json(), await socket.receive_json()
        assert first["payload"]["event_id"] == second["payload"]["event_id"]
        assert first["envelope_id"] != second["envelope_id"]
        assert (second["retry_attempt"], second["retry_reason"]) == (1, "timeout")
    await slack.stop()


async def test_a_disconnected_client_comes_back() -> None:
    """After `disconnect` Slack's own client opens a new websocket, and events arrive there."""
    slack = LocalSlack()
    await slack.start()
    scene = Scene(slack)
    handler = AsyncSocketModeHandler(scene.bolt, slack.app_token)
    await handler.connect_async()
    await slack.connections.wait_for(1)
    old = await handler.client.session_id()
    await slack.disconnect("refresh_requested")
    await slack.connections.wait_for(1)
    await asked(scene)
    assert await handler.client.session_id() != old
    await handler.close_async()
    await slack.stop()


async def test_two_connections_share_the_payloads() -> None:
    """Each payload goes down one websocket, and both get some."""
    slack = LocalSlack()
    await slack.start()
    scene = Scene(slack)
    handlers = [AsyncSocketModeHandler(scene.bolt, slack.app_token) for _ in range(2)]
    for handler in handlers:
        await handler.connect_async()
    await slack.connections.wait_for(2)
    im = slack.open_im(scene.user)
    for number in range(4):
        await slack.post_as(scene.user, im.id, str(number))
    texts = {(await scene.hear("message"))["text"] for _ in range(4)}
    assert texts == {"0", "1", "2", "3"}
    assert scene.heard.empty()
    for handler in handlers:
        await handler.close_async()
    await slack.stop()
