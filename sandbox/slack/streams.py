"""Streamed messages: chat.startStream, chat.appendStream and chat.stopStream.

A stream lives until it is stopped, by the app or by a person, and never longer than five minutes
from its start. The clock is given, so that a test can move it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.slack.blocks import checked_blocks
from sandbox.slack.chat import STREAMING, metadata, thread, written_by_bot
from sandbox.slack.chunks import Content, given_chunks
from sandbox.slack.method import Call, Method, RefusedError
from sandbox.slack.workspace import Channel, Workspace

STREAM_LIFETIME_S = 300.0


@dataclass
class Stream:
    """One message that is, or was, being streamed."""

    started_at: float
    mode: str
    content: Content
    ended_by: str = ""

    def take(self, call: Call) -> bool:
        """Grow by what a call sends: whether it sent anything. The first content sets the mode."""
        mode, chunks = given_chunks(call.arguments)
        if mode and self.mode and mode != self.mode:
            raise RefusedError("streaming_mode_mismatch")
        self.content = self.content.with_chunks(chunks)
        self.mode = self.mode or mode
        return bool(mode)


class Streams:
    """The streams of one app in one workspace."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._streams: dict[tuple[str, str], Stream] = {}
        self.methods: Mapping[str, Method] = {
            "chat.appendStream": Method(self.append, "chat:write"),
            "chat.startStream": Method(self.start, "chat:write"),
            "chat.stopStream": Method(self.stop, "chat:write"),
        }

    def start(self, call: Call) -> dict[str, Any]:
        """chat.startStream, in a thread; in a channel it says who it is for."""
        channel = call.joined_channel()
        call.text("thread_ts")
        where = thread(call, channel)
        if not channel.is_im:
            recipient(call)
        mode = str(call.arguments.get("task_display_mode") or "timeline")
        if mode not in {"timeline", "plan"}:
            complaint = "must be one of: timeline, plan [json-pointer:/task_display_mode]"
            raise RefusedError("invalid_arguments", messages=[f"[ERROR] {complaint}"])
        stream = Stream(self._clock(), "", Content(as_plan=mode == "plan"))
        stream.take(call)
        shown = {**stream.content.message(), "streaming_state": STREAMING}
        message = call.workspace.post(channel.id, {**written_by_bot(call), **shown, **where})
        self._streams[channel.id, message["ts"]] = stream
        return {"channel": channel.id, "ts": message["ts"]}

    def append(self, call: Call) -> dict[str, Any]:
        """chat.appendStream, of one more piece of the kind that the stream began with."""
        channel, stream = self._live(call)
        if not stream.take(call):
            raise RefusedError("no_text")
        ts = call.text("ts")
        call.workspace.edit(channel.id, ts, stream.content.message())
        return {"channel": channel.id, "ts": ts}

    def stop(self, call: Call) -> dict[str, Any]:
        """chat.stopStream, with a last piece, blocks below everything, and metadata."""
        channel, stream = self._live(call)
        last = checked_blocks(call.arguments.get("blocks") or [])
        about = metadata(call.arguments)
        stream.take(call)
        if not (stream.content.parts or last):
            raise RefusedError("no_text")
        stream.ended_by = "app"
        shown = {**stream.content.message(last), **about, "streaming_state": "completed"}
        message = call.workspace.edit(channel.id, call.text("ts"), shown)
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _live(self, call: Call) -> tuple[Channel, Stream]:
        """The stream that a call names, if it can still be written to."""
        channel = call.joined_channel()
        message = call.message(channel, "ts")
        if message.get("bot_id") != call.app.bot_id:
            raise RefusedError("message_not_owned_by_app")
        stream = self._streams.get((channel.id, message["ts"]))
        if stream is not None and stream.ended_by == "person":
            raise RefusedError("stopped_by_user")
        if stream is None or stream.ended_by:
            raise RefusedError("message_not_in_streaming_state")
        return channel, stream

    def expire(self, workspace: Workspace) -> None:
        """End the streams whose time is over."""
        for where, stream in self._streams.items():
            if not stream.ended_by and self._clock() - stream.started_at >= STREAM_LIFETIME_S:
                self._cut_off(workspace, where, "time")

    def stopped_by(self, workspace: Workspace, user_id: str, channel_id: str, ts: str) -> None:
        """A person presses stop; LookupError when there is nothing for them to stop."""
        self.expire(workspace)
        stream = self._streams.get((channel_id, ts))
        if stream is None or stream.ended_by:
            raise LookupError(f"message {ts} is not being streamed")
        if user_id not in workspace.channels[channel_id].members:
            raise LookupError(f"{user_id} is not in {channel_id}")
        self._cut_off(workspace, (channel_id, ts), "person")

    def _cut_off(self, workspace: Workspace, where: tuple[str, str], by: str) -> None:
        """End a stream that the app did not end: what it left unfinished shows as failed."""
        stream = self._streams[where]
        stream.ended_by = by
        stream.content.fail_unfinished()
        channel_id, ts = where
        shown = {**stream.content.message(), "streaming_state": "completed"}
        workspace.edit(channel_id, ts, shown)


def recipient(call: Call) -> None:
    """In a channel a stream names a person and their team."""
    for name in ("recipient_user_id", "recipient_team_id"):
        if not call.arguments.get(name):
            raise RefusedError(f"missing_{name}")
    if call.text("recipient_user_id") not in call.workspace.users:
        raise RefusedError("user_not_found")
    if call.text("recipient_team_id") != call.workspace.team_id:
        raise RefusedError("team_not_found")
