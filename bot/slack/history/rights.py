"""Whose channels: those that the bot, the asker and the place of the answer may read just now."""

import re
from dataclasses import dataclass
from typing import Any

from adapters.errors import SourceRefused
from bot.slack.history.calls import Calls
from bot.slack.history.coercion import Channel
from bot.slack.history.credentials import Asker

_KINDS = "public_channel,private_channel"
_OF_ONE = frozenset({"", "D"})  # nobody's place, or a direct conversation
_DIGITS = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Rights:
    """The channels that the bot is in and the asker may read, as far as everybody in the place of
    the answer may; those that they may not are `hidden`.

    `own` are the asker's channels as far as the bot knows of them; a full member of the workspace
    reads every public channel. `site` is the workspace's address, `bot_user_id` the bot itself.
    """

    channels: tuple[Channel, ...]
    hidden: tuple[Channel, ...]
    own: frozenset[str]
    is_full_member: bool
    site: str
    bot_user_id: str
    place: Channel | None

    def of_public(self, channel_id: str) -> bool:
        """Whether a public channel may be read, by the asker and in the place of the answer."""
        if self.place is not None and self.place.is_shared:
            return channel_id == self.place.id
        return self.is_full_member or channel_id in self.own


async def rights_of(
    asker: Asker, calls: Calls, source: str, number: re.Pattern[str] | None
) -> Rights:
    """Ask Slack. Raises SourceRefused for somebody of whom it knows no rights here."""
    here = await calls.call("auth.test")
    if here["team_id"] != asker.team:
        raise SourceRefused(f"{source} is another workspace than yours, so nothing was read of it.")
    person: dict[str, Any] = (await calls.call("users.info", user=asker.user))["user"]
    if person.get("deleted") or person.get("is_bot"):
        raise SourceRefused(f"{source} is read for people of the workspace alone.")
    is_full_member = person.get("team_id") == here["team_id"] and not (
        person.get("is_restricted") or person.get("is_ultra_restricted")
    )
    asked = {"types": _KINDS, "limit": 200}
    theirs = await calls.listed("users.conversations", "channels", user=asker.user, **asked)
    own = frozenset(channel["id"] for channel in theirs)
    known = await calls.listed("users.conversations", "channels", **asked)
    described = {
        _channel(channel, number): bool(channel.get("is_private", True))
        for channel in known
        if not (channel.get("is_im") or channel.get("is_mpim"))
    }
    place = next((channel for channel in described if channel.id == asker.place), None)
    is_private_talk = asker.place[:1] in _OF_ONE
    readable: list[Channel] = []
    hidden: list[Channel] = []
    for channel, is_private in described.items():
        if channel.id in own or (is_full_member and not is_private):
            is_fit = is_private_talk or _fits(channel, is_private, place)
            (readable if is_fit else hidden).append(channel)
    return Rights(
        tuple(readable), tuple(hidden), own, is_full_member, here["url"], here["user_id"], place
    )


def _fits(channel: Channel, is_private: bool, place: Channel | None) -> bool:
    """Whether everybody in a place may read a channel: public ones, and the place itself. People
    of another company may read the place alone."""
    if channel == place:
        return True
    return not is_private and not (place is not None and place.is_shared)


def _channel(described: dict[str, Any], number: re.Pattern[str] | None) -> Channel:
    name = described["name"]
    found = number.search(name) if number else None
    digits = (found[1] or "") if found else ""
    return Channel(
        described["id"],
        name,
        int(digits) if _DIGITS.fullmatch(digits) else None,
        is_external(described),
    )


def is_external(described: dict[str, Any]) -> bool:
    """Whether people of another company read a channel, or soon will."""
    return bool(described.get("is_ext_shared") or described.get("is_pending_ext_shared"))
