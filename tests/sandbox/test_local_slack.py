"""The local Slack's Web API, called with slack_sdk, refuses what Slack refuses."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportOptionalIterable=false, reportOperatorIssue=false

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import LocalSlack
from sandbox.slack.app import SCOPES
from sandbox.slack.hooks import Triggers
from sandbox.slack.limits import RateLimits
from sandbox.slack.workspace import Channel, User

MODAL: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Plan"},
    "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Step 1"}}],
}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A workspace with one person and one channel, and a client of its bot."""

    def __init__(self, slack: LocalSlack, clock: Clock) -> None:
        self.slack = slack
        self.clock = clock
        self.maya: User = slack.add_user("maya", "Maya Chen")
        self.sales: Channel = slack.add_channel("sales")
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """A running workspace, its clocks in the test's hands."""
    clock = Clock()
    slack = LocalSlack(limits=RateLimits(clock), triggers=Triggers(clock), retry_delays_s=())
    await slack.start()
    yield Scene(slack, clock)
    await slack.stop()


async def refusal(call: Any) -> str:
    """The error that a call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


async def test_a_message_is_posted_read_changed_and_deleted(scene: Scene) -> None:
    """A message goes through its life with its metadata, and an edit drops its blocks."""
    metadata = {"event_type": "answer", "event_payload": {"run": "r1"}}
    posted = await scene.client.chat_postMessage(
        channel=scene.sales.id, text="one", blocks=[{"type": "divider"}], metadata=metadata
    )
    ts = posted["ts"]
    history = await scene.client.conversations_history(
        channel=scene.sales.id, include_all_metadata=True
    )
    assert history["messages"][0]["metadata"] == metadata
    assert history["messages"][0]["blocks"][0]["block_id"]
    plain = await scene.client.conversations_history(channel=scene.sales.id)
    assert "metadata" not in plain["messages"][0]
    changed = await scene.client.chat_update(channel=scene.sales.id, ts=ts, text="two")
    assert changed["message"]["text"] == "two"
    assert "blocks" not in changed["message"]
    assert changed["message"]["metadata"] == metadata
    emptied = await scene.client.chat_update(
        channel=scene.sales.id, ts=ts, text="three", metadata={}
    )
    assert "metadata" not in emptied["message"]
    await scene.client.chat_delete(channel=scene.sales.id, ts=ts)
    assert (
        await refusal(scene.client.chat_update(channel=scene.sales.id, ts=ts, text="x"))
        == "message_not_found"
    )


async def test_tokens_are_told_apart(scene: Scene) -> None:
    """No token, a wrong one and one of the wrong kind have three different errors."""
    url, api = scene.slack.api_url, AsyncWebClient
    assert await refusal(api(base_url=url).auth_test()) == "not_authed"
    assert await refusal(api(token="xoxb-no", base_url=url).auth_test()) == "invalid_auth"
    app = api(token=scene.slack.app_token, base_url=url)
    assert await refusal(app.auth_test()) == "not_allowed_token_type"
    bot = scene.slack.bot_token
    assert (
        await refusal(scene.client.apps_connections_open(app_token=bot)) == "not_allowed_token_type"
    )


async def test_secrets_stay_out_of_repr_and_calls(scene: Scene) -> None:
    """Neither the log of calls nor a repr shows a token or the signing secret."""
    await scene.client.auth_test()
    await scene.client.apps_connections_open(app_token=scene.slack.app_token)
    shown = f"{scene.slack!r} {scene.slack.app!r} {scene.slack.calls}"
    assert [name for name, _ in scene.slack.calls] == ["auth.test", "apps.connections.open"]
    for secret in (scene.slack.bot_token, scene.slack.app_token, scene.slack.signing_secret):
        assert secret not in shown


async def test_a_method_outside_the_scopes_is_refused() -> None:
    """A missing scope is named, also where it depends on the kind of conversation."""
    slack = LocalSlack(scopes=SCOPES - {"chat:write", "im:history"})
    await slack.start()
    maya = slack.add_user("maya")
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    try:
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel=maya.id, text="hello")
        assert caught.value.response["needed"] == "chat:write"
        im = slack.open_im(maya.id)
        assert await refusal(client.conversations_history(channel=im.id)) == "missing_scope"
    finally:
        await slack.stop()


async def test_channels_that_the_bot_cannot_write_to(scene: Scene) -> None:
    """An unknown channel and one without the bot are different refusals."""
    private = scene.slack.add_channel("people", members=[scene.maya.id])
    post = scene.client.chat_postMessage
    assert await refusal(post(channel="C0", text="x")) == "channel_not_found"
    assert await refusal(post(channel=private.id, text="x")) == "not_in_channel"
    info = await scene.client.conversations_info(channel=private.id)
    assert info["channel"]["is_member"] is False


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": "x", "markdown_text": "x"}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "x", "event_payload": {"a": None}}},
            "invalid_metadata_schema",
        ),
        (
            {"text": "x", "metadata": {"event_type": "x", "event_payload": {}, "more": 1}},
            "invalid_metadata_schema",
        ),
        ({"text": "x", "blocks": [{"type": "sectoin"}]}, "invalid_blocks"),
    ],
)
async def test_content_that_slack_refuses(
    scene: Scene, content: dict[str, Any], error: str
) -> None:
    """Each kind of bad message has Slack's name for it."""
    call = scene.client.api_call("chat.postMessage", json={"channel": scene.sales.id, **content})
    assert await refusal(call) == error


