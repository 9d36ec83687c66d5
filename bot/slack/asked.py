"""A Slack event to Asked: who asked what, where; or None for what is no question to the bot."""

import re
from dataclasses import dataclass, fields
from typing import Any, Self

from bot.slack.files.shared import table_files
from bot.slack.overheard import may_be_asked

SUBTYPES = frozenset({None, "file_share", "thread_broadcast"})
_PERSON = re.compile(r"<[@!][^<>]*>")
_LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


@dataclass(frozen=True, slots=True)
class Asked:
    """A message to the bot. `thread_ts` is the thread that the answer belongs to.

    `overheard`: it does not name the bot, so it may not be meant for it. `direct`: it was written
    to nobody else. `files` are the tables (id, name) that came with it.
    """

    event_id: str
    team: str
    channel: str
    user: str
    ts: str
    thread_ts: str
    text: str
    overheard: bool = False
    direct: bool = False
    files: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Self:
        """From what `dataclasses.asdict` gave, here or in another version of the bot."""
        given = {f.name: payload[f.name] for f in fields(cls) if f.name in payload}
        given["files"] = tuple((one, name) for one, name in given.get("files", ()))
        return cls(**given)

    @property
    def message(self) -> str:
        """The message's name everywhere: the same however many events tell of it."""
        return f"{self.team}:{self.channel}:{self.ts}"

    @property
    def thread(self) -> str:
        """The thread's name everywhere."""
        return f"{self.team}:{self.channel}:{self.thread_ts}"


def asked(body: dict[str, Any]) -> Asked | None:
    """What a person asks in an event: by a mention, in a direct message, or by what may be a
    follow-up in a thread.
    """
    event: dict[str, Any] = body["event"]
    is_direct = event.get("channel_type") == "im"
    is_overheard = event["type"] == "message" and not is_direct
    if is_overheard and not may_be_asked(event):
        return None
    if event.get("subtype") not in SUBTYPES or event.get("bot_id") or not event.get("user"):
        return None
    return Asked(
        event_id=body["event_id"],
        team=body["team_id"],
        channel=event["channel"],
        user=event["user"],
        ts=event["ts"],
        thread_ts=event.get("thread_ts") or event["ts"],
        text=words(event.get("text") or ""),
        overheard=is_overheard,
        direct=is_direct,
        files=table_files(event),
    )


def words(text: str) -> str:
    """The text as its writer saw it: links by label, entities undone, and nobody mentioned."""
    text = _PERSON.sub(" ", text)
    return unescaped(_LINK.sub(lambda link: link[2] or link[1], text))


def unescaped(text: str) -> str:
    """What somebody typed where Slack makes no links, as in a command: entities undone."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text.strip()
