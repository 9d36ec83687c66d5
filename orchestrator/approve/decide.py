"""Who may decide on a request. Identity is (team, user id), and what is not known denies."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from orchestrator.approve.request import Request


class Choice(Enum):
    """What a person can do with a request."""

    APPROVE = "approve"
    CONFIRM = "confirm"
    REJECT = "reject"
    EDIT = "edit"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides. `is_member` says that they are a full and active member of the team, no guest
    and no app, as read when they decided."""

    team: str
    user: str
    is_member: bool


class Members(Protocol):
    """The port to whoever knows the groups of people."""

    async def members(self, group: str) -> frozenset[str]:
        """The ids of a group's people, read now; empty when the group is, or can't be read."""
        ...


@dataclass(frozen=True, slots=True)
class Denied:
    """Why somebody may not do this, in words for them."""

    message: str


async def denied(choice: Choice, request: Request, by: Decider, members: Members) -> Denied | None:
    """Why a person may not decide so on a request, or None when they may."""
    if by.team != request.binding.team:
        return Denied("This request belongs to another workspace, so you can't decide on it.")
    is_asker = by.user == request.binding.user
    if choice is Choice.WITHDRAW:
        return None if is_asker else Denied("Only who asked can withdraw this.")
    if choice is Choice.EDIT and is_asker:
        return None
    if request.asker_decides:
        return None if is_asker else Denied("Only who asked can decide on this.")
    if choice is Choice.CONFIRM:
        return Denied("This needs an approval; to confirm it is not enough.")
    return await _denied_approver(request, by, members, is_asker=is_asker)


async def _denied_approver(
    request: Request, by: Decider, members: Members, *, is_asker: bool
) -> Denied | None:
    named = " or ".join(request.groups)
    if is_asker:
        return Denied(
            "You asked this yourself, and nobody decides on their own question: somebody else of "
            f"{named} has to. You can withdraw it."
        )
    if by.user == request.edited_by:
        return Denied(f"You wrote this query, so somebody else of {named} has to decide on it.")
    return denied_guest(by) or await denied_stranger(request.groups, by, members, "approve")


def denied_guest(by: Decider) -> Denied | None:
    """Why somebody who is no full member may decide on nothing."""
    if by.is_member:
        return None
    return Denied(
        "Only full and active members of this workspace can decide on this, no guests, and "
        "Slack does not tell me that you are one."
    )


async def denied_stranger(
    groups: Sequence[str], by: Decider, members: Members, verb: str
) -> Denied | None:
    """Why a person who is in none of these groups may not; `verb` is what nobody can do when they
    are empty."""
    named, allowed = " or ".join(groups), set[str]()
    for group in groups:
        allowed |= await members.members(group)
    if not allowed:
        return Denied(
            f"The user group {named} is empty or can't be read, so nobody can {verb} this. Have "
            "an administrator look at the group, and at the app's scope usergroups:read."
        )
    if by.user not in allowed:
        return Denied(f"Only members of {named} can decide on this, and you are none.")
    return None


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision counts; the request is as it stands now, and waits on if more are needed."""

    request: Request


@dataclass(frozen=True, slots=True)
class Closed:
    """There is nothing to decide: the request has ended, or (None) there is none."""

    request: Request | None
