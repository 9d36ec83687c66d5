"""Modals: views.open and views.update, and the values that are typed into them."""

import secrets
from typing import Any

from sandbox.slack.app import App
from sandbox.slack.blocks import elements_of, every_block, with_ids, wrong_in_view
from sandbox.slack.elements import PICKED
from sandbox.slack.hooks import SpentError
from sandbox.slack.method import Call, Method, RefusedError
from sandbox.slack.workspace import Workspace, new_id

STACKED = 3


def checked(view: Any) -> dict[str, Any]:
    """The view, if Slack would take it."""
    if wrong := wrong_in_view(view):
        raise RefusedError("invalid_arguments", messages=wrong)
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


def open_view(call: Call) -> dict[str, Any]:
    """views.open, in exchange for a fresh trigger."""
    view = checked(call.arguments.get("view"))
    try:
        user_id = call.triggers.redeem(call.text("trigger_id"))
    except SpentError as spent:
        raise RefusedError(str(spent)) from None
    if view.get("external_id") in {v["external_id"] for v in call.workspace.views.values()} - {""}:
        raise RefusedError("duplicate_external_id")
    stored = opened(call.workspace, call.app, user_id, view)
    call.workspace.show_view(user_id, stored)
    return {"view": sent(stored)}


def update_view(call: Call) -> dict[str, Any]:
    """views.update, by id or by the app's own external id."""
    view = checked(call.arguments.get("view"))
    found = [
        v
        for v in call.workspace.views.values()
        if v["id"] == call.arguments.get("view_id")
        or v["external_id"] == call.arguments.get("external_id")
    ]
    if not found:
        raise RefusedError("not_found")
    if call.arguments.get("hash") not in (None, found[0]["hash"]):
        raise RefusedError("hash_conflict")
    stored = replaced(found[0], view)
    call.workspace.show_view(stored["user"], stored)
    return {"view": sent(stored)}


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
    "views.update": Method(update_view),
}