async def test_only_own_messages_can_be_changed(scene: Scene) -> None:
    """The bot may not edit or delete what a person wrote."""
    ts = await scene.slack.post_as(scene.maya.id, scene.sales.id, "mine")
    where = {"channel": scene.sales.id, "ts": ts}
    assert await refusal(scene.client.chat_update(**where, text="x")) == "cant_update_message"
    assert await refusal(scene.client.chat_delete(**where)) == "cant_delete_message"


async def test_threads_are_read_from_root_to_end_in_pages(scene: Scene) -> None:
    """Cursors walk a thread without losing or repeating a message."""
    root = await scene.slack.post_as(scene.maya.id, scene.sales.id, "root")
    for number in range(4):
        await scene.slack.post_as(scene.maya.id, scene.sales.id, f"r{number}", root)
    texts: list[str] = []
    async for part in await scene.client.conversations_replies(
        channel=scene.sales.id, ts=root, limit=2
    ):
        texts += [message["text"] for message in part["messages"]]
    assert texts == ["root", "r0", "r1", "r2", "r3"]
    history = await scene.client.conversations_history(channel=scene.sales.id)
    assert [m["reply_count"] for m in history["messages"]] == [4]
    replies = scene.client.conversations_replies(channel=scene.sales.id, ts="1.000001")
    assert await refusal(replies) == "thread_not_found"


async def test_history_can_be_cut_by_time(scene: Scene) -> None:
    """Oldest and latest leave out their own message unless inclusive."""
    user, channel = scene.maya.id, scene.sales.id
    scene.slack.seed_messages(
        {"user": user, "channel": channel, "text": str(n), "ts": f"{n}.000000"} for n in range(1, 5)
    )
    ask = scene.client.conversations_history
    cut = await ask(channel=channel, oldest="1.000000", latest="3.000000")
    assert [m["text"] for m in cut["messages"]] == ["2"]
    whole = await ask(channel=channel, oldest="1.000000", latest="3.000000", inclusive=True)
    assert [m["text"] for m in whole["messages"]] == ["3", "2", "1"]


async def test_reactions_are_counted_once(scene: Scene) -> None:
    """The same reaction twice, one that is not there, and an unknown emoji are refused."""
    ts = await scene.slack.post_as(scene.maya.id, scene.sales.id, "look")
    where = {"channel": scene.sales.id, "timestamp": ts}
    await scene.client.reactions_add(**where, name="eyes")
    assert await refusal(scene.client.reactions_add(**where, name="eyes")) == "already_reacted"
    assert await refusal(scene.client.reactions_add(**where, name="nope")) == "invalid_name"
    await scene.client.reactions_remove(**where, name="eyes")
    assert await refusal(scene.client.reactions_remove(**where, name="eyes")) == "no_reaction"


