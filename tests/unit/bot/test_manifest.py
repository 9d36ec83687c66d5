"""manifest.yml asks for exactly what the code uses."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any, cast

import yaml
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.runs import Runs
from bot.slack.conversation import Conversation
from bot.slack.listeners import actions, choices, commands, events, plans, shortcuts
from bot.slack.opening import Opener
from orchestrator.pipeline import Pipeline

ROOT = Path(__file__).parents[3]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
BOT_EVENTS: list[str] = MANIFEST["settings"]["event_subscriptions"]["bot_events"]

MAX_LINES = 20
EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}
METHOD_SCOPES: dict[str, set[str]] = {
    "apps_connections_open": set(),
    "assistant_search_context": {"search:read.public"},
    "assistant_search_info": {"search:read.public"},
    "assistant_threads_setStatus": {"chat:write"},
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_stopStream": {"chat:write"},
    "chat_stream": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history"},
    "conversations_info": {"channels:read", "groups:read", "im:read"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "files_upload_v2": {"files:write"},
    "reactions_add": {"reactions:write"},
    "usergroups_list": {"usergroups:read"},
    "usergroups_users_list": {"usergroups:read"},
    "users_conversations": {"channels:read", "groups:read"},
    "users_info": {"users:read", "users:read.email"},
    "views_open": set(),
}


class RecordingApp:
    """Notes what listeners are registered for."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.actions: list[str] = []
        self.commands: list[str] = []
        self.shortcuts: list[str] = []

    def event(self, name: str, **_: Any) -> Any:
        """As AsyncApp.event."""
        self.events.append(name)
        return lambda listener: listener  # pyright: ignore

    def action(self, name: str) -> Any:
        """As AsyncApp.action."""
        self.actions.append(name)
        return lambda listener: listener  # pyright: ignore

    def command(self, name: str) -> Any:
        """As AsyncApp.command."""
        self.commands.append(name)
        return lambda listener: listener  # pyright: ignore

    def shortcut(self, name: str) -> Any:
        """As AsyncApp.shortcut."""
        self.shortcuts.append(name)
        return lambda listener: listener  # pyright: ignore

    def view(self, _name: str) -> Any:
        """As AsyncApp.view."""
        return lambda listener: listener  # pyright: ignore


def registered() -> RecordingApp:
    """The app after every listener has registered."""
    app = RecordingApp()
    bolt = cast("AsyncApp", app)
    pipeline, conversation = cast("Pipeline", None), cast("Conversation", None)
    runs = cast("Runs", None)
    events.register(bolt, runs)
    actions.register(bolt, pipeline, conversation)
    choices.register(bolt, runs)
    commands.register(bolt, pipeline, conversation, Opener(runs))
    shortcuts.register(bolt, Opener(runs))
    plans.register(bolt, pipeline, cast("plans.PlanPreview", None), runs)
    return app


def methods_used() -> set[str]:
    """The Web API methods that the bot's source names."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    named = set(re.findall(r"client\.([a-z]+_[a-zA-Z0-9_]+)", source)) - {"api_call"}
    used = {name for name in named if callable(getattr(AsyncWebClient, name, None))}
    history = "".join(path.read_text() for path in (ROOT / "bot/slack/history").glob("*.py"))
    called = re.findall(r'"((?:assistant|auth|conversations|users)\.[a-z.]+)"', history)
    return used | {name.replace(".", "_") for name in called}


def test_events_are_those_that_have_listeners() -> None:
    """No event is sent to nobody, and no listener waits for what is never sent."""
    assert {event.split(".")[0] for event in BOT_EVENTS} == set(registered().events)


def test_commands_and_shortcuts_are_those_that_have_listeners() -> None:
    """Nobody can choose what nothing listens to, and no listener waits for what is not offered."""
    features = MANIFEST["features"]
    app = registered()
    assert [one["command"] for one in features["slash_commands"]] == app.commands
    assert [one["callback_id"] for one in features["shortcuts"]] == app.shortcuts


def test_buttons_need_interactivity() -> None:
    """Slack sends presses only to apps that are interactive."""
    assert registered().actions
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_scopes_are_those_that_are_used() -> None:
    """Every scope serves an event or a method, and each of these has its scope."""
    used = methods_used()
    assert used == set(METHOD_SCOPES)
    needed = {EVENT_SCOPES[event] for event in BOT_EVENTS}
    needed |= {scope for name in used for scope in METHOD_SCOPES[name]}
    needed |= {"commands"} if registered().commands else set()
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed


def test_listeners_are_short() -> None:
    """A listener parses, acknowledges and hands over."""
    for module in (events, actions, choices, commands, plans, shortcuts):
        for one in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(one, ast.AsyncFunctionDef):
                assert (one.end_lineno or 0) - one.lineno < MAX_LINES, one.name
