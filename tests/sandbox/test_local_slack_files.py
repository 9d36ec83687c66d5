"""Files in the local Slack: uploads as slack_sdk makes them, drops by people, downloads."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false, reportCallIssue=false

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import LocalSlack
from sandbox.slack.app import SCOPES
from sandbox.slack.events import events_for
from sandbox.slack.hooks import ActionTokens
from sandbox.slack.subscription import Change, Subscription

CSV = b"customer,total\nNordwind,120\n"


class Scene:
    """A workspace with one person, one channel with a question in it, and the bot's client."""

    def __init__(self, slack: LocalSlack) -> None:
        self.slack = slack
        self.maya = slack.add_user("maya", "Maya Chen").id
        self.channel = slack.add_channel("sales").id
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)

    def events(self, change: Change) -> list[dict[str, Any]]:
        """What the app is told of a change."""
        payloads = events_for(self.slack.workspace, self.slack.app, ActionTokens(), change)
        return [payload["event"] for payload in payloads]

    async def get(self, url: str, token: str | None) -> tuple[str, bytes]:
        """The content type and the bytes that a URL answers with."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as got:
            assert got.status == 200
            return got.content_type, await got.read()


@asynccontextmanager
async def running(scopes: Iterable[str] = SCOPES) -> AsyncGenerator[Scene]:
    """A running workspace whose app has these scopes."""
    slack = LocalSlack(scopes=scopes, retry_delays_s=())
    await slack.start()
    try:
        yield Scene(slack)
    finally:
        await slack.stop()


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """A running workspace."""
    async with running() as scene:
        yield scene


async def refusal(call: Any) -> str:
    """The error that a call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


def file_posts(changes: Subscription) -> Any:
    """The next message with files."""

    def has_files(change: Change) -> bool:
        return change["type"] == "message" and "files" in change["message"]

    return changes.until(has_files)


async def test_the_sdk_uploads_a_file_into_a_thread(scene: Scene) -> None:
    """files_upload_v2 posts one message of the bot with the file and its comment."""
    root = await scene.slack.post_as(scene.maya, scene.channel, "the numbers, please")
    done = await scene.client.files_upload_v2(
        channel=scene.channel,
        thread_ts=root,
        filename="totals.csv",
        content=CSV,
        title="Totals",
        alt_txt="Totals by customer",
        initial_comment="All 1 row",
    )
    replies = await scene.client.conversations_replies(channel=scene.channel, ts=root)
    message = replies["messages"][1]
    assert message["user"] == scene.slack.bot_user_id
    assert message["text"] == "All 1 row"
    (file,) = message["files"]
    assert file["id"] == done["file"]["id"]
    described = {name: file[name] for name in ("name", "title", "mimetype", "filetype", "size")}
    assert described == {
        "name": "totals.csv",
        "title": "Totals",
        "mimetype": "text/csv",
        "filetype": "csv",
        "size": len(CSV),
    }
    assert file["alt_txt"] == "Totals by customer"
    info = await scene.client.files_info(file=file["id"])
    assert info["file"]["channels"] == [scene.channel]
    assert await scene.get(file["url_private"], scene.slack.bot_token) == ("text/csv", CSV)


async def test_several_files_are_one_message(scene: Scene) -> None:
    """Two uploads completed together arrive together."""
    changes = scene.slack.workspace.subscribe()
    uploads = [{"filename": f"{n}.txt", "content": n} for n in ("one", "two")]
    await scene.client.files_upload_v2(channel=scene.channel, file_uploads=uploads)
    message = (await file_posts(changes))["message"]
    assert [file["title"] for file in message["files"]] == ["one.txt", "two.txt"]


async def test_a_dropped_file_reaches_the_app(scene: Scene) -> None:
    """A person's file brings a mention, a file_share message and a file_shared event."""
    changes = scene.slack.workspace.subscribe()
    ts = await scene.slack.drop_file(
        scene.maya, scene.channel, "plan.xyz", b"\x00\x01", text="@crosstalk read 1 < 2"
    )
    posted, shared = await changes.get(), await changes.get()
    mention, message = scene.events(posted)
    assert (mention["type"], mention["files"], "subtype" in mention) == (
        "app_mention",
        message["files"],
        False,
    )
    assert (message["ts"], message["subtype"]) == (ts, "file_share")
    assert message["text"] == f"<@{scene.slack.bot_user_id}> read 1 &lt; 2"
    (file,) = message["files"]
    assert file["filetype"] == "binary"
    (event,) = scene.events(shared)
    assert event.pop("event_ts")
    assert event == {
        "type": "file_shared",
        "file_id": file["id"],
        "user_id": scene.maya,
        "file": {"id": file["id"]},
        "channel_id": scene.channel,
    }
    got = await scene.get(file["url_private_download"], scene.slack.bot_token)
    assert got == ("application/octet-stream", b"\x00\x01")
    page = f"{scene.slack.page_url}page/file/{file['id']}?user={scene.maya}"
    assert (await scene.get(page, None))[1] == b"\x00\x01"


async def test_without_its_token_a_download_is_a_login_page(scene: Scene) -> None:
    """Slack answers 200 with HTML to no token, a wrong one, and a file that the bot cannot see."""
    secret = scene.slack.add_channel("board", members=[scene.maya]).id
    changes = scene.slack.workspace.subscribe()
    urls: list[str] = []
    for channel in (scene.channel, secret):
        await scene.slack.drop_file(scene.maya, channel, "a.txt", b"words", mimetype="text/plain")
        urls.append((await file_posts(changes))["message"]["files"][0]["url_private_download"])
    for url, token in (
        (urls[0], None),
        (urls[0], "xoxb-no"),
        (urls[0], scene.slack.app_token),
        (urls[1], scene.slack.bot_token),
    ):
        kind, body = await scene.get(url, token)
        assert kind == "text/html"
        assert body != b"words"
    assert await scene.get(urls[0], scene.slack.bot_token) == ("text/plain", b"words")