async def test_people_and_conversations_are_listed(scene: Scene) -> None:
    """The bot finds people, channels, members and its own name."""
    me = await scene.client.auth_test()
    assert me["user_id"] == scene.slack.bot_user_id
    users = await scene.client.users_list()
    assert {u["name"] for u in users["members"]} == {"crosstalk", "maya"}
    assert (await scene.client.users_info(user=scene.maya.id))["user"]["real_name"] == "Maya Chen"
    await scene.client.conversations_open(users=[scene.maya.id])
    listed = await scene.client.conversations_list(types=["public_channel", "im"])
    assert [c["is_im"] for c in listed["channels"]] == [False, True]
    members = await scene.client.conversations_members(channel=scene.sales.id)
    assert scene.maya.id in members["members"]


async def test_a_trigger_opens_one_modal_within_three_seconds(scene: Scene) -> None:
    """A trigger is good once, and not after three seconds."""
    trigger, late = (scene.slack.triggers.issue(scene.maya.id) for _ in range(2))
    await scene.client.views_open(trigger_id=trigger, view=MODAL)
    again = scene.client.views_open(trigger_id=trigger, view=MODAL)
    assert await refusal(again) == "exchanged_trigger_id"
    scene.clock.now += 3.1
    assert (
        await refusal(scene.client.views_open(trigger_id=late, view=MODAL)) == "expired_trigger_id"
    )


async def test_a_modal_is_updated_only_from_its_latest_version(scene: Scene) -> None:
    """An old hash is a conflict, and a wrong view is named by its error."""
    trigger = scene.slack.triggers.issue(scene.maya.id)
    opened = (await scene.client.views_open(trigger_id=trigger, view=MODAL))["view"]
    update = scene.client.views_update
    await update(view_id=opened["id"], hash=opened["hash"], view=MODAL)
    old = update(view_id=opened["id"], hash=opened["hash"], view=MODAL)
    assert await refusal(old) == "hash_conflict"
    assert await refusal(update(view_id="V0", view=MODAL)) == "not_found"
    assert (
        await refusal(update(view_id=opened["id"], view={**MODAL, "blocks": []}))
        == "invalid_arguments"
    )


async def test_posting_is_limited_to_one_a_second_in_a_channel(scene: Scene) -> None:
    """After a burst of five the next post waits, and the SDK's retry handler is told how long."""
    for number in range(5):
        await scene.client.chat_postMessage(channel=scene.sales.id, text=str(number))
    with pytest.raises(SlackApiError) as caught:
        await scene.client.chat_postMessage(channel=scene.sales.id, text="6")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    scene.clock.now += 1
    await scene.client.chat_postMessage(channel=scene.sales.id, text="6")


async def test_injected_faults_come_once_each(scene: Scene) -> None:
    """A fault is met as often as it was ordered, then the method works again."""
    scene.slack.inject("auth.test", "internal_error")
    assert await refusal(scene.client.auth_test()) == "internal_error"
    scene.slack.inject("auth.test", status=503)
    with pytest.raises(SlackApiError):
        await scene.client.auth_test()
    scene.slack.inject("auth.test", "ratelimited", retry_after=1)
    scene.client.retry_handlers.append(AsyncRateLimitErrorRetryHandler())
    assert (await scene.client.auth_test())["ok"]


async def test_form_bodies_are_read_like_json(scene: Scene) -> None:
    """A form-encoded call, its blocks as a JSON string and its token as a field, works too."""
    form = {
        "token": scene.slack.bot_token,
        "channel": scene.sales.id,
        "blocks": '[{"type":"divider"}]',
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{scene.slack.api_url}chat.postMessage", data=form) as response,
    ):
        assert (await response.json())["message"]["blocks"][0]["type"] == "divider"
    assert await refusal(scene.client.api_call("chat.scheduleMessage")) == "unknown_method"


async def test_a_status_goes_when_the_bot_answers(scene: Scene) -> None:
    """Subscribers see the status come, and go with the bot's reply in the thread."""
    ts = await scene.slack.post_as(scene.maya.id, scene.sales.id, "question")
    changes = scene.slack.workspace.subscribe()
    await scene.client.assistant_threads_setStatus(
        channel_id=scene.sales.id, thread_ts=ts, status="is thinking"
    )
    assert (await changes.get())["status"] == "is thinking"
    await scene.client.chat_postMessage(channel=scene.sales.id, thread_ts=ts, text="answer")
    assert (await changes.get())["status"] == ""
