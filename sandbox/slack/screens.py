"""What people do in modals and on Home: open, press, submit and close."""

from typing import Any

from sandbox.slack.app import App
from sandbox.slack.delivery import Delivery
from sandbox.slack.events import view_actions, view_event
from sandbox.slack.hooks import Triggers
from sandbox.slack.method import RefusedError
from sandbox.slack.people import pressed
from sandbox.slack.socket_mode import DispatchError
from sandbox.slack.views import checked, missing_values, pushed, replaced, state_of
from sandbox.slack.workspace import Workspace


class Screens:
    """The hands of everybody in the app's own screens."""

    def __init__(
        self, workspace: Workspace, app: App, delivery: Delivery, triggers: Triggers
    ) -> None:
        self._workspace = workspace
        self._app = app
        self._delivery = delivery
        self._triggers = triggers

    def open_home(self, user_id: str, tab: str = "home") -> None:
        """Open the app: its Home, or with tab "messages" the conversation with it."""
        if tab == "home" and not self._app.has_home:
            raise LookupError("the app has no Home")
        im = self._workspace.open_im(user_id, self._app.bot_user_id)
        self._workspace.publish("app_home_opened", channel=im.id, user=user_id, tab=tab)

    async def press(
        self,
        user_id: str,
        view_id: str,
        action_id: str,
        value: str | None = None,
        values: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """Press a button or choose an option, in the uppermost modal or on Home.

        `values` is what was typed into the view by then, which the app is told too.
        """
        view = self._view(user_id, view_id)
        action = pressed(view["blocks"], action_id, value)
        state = filled(view, values or {})
        chosen = {k: v for k, v in action.items() if k.startswith("selected_")}
        if chosen:
            state[action["block_id"]][action_id] |= chosen
        view["state"] = {"values": state}
        in_modal = view_id if view["type"] == "modal" else None
        payload = view_actions(self._workspace, self._app, user_id, view, action)
        trigger_id = self._triggers.issue(user_id, in_modal)
        await self._delivery.interaction({**payload, "trigger_id": trigger_id})

    async def submit(
        self, user_id: str, view_id: str, values: dict[str, dict[str, Any]]
    ) -> dict[str, str]:
        """Submit a modal: what is wrong with it, by block, and nothing when it was accepted."""
        view = self._modal(user_id, view_id)
        state = filled(view, values)
        view["state"] = {"values": state}
        if missing := missing_values(view, state):
            return missing
        payload = view_event(self._workspace, self._app, "view_submission", user_id, view)
        payload["trigger_id"] = self._triggers.issue(user_id, view_id)
        answer = await self._delivery.interaction(payload)
        try:
            return self._answered(view, answer or {})
        except RefusedError as refusal:
            raise DispatchError(refusal.error) from refusal

    def _answered(self, view: dict[str, Any], answer: dict[str, Any]) -> dict[str, str]:
        user_id, action = view["user"], answer.get("response_action")
        if action == "errors":
            return self._errors(view, answer.get("errors"))
        if action == "update":
            self._workspace.show_view(user_id, replaced(view, checked(answer.get("view"))))
        elif action == "push":
            above = pushed(self._workspace, self._app, view, checked(answer.get("view")))
            self._workspace.show_view(user_id, above)
        elif action == "clear":
            self._clear(view)
        elif action is not None:
            raise RefusedError("invalid_response_action")
        elif view["id"] in self._workspace.views:
            self._workspace.close_view(user_id, view["id"])
        return {}

    def _errors(self, view: dict[str, Any], errors: Any) -> dict[str, str]:
        """The app's complaints, each of which must be about an input of the view."""
        inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
            raise RefusedError("invalid_response_errors")
        return dict(errors)

    def _clear(self, view: dict[str, Any]) -> None:
        for other in list(self._workspace.views.values()):
            if other["root_view_id"] == view["root_view_id"]:
                self._workspace.close_view(view["user"], other["id"])

    async def close(self, user_id: str, view_id: str) -> None:
        """Close a modal without submitting it; the app hears of it only if it asked to."""
        view = self._modal(user_id, view_id)
        if view["clear_on_close"]:
            self._clear(view)
        else:
            self._workspace.close_view(user_id, view_id)
        if view["notify_on_close"]:
            payload = view_event(self._workspace, self._app, "view_closed", user_id, view)
            await self._delivery.interaction(payload)

    def _modal(self, user_id: str, view_id: str) -> dict[str, Any]:
        view = self._view(user_id, view_id)
        if view["type"] != "modal":
            raise LookupError(f"view {view_id} is no modal")
        return view

    def _view(self, user_id: str, view_id: str) -> dict[str, Any]:
        """The modal that is in front, or the Home, of this person."""
        views = self._workspace.views
        home = self._workspace.homes.get(user_id)
        if home is not None and home["id"] == view_id:
            return home
        view = views.get(view_id)
        if view is None or view["user"] != user_id:
            raise LookupError(f"view {view_id} is not open for {user_id}")
        if any(above["previous_view_id"] == view_id for above in views.values()):
            raise LookupError(f"view {view_id} is under another one")
        return view


def filled(view: dict[str, Any], values: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The state of a view with these values typed into it; KeyError for inputs it has not."""
    state = state_of(view)
    for block_id, elements in values.items():
        for action_id, value in elements.items():
            state[block_id][action_id] |= value
    return state
