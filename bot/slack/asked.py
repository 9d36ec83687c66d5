"""A Slack event to Asked: who asked what, where; or None for what is no question to the bot."""

import re
from dataclasses import dataclass, fields
from typing import Any, Self

SUBTYPES = frozenset({None, "file_share", "thread_broadcast"})
_LINK = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


@dataclass(frozen=True, slots=True)
class Asked:
    """A message to the bot. `thread_ts` is the thread that the answer belongs to."""

    event_id: str
    team: str
    channel: str
    user: str
    ts: str
    thread_ts: str
    text: str

    @classmethod
    def of(cls, payload: dict[str, Any]) -> Self:
        """From what `dataclasses.asdict` gave, here or in another version of the bot."""
        return cls(**{f.name: payload[f.name] for f in fields(cls) if f.name in payload})

    @property
    def message(self) -> str:
        """The message's name everywhere: the same however many events tell of it."""
        return f"{self.team}:{self.channel}:{self.ts}"

    @property
    def thread(self) -> str:
        """The thread's name everywhere."""
        return f"{self.team}:{self.channel}:{self.thread_ts}"


def asked(body: dict[str, Any], bot_user_id: str) -> Asked | None:
    """What a person asks in an event: by a mention, or in a direct message.

    In channels only mentions count: people also talk to each other in a thread.
    """
    event: dict[str, Any] = body["event"]
    is_direct = event.get("channel_type") == "im"
    if event["type"] == "message" and not is_direct:
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
        text=words(event.get("text") or "", bot_user_id),
    )


def words(text: str, bot_user_id: str) -> str:
    """The text as its writer saw it: no mention of the bot, links by label, entities undone."""
    text = text.replace(f"<@{bot_user_id}>", " ")
    return unescaped(_LINK.sub(lambda link: link[2] or link[1], text))


def unescaped(text: str) -> str:
    """What somebody typed where Slack makes no links, as in a command: entities undone."""
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text.strip()
