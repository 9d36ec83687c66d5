"""What people do in conversations: type, press, choose shortcuts, type slash commands."""

import html
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any, cast

from sandbox.slack.app import App
from sandbox.slack.blocks import elements_of, every_block
from sandbox.slack.chat import content, counted, written_by_bot
from sandbox.slack.delivery import Delivery
from sandbox.slack.elements import PICKED
from sandbox.slack.events import block_actions, interaction, message_action, slash_command
from sandbox.slack.hooks import Origin, ResponseUrls, Triggers
from sandbox.slack.method import Call, RefusedError
from sandbox.slack.socket_mode import DispatchError
from sandbox.slack.views import initial_state
from sandbox.slack.workspace import Channel, Workspace


class People:
    """The hands of everybody in the workspace."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        app: App,
        delivery: Delivery,
        triggers: Triggers,
        response_urls: ResponseUrls,
        hook_url: Callable[[str], str],
    ) -> None:
        self._workspace = workspace
        self._app = app
        self._delivery = delivery
        self._triggers = triggers
        self._response_urls = response_urls
        self._hook_url = hook_url
        self._chosen: dict[tuple[str, str], dict[str, Any]] = {}

    def type(
        self,
        user_id: str,
        channel_id: str,
        text: str,
        thread_ts: str | None,
        files: Sequence[dict[str, Any]] = (),
    ) -> str:
        """Post a message, with the files that were dropped on it: its ts."""
        self._conversation(user_id, channel_id)
        message: dict[str, Any] = {
            "user": user_id,
            "text": as_typed(self._workspace, text),
            "client_msg_id": secrets.token_hex(16),
            "thread_ts": thread_ts,
        }
        if files:
            message |= {"subtype": "file_share", "files": list(files), "upload": True}
        return self._workspace.post(channel_id, message)["ts"]

    def react(self, user_id: str, channel_id: str, ts: str, name: str) -> None:
        """Add a reaction, or take back one's own."""
        message = self._conversation(user_id, channel_id).messages[ts]
        users = {r["name"]: list(r["users"]) for r in message.get("reactions", [])}
        who = users.setdefault(name, [])
        (who.remove if user_id in who else who.append)(user_id)
        self._workspace.set_reactions(channel_id, ts, counted(users))

    async def press(
        self, user_id: str, channel_id: str, ts: str, action_id: str, value: str | None
    ) -> None:
        """Press a button, or choose the option with this value."""
        channel = self._conversation(user_id, channel_id)
        message = channel.messages.get(ts) or channel.ephemerals[ts]
        if message.get("to", user_id) != user_id:
            raise LookupError(f"message {ts} is only visible to somebody else")
        action = pressed(message.get("blocks", []), action_id, value)
        state = self._chosen.setdefault((user_id, ts), initial_state(message.get("blocks", [])))
        if chosen := {k: v for k, v in action.items() if k.startswith("selected_")}:
            state[action["block_id"]][action_id] |= chosen
        origin = Origin(user_id, channel_id, ts, is_ephemeral=message.get("is_ephemeral", False))
        payload = block_actions(
            self._workspace,
            self._app,
            user_id=user_id,
            channel=channel,
            message=message,
            action=action,
            state=state,
        )
        await self._delivery.interaction(
            {
                **payload,
                "trigger_id": self._triggers.issue(user_id),
                "response_url": self._hook_url(self._response_urls.issue(origin)),
            }
        )

    async def slash(self, user_id: str, channel_id: str, command: str, text: str) -> None:
        """Type a slash command; what the app acknowledges it with is shown."""
        channel = self._conversation(user_id, channel_id)
        if command not in self._app.commands or "commands" not in self._app.scopes:
            raise LookupError(f"{command} is not a valid command")
        origin = Origin(user_id, channel_id)
        payload = slash_command(
            self._workspace,
            self._app,
            user_id=user_id,
            channel=channel,
            command=command,
            text=text,
        )
        answer = await self._delivery.command(
            {
                **payload,
                "trigger_id": self._triggers.issue(user_id),
                "response_url": self._hook_url(self._response_urls.issue(origin)),
            }
        )
        if isinstance(answer, dict) and answer:
            try:
                self.answered(origin, cast("dict[str, Any]", answer))
            except RefusedError as refusal:
                raise DispatchError(refusal.error) from refusal

    async def shortcut(self, user_id: str, channel_id: str, ts: str, callback_id: str) -> None:
        """Choose a shortcut from the menu of a message, wherever the person can read one."""
        channel = self._conversation(user_id, channel_id)
        self._declared(callback_id, "message")
        origin = Origin(user_id, channel_id)
        payload = message_action(
            self._workspace,
            self._app,
            user_id=user_id,
            channel=channel,
            message=channel.messages[ts],
            callback_id=callback_id,
        )
        await self._delivery.interaction(
            {
                **payload,
                "trigger_id": self._triggers.issue(user_id),
                "response_url": self._hook_url(self._response_urls.issue(origin)),
            }
        )

    async def global_shortcut(self, user_id: str, callback_id: str) -> None:
        """Choose a shortcut of the global menu, which says nothing of where one is."""
        self._declared(callback_id, "global")
        payload = interaction(self._workspace, self._app, "shortcut", user_id)
        about = {"callback_id": callback_id, "action_ts": self._workspace.new_ts()}
        trigger_id = self._triggers.issue(user_id)
        await self._delivery.interaction({**payload, **about, "trigger_id": trigger_id})

    def _declared(self, callback_id: str, kind: str) -> None:
        known = {(shortcut.callback_id, shortcut.type) for shortcut in self._app.shortcuts}
        if (callback_id, kind) not in known or "commands" not in self._app.scopes:
            raise LookupError(f"the app has no {kind} shortcut {callback_id!r}")

    def answered(self, origin: Origin, answer: dict[str, Any]) -> None:
        """Show what the app answered an interaction with, in its ack or at a response URL."""
        workspace, ts = self._workspace, origin.message_ts
        if answer.get("delete_original") and ts is not None:
            remove = workspace.delete_ephemeral if origin.is_ephemeral else workspace.delete
            remove(origin.channel_id, ts)
            return
        call = Call(workspace, self._app, self._triggers, answer)
        message = {**written_by_bot(call), **content(answer), "thread_ts": answer.get("thread_ts")}
        if answer.get("replace_original") and ts is not None:
            if origin.is_ephemeral:
                workspace.post_ephemeral(origin.channel_id, origin.user_id, {**message, "ts": ts})
            else:
                edited = {"user": self._app.bot_user_id, "ts": workspace.new_ts()}
                del message["thread_ts"]
                changes = {"blocks": None, **message, "edited": edited}
                workspace.edit(origin.channel_id, ts, changes)
        elif answer.get("response_type") == "in_channel":
            workspace.post(origin.channel_id, message)
        else:
            workspace.post_ephemeral(origin.channel_id, origin.user_id, message)

    def _conversation(self, user_id: str, channel_id: str) -> Channel:
        channel = self._workspace.channels[channel_id]
        if user_id not in channel.members or self._workspace.users[user_id].deleted:
            raise LookupError(f"{user_id} is not in {channel_id}")
        return channel