async def test_files_need_their_scopes() -> None:
    """Without files:read a download is a login page; without files:write nothing is uploaded."""
    async with running(SCOPES - {"files:read", "files:write"}) as scene:
        changes = scene.slack.workspace.subscribe()
        await scene.slack.drop_file(scene.maya, scene.channel, "a.txt", b"words")
        (file,) = (await file_posts(changes))["message"]["files"]
        assert (await scene.get(file["url_private"], scene.slack.bot_token))[0] == "text/html"
        assert await refusal(scene.client.files_info(file=file["id"])) == "missing_scope"
        url = scene.client.files_getUploadURLExternal(filename="a.txt", length=1)
        assert await refusal(url) == "missing_scope"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": "a.txt", "length": 0}, "missing_argument"),
        ({"filename": "", "length": 1}, "invalid_arguments"),
        ({"filename": "a.png", "length": 1, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
        ({"filename": "a", "length": 1, "snippet_type": "klingon"}, "unknown_snippet_type"),
        ({"filename": "a", "length": 1_000_001, "snippet_type": "sql"}, "snippet_too_large"),
        ({"filename": "a", "length": 1_000_000_001}, "file_upload_size_restricted"),
    ],
)
async def test_uploads_that_slack_refuses_to_begin(
    scene: Scene, arguments: dict[str, Any], error: str
) -> None:
    """Empty, nameless and too large files get no upload URL."""
    assert await refusal(scene.client.files_getUploadURLExternal(**arguments)) == error


async def test_an_upload_must_be_whole_before_it_is_completed(scene: Scene) -> None:
    """Too few bytes are refused, and so is the file that never came."""
    begun = await scene.client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with (
        aiohttp.ClientSession() as session,
        session.post(begun["upload_url"], data=b"ab") as response,
    ):
        assert response.status == 400
    files = [{"id": begun["file_id"]}]
    complete = scene.client.files_completeUploadExternal
    assert await refusal(complete(files=files, channel_id=scene.channel)) == "file_not_found"
    async with (
        aiohttp.ClientSession() as session,
        session.post(begun["upload_url"], data=b"abc") as response,
    ):
        assert response.status == 200
    await complete(files=files, channel_id=scene.channel)
    again = complete(files=files, channel_id=scene.channel)
    assert await refusal(again) == "file_not_found"


async def test_completions_that_slack_refuses(scene: Scene) -> None:
    """Each wrong place for a file has its error, and the upload can still be completed after."""
    private = scene.slack.add_channel("board", members=[scene.maya]).id
    begun = await scene.client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with (
        aiohttp.ClientSession() as session,
        session.post(begun["upload_url"], data=b"abc") as response,
    ):
        assert response.status == 200
    files = [{"id": begun["file_id"]}]
    here = {"files": files, "channel_id": scene.channel}
    markdown = json.dumps([{"type": "markdown", "text": "x"}])
    for arguments, error in (
        ({"files": files, "channel_id": private}, "not_in_channel"),
        ({"files": files, "channel_id": "C0NOWHERE"}, "channel_not_found"),
        ({"files": files, "channel_id": scene.maya}, "invalid_arguments"),
        ({**here, "thread_ts": "1.000001"}, "thread_not_found"),
        ({"files": files, "thread_ts": "1.000001"}, "invalid_arguments"),
        ({**here, "blocks": '[{"type": "sectoin"}]'}, "invalid_blocks"),
        ({**here, "blocks": markdown}, "internal_error"),
        ({**here, "files": []}, "invalid_arguments"),
    ):
        call = scene.client.files_completeUploadExternal(**arguments)
        assert await refusal(call) == error
    done = await scene.client.files_completeUploadExternal(
        **here, blocks='[{"type": "divider"}]', initial_comment="blocks are ignored"
    )
    history = await scene.client.conversations_history(channel=scene.channel)
    assert history["messages"][0]["files"][0]["id"] == done["files"][0]["id"]
    assert "blocks" not in history["messages"][0]


async def test_a_deleted_file_leaves_a_tombstone(scene: Scene) -> None:
    """The bot deletes its own files only; after that they can neither be read nor deleted."""
    done = await scene.client.files_upload_v2(
        channel=scene.channel, filename="a.txt", content="abc"
    )
    file_id = done["file"]["id"]
    await scene.client.files_delete(file=file_id)
    history = await scene.client.conversations_history(channel=scene.channel)
    assert history["messages"][0]["files"] == [{"id": file_id, "mode": "tombstone"}]
    assert await refusal(scene.client.files_info(file=file_id)) == "file_deleted"
    assert await refusal(scene.client.files_delete(file=file_id)) == "file_deleted"
    assert await refusal(scene.client.files_info(file="F0")) == "file_not_found"
    changes = scene.slack.workspace.subscribe()
    await scene.slack.drop_file(scene.maya, scene.channel, "mine.txt", b"mine")
    mine = (await file_posts(changes))["message"]["files"][0]["id"]
    assert await refusal(scene.client.files_delete(file=mine)) == "cant_delete_file"
