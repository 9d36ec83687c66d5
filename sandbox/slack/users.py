"""The methods about people: users.* and usergroups.*."""

from typing import Any

from sandbox.slack.accounts import User, UserGroup
from sandbox.slack.method import Call, Method, RefusedError


def profile(call: Call, user: User) -> dict[str, Any]:
    """An account as Slack describes it: e-mail only under its scope, little of who has left."""
    shown: dict[str, Any] = {
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "title": user.title,
        "team": user.team_id or call.workspace.team_id,
    }
    if user.email and not user.team_id and "users:read.email" in call.app.scopes:
        shown["email"] = user.email
    described: dict[str, Any] = {
        "id": user.id,
        "team_id": user.team_id or call.workspace.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "profile": shown,
    }
    if user.deleted:
        return described
    return {
        **described,
        **user.clock(),
        "real_name": user.real_name,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        **({"is_stranger": not meets(call, user)} if user.team_id else {}),
    }


def meets(call: Call, user: User) -> bool:
    """Whether the bot shares a conversation with somebody of another workspace."""
    bot = call.app.bot_user_id
    channels = call.workspace.channels.values()
    return any(user.id in c.members and bot in c.members for c in channels)


def info(call: Call) -> dict[str, Any]:
    """users.info."""
    user = call.workspace.users.get(call.text("user"))
    if user is None:
        raise RefusedError("user_not_found")
    return {"user": profile(call, user)}


def list_users(call: Call) -> dict[str, Any]:
    """users.list: everybody of this workspace, also those who have left."""
    own = [user for user in call.workspace.users.values() if user.team_id is None]
    found, paging = call.page(own, 1000)
    return {"members": [profile(call, user) for user in found], **paging}


def look_up_by_email(call: Call) -> dict[str, Any]:
    """users.lookupByEmail, of people who are here."""
    wanted = call.text("email").lower()
    for user in call.workspace.users.values():
        if (user.email or "").lower() == wanted and not (user.deleted or user.team_id):
            return {"user": profile(call, user)}
    raise RefusedError("users_not_found")


def described_group(call: Call, group: UserGroup) -> dict[str, Any]:
    """A user group as Slack describes it."""
    described: dict[str, Any] = {
        "id": group.id,
        "team_id": call.workspace.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_create": group.changed,
        "date_update": group.changed,
        "date_delete": 0,
        "auto_type": None,
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
    }
    if call.flag("include_users"):
        described["users"] = list(group.members)
    if call.flag("include_count"):
        described["user_count"] = len(group.members)
    return described


def list_groups(call: Call) -> dict[str, Any]:
    """usergroups.list."""
    groups = call.workspace.groups.values()
    return {"usergroups": [described_group(call, group) for group in groups]}


def list_group_members(call: Call) -> dict[str, Any]:
    """usergroups.users.list: who is in a group at this moment."""
    group = call.workspace.groups.get(call.text("usergroup"))
    if group is None:
        raise RefusedError("no_such_subteam")
    return {"users": list(group.members)}


METHODS = {
    "usergroups.list": Method(list_groups, "usergroups:read"),
    "usergroups.users.list": Method(list_group_members, "usergroups:read"),
    "users.info": Method(info, "users:read"),
    "users.list": Method(list_users, "users:read"),
    "users.lookupByEmail": Method(look_up_by_email, "users:read.email"),
}
