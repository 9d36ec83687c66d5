"""Files: uploads in three steps, as files_upload_v2 makes them, and downloads with a token."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from sandbox.slack.app import App
from sandbox.slack.blocks import checked_blocks, with_ids
from sandbox.slack.chat import TEXT_CHARACTERS, thread, written_by_bot
from sandbox.slack.file_types import KINDS, SNIPPETS, filetype_of
from sandbox.slack.method import Call, Method, RefusedError
from sandbox.slack.workspace import Channel, Workspace, new_id

FILE_BYTES = 1_000_000_000
SNIPPET_BYTES = 1_000_000
ALT_TEXT_CHARACTERS = 1_000


@dataclass
class File:
    """One file; without content it has been announced but not uploaded."""

    name: str
    user_id: str
    size: int
    created: int
    title: str = ""
    mimetype: str = ""
    filetype: str = ""
    alt_text: str = ""
    content: bytes | None = None
    channels: list[str] = field(default_factory=list[str])
    is_complete: bool = False
    is_deleted: bool = False
    id: str = field(default_factory=lambda: new_id("F"))

    def __post_init__(self) -> None:
        self.title = self.title or self.name
        self.filetype = self.filetype or filetype_of(self.name)
        self.mimetype = self.mimetype or KINDS[self.filetype][1]


class Files:
    """The files of one workspace, as the Web API, the app's downloads and people see them."""

    def __init__(self, workspace: Workspace, app: App, base_url: Callable[[], str]) -> None:
        self._workspace = workspace
        self._app = app
        self._base_url = base_url
        self._files: dict[str, File] = {}
        self._tickets: dict[str, File] = {}
        self.router = APIRouter()
        self.router.add_api_route("/upload/v1/{ticket}", self.upload, methods=["POST"])
        for path in ("/files-pri/{key}/{name}", "/files-pri/{key}/download/{name}"):
            self.router.add_api_route(path, self.download, methods=["GET"])
        self.router.add_api_route("/page/file/{file_id}", self.show, methods=["GET"])
        self.methods: Mapping[str, Method] = {
            "files.completeUploadExternal": Method(self.complete, "files:write"),
            "files.delete": Method(self.delete, "files:write"),
            "files.getUploadURLExternal": Method(self.get_upload_url, "files:write"),
            "files.info": Method(self.info, "files:read"),
        }

    def add(
        self, user_id: str, channel_id: str, name: str, content: bytes, mimetype: str | None
    ) -> File:
        """A file that a person drops on a conversation."""
        created = int(self._workspace.now())
        file = File(name, user_id, len(content), created, mimetype=mimetype or "", content=content)
        file.channels, file.is_complete = [channel_id], True
        self._files[file.id] = file
        return file

    def announce(self, file: File, channel_id: str) -> None:
        """Tell everybody that the file was shared in a conversation."""
        self._workspace.publish(
            "file_shared",
            channel=channel_id,
            file_id=file.id,
            user_id=file.user_id,
            event_ts=self._workspace.new_ts(),
        )

    def described(self, file: File) -> dict[str, Any]:
        """A file as Slack describes it."""
        kept = self._workspace.channels
        base, name = self._base_url(), quote(file.name)
        private = f"{base}files-pri/{self._workspace.team_id}-{file.id}/"
        where = [kept[channel_id] for channel_id in file.channels]
        described = {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title,
            "mimetype": file.mimetype,
            "filetype": file.filetype,
            "pretty_type": KINDS[file.filetype][0],
            "user": file.user_id,
            "user_team": self._workspace.team_id,
            "editable": False,
            "size": file.size,
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": any(not channel.is_im for channel in where),
            "public_url_shared": False,
            "display_as_bot": False,
            "username": "",
            "url_private": f"{private}{name}",
            "url_private_download": f"{private}download/{name}",
            "permalink": f"{base}files/{file.user_id}/{file.id}/{name}",
            "file_access": "visible",
            "channels": [channel.id for channel in where if not channel.is_im],
            "ims": [channel.id for channel in where if channel.is_im],
        }
        return {**described, "alt_txt": file.alt_text} if file.alt_text else described

    def get_upload_url(self, call: Call) -> dict[str, Any]:
        """files.getUploadURLExternal: where the bytes go, and the id that they will have."""
        name, length = call.text("filename"), length_of(call)
        alt_text = str(call.arguments.get("alt_txt") or "")
        if len(alt_text) > ALT_TEXT_CHARACTERS:
            raise RefusedError("alt_txt_too_large")
        snippet = str(call.arguments.get("snippet_type") or "")
        if snippet and snippet not in SNIPPETS:
            raise RefusedError("unknown_snippet_type")
        if snippet and length > SNIPPET_BYTES:
            raise RefusedError("snippet_too_large")
        if length > FILE_BYTES:
            raise RefusedError("file_upload_size_restricted")
        created = int(call.workspace.now())
        file = File(
            name, call.app.bot_user_id, length, created, filetype=snippet, alt_text=alt_text
        )
        ticket = secrets.token_urlsafe(24)
        self._files[file.id] = self._tickets[ticket] = file
        return {"upload_url": f"{self._base_url()}upload/v1/{ticket}", "file_id": file.id}

    async def upload(self, ticket: str, request: Request) -> Response:
        """The bytes, raw: as many as were announced, once."""
        content = await request.body()
        file = self._tickets.get(ticket)
        if file is None or len(content) != file.size:
            return PlainTextResponse("The upload does not match its ticket.", 400)
        del self._tickets[ticket]
        file.content = content
        return PlainTextResponse(f"OK - {len(content)}")

    def complete(self, call: Call) -> dict[str, Any]:
        """files.completeUploadExternal: shares what was uploaded, in one message a channel."""
        files = [self._uploaded(call, entry) for entry in entries(call)]
        channels = destinations(call)
        message = {**written_by_bot(call), **comment(call), "subtype": "file_share"}
        threads = [thread(call, channel) for channel in channels]
        for file in files:
            file.channels, file.is_complete = [channel.id for channel in channels], True
        for channel, where in zip(channels, threads, strict=True):
            shown = [self.described(file) for file in files]
            extra = {"files": shown, "upload": False, "display_as_bot": False}
            call.workspace.post(channel.id, {**message, **extra, **where})
            for file in files:
                self.announce(file, channel.id)
        return {"files": [self.described(file) for file in files]}

    def _uploaded(self, call: Call, entry: dict[str, Any]) -> File:
        file = self._files.get(str(entry.get("id")))
        waiting = file is not None and file.content is not None and not file.is_complete
        if file is None or not waiting or file.user_id != call.app.bot_user_id:
            raise RefusedError("file_not_found")
        file.title = str(entry.get("title") or file.title)
        return file

    def info(self, call: Call) -> dict[str, Any]:
        """files.info, of a file that the bot can see."""
        file = self._known(call)
        return {"file": self.described(file), "comments": [], "response_metadata": {}}

    def delete(self, call: Call) -> dict[str, Any]:
        """files.delete, of the app's own: its messages keep a tombstone."""
        file = self._known(call)
        if file.user_id != call.app.bot_user_id:
            raise RefusedError("cant_delete_file")
        self._bury(file)
        return {}

    def delete_as(self, user_id: str, file_id: str) -> None:
        """A person deletes one of their own files."""
        self._bury(self._own(user_id, file_id))

    def edit_as(self, user_id: str, file_id: str, content: bytes) -> None:
        """A person edits one of their own text files, in Slack itself; its id stays."""
        file = self._own(user_id, file_id)
        file.content, file.size = content, len(content)

    def _own(self, user_id: str, file_id: str) -> File:
        file = self._files[file_id]
        if file.user_id != user_id or file.is_deleted:
            raise LookupError(f"{user_id} has no file {file_id}")
        return file

    def _bury(self, file: File) -> None:
        file.is_deleted, file.content = True, None
        tombstone = {"id": file.id, "mode": "tombstone"}
        for channel_id in file.channels:
            for message in list(self._workspace.channels[channel_id].messages.values()):
                if any(f["id"] == file.id for f in message.get("files", [])):
                    left = [tombstone if f["id"] == file.id else f for f in message["files"]]
                    self._workspace.edit(channel_id, message["ts"], {"files": left})

    def _known(self, call: Call) -> File:
        file = self._files.get(call.text("file"))
        if file is None or not file.is_complete or not self._sees(self._app.bot_user_id, file):
            raise RefusedError("file_not_found")
        if file.is_deleted:
            raise RefusedError("file_deleted")
        return file

    def _sees(self, user_id: str, file: File) -> bool:
        channels = (self._workspace.channels[channel_id] for channel_id in file.channels)
        return file.user_id == user_id or any(user_id in c.members for c in channels)

    def download(self, key: str, name: str, request: Request) -> Response:
        """A private URL. Without a token that may read the file, Slack's login page: 200, HTML."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        file = self._files.get(key.removeprefix(f"{self._workspace.team_id}-"))
        if file is not None and file.is_deleted:
            return PlainTextResponse("file_deleted", 404)
        may_read = "files:read" in self._app.scopes and self._app.bot_token == token
        if (
            file is None
            or file.name != name
            or not (scheme == "Bearer" and may_read)
            or not self._sees(self._app.bot_user_id, file)
        ):
            return RedirectResponse(f"/?redir={quote(request.url.path, safe='')}", 302)
        return self._served(file)

    def show(self, file_id: str, user: str) -> Response:
        """The file as the page shows it to a person who can see it."""
        file = self._files.get(file_id)
        if file is None or file.content is None or not self._sees(user, file):
            return PlainTextResponse("file_not_found", 404)
        return self._served(file)

    def _served(self, file: File) -> Response:
        disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
        return Response(
            file.content,
            media_type=file.mimetype,
            headers={"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"},
        )


def length_of(call: Call) -> int:
    """The announced size in bytes; nothing can be uploaded that has none."""
    try:
        length = int(call.arguments.get("length") or 0)
    except ValueError:
        raise RefusedError("invalid_arguments") from None
    if length <= 0:
        raise RefusedError("missing_argument")
    return length


def entries(call: Call) -> list[dict[str, Any]]:
    """The ids and titles of what was uploaded."""
    given: Any = call.arguments.get("files")
    if not isinstance(given, list) or not given:
        raise RefusedError("invalid_arguments", messages=["[ERROR] missing required field: files"])
    listed = cast("list[Any]", given)
    if not all(isinstance(entry, dict) for entry in listed):
        raise RefusedError("invalid_arguments", messages=["[ERROR] must be an object"])
    return cast("list[dict[str, Any]]", listed)


def destinations(call: Call) -> list[Channel]:
    """Where the files are shared: nowhere, when no channel is named. People have no such id."""
    named = call.arguments.get("channel_id") or call.arguments.get("channels") or ""
    ids = [part for part in str(named).split(",") if part]
    if call.arguments.get("thread_ts") and len(ids) != 1:
        raise RefusedError("invalid_arguments", messages=["[ERROR] thread_ts takes one channel"])
    for channel_id in ids:
        if not re.match(r"[CGDZ]", channel_id):
            complaint = "[ERROR] input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$"
            raise RefusedError(
                "invalid_arguments", messages=[f"{complaint} [json-pointer:/channel_id]"]
            )
    calls = [
        Call(call.workspace, call.app, call.triggers, {"channel": channel_id}) for channel_id in ids
    ]
    return [each.joined_channel() for each in calls]


def comment(call: Call) -> dict[str, Any]:
    """What the message says: the comment, else the blocks (of which Slack fails on markdown)."""
    text = str(call.arguments.get("initial_comment") or "")
    blocks: Any = call.arguments.get("blocks")
    if len(text) > TEXT_CHARACTERS:
        raise RefusedError("msg_too_long")
    if text or not blocks:
        return {"text": text}
    if any(block["type"] == "markdown" for block in checked_blocks(blocks)):
        raise RefusedError("internal_error")
    return {"text": "", "blocks": with_ids(blocks)}
