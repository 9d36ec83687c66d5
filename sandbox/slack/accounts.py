"""Who there is in a workspace: people, bots, guests, people of other companies, user groups."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo


class Details(TypedDict, total=False):
    """What may be said of an account besides its names: the fields of User of the same names."""

    is_bot: bool
    email: str | None
    title: str
    tz: str
    is_admin: bool
    is_restricted: bool
    is_ultra_restricted: bool
    team_id: str | None


@dataclass
class User:
    """A person or a bot; `name` is what is typed after the @.

    A guest is restricted, a guest of a single channel ultra restricted too. `team_id` is set for
    people of other workspaces, who are met in channels shared with them.
    """

    id: str
    name: str
    real_name: str
    is_bot: bool = False
    email: str | None = None
    title: str = ""
    tz: str = "Etc/UTC"
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    team_id: str | None = None
    deleted: bool = False

    def __post_init__(self) -> None:
        self.is_restricted |= self.is_ultra_restricted

    @property
    def is_full_member(self) -> bool:
        """Whether they can see public channels that they are not in."""
        return not (self.is_restricted or self.team_id or self.deleted)

    def clock(self) -> dict[str, str | int]:
        """Their time zone as Slack describes it, the offset in seconds as of now."""
        now = datetime.now(ZoneInfo(self.tz))
        offset = now.utcoffset()
        assert offset is not None
        return {
            "tz": self.tz,
            "tz_label": now.tzname() or self.tz,
            "tz_offset": int(offset.total_seconds()),
        }


@dataclass
class UserGroup:
    """Several people under one handle; whoever is in `members` now is in the group now."""

    id: str
    handle: str
    name: str
    members: list[str] = field(default_factory=list[str])
    changed: int = 0