def as_typed(workspace: Workspace, text: str) -> str:
    """What a person typed, as Slack stores it: escaped, with names turned into mentions."""
    mentions = {name: f"<!{name}>" for name in ("here", "channel", "everyone")}
    mentions |= {group.handle: f"<!subteam^{group.id}>" for group in workspace.groups.values()}
    mentions |= {user.name: f"<@{user.id}>" for user in workspace.users.values()}
    escaped = html.escape(text, quote=False)
    kept = re.sub(r"&lt;([@!][\w^-]+)&gt;", r"<\1>", escaped)

    def mention(match: re.Match[str]) -> str:
        return mentions.get(match[1].lower(), match[0])

    return re.sub(r"(?<![\w<])@([\w.-]*\w)", mention, kept)


def pressed(blocks: list[dict[str, Any]], action_id: str, value: str | None) -> dict[str, Any]:
    """The action that pressing the element with this id makes."""
    for block in every_block(blocks):
        for element in elements_of(block):
            if element["action_id"] != action_id:
                continue
            about = {"type": element["type"], "action_id": action_id, "block_id": block["block_id"]}
            held = PICKED.get(element["type"], ("",))[0]
            if held == "selected_users":
                return {**about, held: (value or "").split(",")}
            if element["type"] == "checkboxes":
                picked = (value or "").split(",")
                chosen = [o for o in element["options"] if o["value"] in picked]
                return {**about, "selected_options": chosen}
            if held not in {"", "selected_option"}:
                return {**about, held: value}
            for option in options(element):
                if value is None or option.get("value") == value:
                    if held:
                        return {**about, held: option}
                    shown = ("text", "value", "style", "confirm")
                    return {**about, **{k: option[k] for k in shown if k in option}}
    raise LookupError(f"nothing to press with action_id {action_id!r} and value {value!r}")


def options(element: dict[str, Any]) -> list[dict[str, Any]]:
    """What can be pressed in an element: itself, its options, or its two thumbs."""
    if element["type"] == "feedback_buttons":
        return [element["positive_button"], element["negative_button"]]
    if element["type"] in {"static_select", "radio_buttons"}:
        groups = element.get("option_groups", [{"options": element.get("options", [])}])
        return [option for group in groups for option in group["options"]]
    return [element]
