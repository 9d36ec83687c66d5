"""Slack's messages to rows, and a query's filters tried on them.

What people wrote is data: names of channels and people in it are text, and nothing in it is live.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Message = dict[str, Any]
Filter = tuple[str, str, Any]

SUBTYPES = frozenset({None, "file_share", "me_message", "thread_broadcast"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_KEPT = frozenset("\n\t\u200d")  # the last joins emoji
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs"})
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, other: one == other,
    "in": lambda one, several: one in several,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
}


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel by its facts; what a search does not tell of one is None."""

    id: str
    name: str
    number: int | None = None
    is_shared: bool | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Its columns."""
        return {
            "channel": self.name,
            "channel_id": self.id,
            "channel_number": self.number,
            "is_shared_channel": self.is_shared,
        }


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote something."""

    name: str
    email: str | None


def is_said(message: Message) -> bool:
    """Whether a person said it: nothing of a bot, no joining or leaving, nothing deleted."""
    is_of_person = message.get("user") and not (message.get("bot_id") or message.get("hidden"))
    return bool(is_of_person) and message.get("subtype") in SUBTYPES


def is_message(message: Message, bot_user_id: str) -> bool:
    """Whether a person said it to people: what is asked of the bot is none."""
    return is_said(message) and f"<@{bot_user_id}>" not in (message.get("text") or "")


def values(message: Message, channel: Channel, site: str) -> dict[str, Any]:
    """The columns of a message that need no look at its author; `site` is the workspace's
    address."""
    reactions = message.get("reactions", [])
    ts = message["ts"]
    thread_ts = None if message.get("thread_ts") == ts else message.get("thread_ts")
    link = f"{site}archives/{channel.id}/p{ts.replace('.', '')}"
    if thread_ts is not None:
        link += f"?thread_ts={thread_ts}&cid={channel.id}"
    return channel.values | {
        "ts": ts,
        "sent_at": moment(ts),
        "thread_ts": thread_ts,
        "author_id": message["user"],
        "text": plain(message.get("text") or ""),
        "reactions": None if reactions is None else sum(one["count"] for one in reactions),
        "permalink": link,
    }


def moment(ts: str) -> datetime:
    """When a message was sent, to the microsecond."""
    seconds, _, micros = ts.partition(".")
    return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(micros or 0))


def stamp(at: datetime) -> str:
    """A moment as Slack writes it."""
    micros = (at - _EPOCH) // timedelta(microseconds=1)
    return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def plain(text: str) -> str:
    """The text as its readers saw it, with no mark-up and no character that can't be seen."""
    shown = html.unescape(_MARK.sub(_shown, text))
    return "".join(c for c in shown if c in _KEPT or unicodedata.category(c) not in _UNSEEN)


def _shown(mark: re.Match[str]) -> str:
    sign, name, label = mark[1], mark[2], mark[3]
    if sign == "":
        return label or name
    if label:
        return label if label.startswith(("@", "#")) or sign == "!" else f"{sign}{label}"
    return f"@{name.partition('^')[0]}" if sign == "!" else f"{sign}{name}"


def holds(filters: list[Filter], row: Mapping[str, Any]) -> bool:
    """Whether a row meets all filters; null meets none, as in SQL."""
    return all(
        row[path] is not None and _COMPARE[operator](row[path], value)
        for path, operator, value in filters
    )


def period(filters: list[Filter]) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment that filters on `sent_at` leave, None where it is open."""
    bounds = [(op, value) for path, op, value in filters if path == "sent_at"]
    first = [value for op, value in bounds if op in {"=", ">", ">="}]
    last = [value for op, value in bounds if op in {"=", "<", "<="}]
    first += [min(value) for op, value in bounds if op == "in" and value]
    last += [max(value) for op, value in bounds if op == "in" and value]
    return max(first, default=None), min(last, default=None)
