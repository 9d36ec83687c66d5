"""Modals and Home: the methods views.*, and the values that are typed into a view."""

import json
import secrets
from typing import Any

from sandbox.slack.app import App
from sandbox.slack.blocks import elements_of, every_block, with_ids, wrong_in_view
from sandbox.slack.elements import PICKED
from sandbox.slack.hooks import SpentError, Trigger
from sandbox.slack.method import Call, Method, RefusedError
from sandbox.slack.workspace import Workspace, new_id

STACKED = 3
MOST_BYTES = 250_000


def checked(view: Any, kind: str = "modal") -> dict[str, Any]:
    """The view, if Slack would take it."""
    if wrong := wrong_in_view(view, kind):
        raise RefusedError("invalid_arguments", messages=wrong)
    if len(json.dumps(view).encode()) > MOST_BYTES:
        raise RefusedError("view_too_large")
    return view


def opened(workspace: Workspace, app: App, user_id: str, view: dict[str, Any]) -> dict[str, Any]:
    """A view as Slack keeps it once it is open."""
    view_id = new_id("V")
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit": None,
        "close": None,
        **view,
        "blocks": with_ids(view["blocks"]),
        "id": view_id,
        "team_id": workspace.team_id,
        "app_id": app.id,
        "bot_id": app.bot_id,
        "app_installed_team_id": workspace.team_id,
        "root_view_id": view_id,
        "previous_view_id": None,
        "hash": new_hash(),
        "state": {"values": {}},
        "user": user_id,
    }


def new_hash() -> str:
    """What changes with each version of a view."""
    return secrets.token_hex(8)


def sent(view: dict[str, Any]) -> dict[str, Any]:
    """A view as the app is shown it: Slack does not say who has it open."""
    return {name: value for name, value in view.items() if name != "user"}


def replaced(view: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """The same open view with other content."""
    return {**view, **content, "blocks": with_ids(content["blocks"]), "hash": new_hash()}


def pushed(
    workspace: Workspace, app: App, below: dict[str, Any], content: dict[str, Any]
) -> dict[str, Any]:
    """A view on top of another; three are the most."""
    if sum(v["root_view_id"] == below["root_view_id"] for v in workspace.views.values()) >= STACKED:
        raise RefusedError("push_limit_reached")
    view = opened(workspace, app, below["user"], content)
    return {**view, "root_view_id": below["root_view_id"], "previous_view_id": below["id"]}


def redeemed(call: Call) -> Trigger:
    """What the trigger of a call was issued for."""
    try:
        return call.triggers.redeem(call.text("trigger_id"))
    except SpentError as spent:
        raise RefusedError(str(spent)) from None


def need_new_external_id(call: Call, view: dict[str, Any], replaces: str | None = None) -> None:
    """An external id belongs to one view, which may keep it."""
    given = view.get("external_id")
    shown = [*call.workspace.views.values(), *call.workspace.homes.values()]
    if given and any(v["external_id"] == given and v["id"] != replaces for v in shown):
        raise RefusedError("duplicate_external_id")


def open_view(call: Call) -> dict[str, Any]:
    """views.open, in exchange for a fresh trigger."""
    view = checked(call.arguments.get("view"))
    trigger = redeemed(call)
    need_new_external_id(call, view)
    stored = opened(call.workspace, call.app, trigger.user_id, view)
    call.workspace.show_view(trigger.user_id, stored)
    return {"view": sent(stored)}


def push_view(call: Call) -> dict[str, Any]:
    """views.push: on top of the modal in which the trigger was issued."""
    view = checked(call.arguments.get("view"))
    trigger = redeemed(call)
    below = call.workspace.views.get(trigger.view_id or "")
    if below is None:
        raise RefusedError("invalid_trigger_id")
    need_new_external_id(call, view)
    stored = pushed(call.workspace, call.app, below, view)
    call.workspace.show_view(trigger.user_id, stored)
    return {"view": sent(stored)}


def publish_view(call: Call) -> dict[str, Any]:
    """views.publish: the Home of one person; it may be published before they ever open it."""
    user_id = call.text("user_id")
    view = checked(call.arguments.get("view"), "home")
    if not call.app.has_home:
        raise RefusedError("not_enabled")
    user = call.workspace.users.get(user_id)
    if user is None or user.is_bot or user.deleted:
        raise RefusedError("user_not_found")
    before = call.workspace.homes.get(user_id)
    if call.arguments.get("hash") not in (None, before and before["hash"]):
        raise RefusedError("hash_conflict")
    need_new_external_id(call, view, before["id"] if before else None)
    stored = opened(call.workspace, call.app, user_id, view)
    if before is not None:
        stored |= {"id": before["id"], "root_view_id": before["id"]}
    call.workspace.show_home(user_id, stored)
    return {"view": sent(stored)}


def update_view(call: Call) -> dict[str, Any]:
    """views.update of a modal or a Home, by id or by the app's own external id."""
    shown = [*call.workspace.views.values(), *call.workspace.homes.values()]
    found = [
        v
        for v in shown
        if v["id"] == call.arguments.get("view_id")
        or (v["external_id"] and v["external_id"] == call.arguments.get("external_id"))
    ]
    kind = found[0]["type"] if found else "modal"
    view = checked(call.arguments.get("view"), kind)
    if not found:
        raise RefusedError("not_found")
    if call.arguments.get("hash") not in (None, found[0]["hash"]):
        raise RefusedError("hash_conflict")
    need_new_external_id(call, view, found[0]["id"])
    stored = replaced(found[0], view)
    show = call.workspace.show_home if kind == "home" else call.workspace.show_view
    show(stored["user"], stored)
    return {"view": sent(stored)}


def state_of(view: dict[str, Any]) -> dict[str, Any]:
    """The values in a view: as its blocks begin, and what was chosen in it since."""
    state = initial_state(view["blocks"])
    for block_id, elements in view["state"]["values"].items():
        for action_id, value in elements.items():
            if action_id in state.get(block_id, {}):
                state[block_id][action_id] = value
    return state


def initial_state(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """The values that blocks hold before anybody touches them."""
    values: dict[str, Any] = {}
    for block in every_block(blocks):
        for element in elements_of(block):
            if (value := initial_value(element)) is not None:
                values.setdefault(block["block_id"], {})[element["action_id"]] = value
    return values


def initial_value(element: dict[str, Any]) -> dict[str, Any] | None:
    """One element's value; None for those, like buttons, that hold none."""
    kind = element["type"]
    if kind == "multi_users_select":
        return {"type": kind, "selected_users": element.get("initial_users", [])}
    if kind in PICKED:
        held, initial = PICKED[kind]
        return {"type": kind, held: element.get(initial)}
    if kind == "checkboxes":
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    return None


def missing_values(view: dict[str, Any], values: dict[str, Any]) -> dict[str, str]:
    """The required inputs that are empty, which Slack does not let through."""
    missing: dict[str, str] = {}
    for block in view["blocks"]:
        if block["type"] == "input" and not block.get("optional"):
            (state,) = values[block["block_id"]].values()
            if not any(value for name, value in state.items() if name != "type"):
                missing[block["block_id"]] = "Please complete this required field."
    return missing


METHODS = {
    "views.open": Method(open_view),
    "views.publish": Method(publish_view),
    "views.push": Method(push_view),
    "views.update": Method(update_view),
}
