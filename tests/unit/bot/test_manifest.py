"""manifest.yml asks for exactly what the code uses."""

import inspect
import re
from pathlib import Path
from typing import Any, cast

import yaml
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.runs import Runs
from bot.slack.conversation import Conversation
from bot.slack.home import listeners as home
from bot.slack.listeners import actions, events
from bot.slack.schedule import command as schedule
from orchestrator.pipeline import Pipeline
from orchestrator.store import Schedules

ROOT = Path(__file__).parents[3]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
BOT_EVENTS: list[str] = MANIFEST["settings"]["event_subscriptions"]["bot_events"]

EVENT_SCOPES: dict[str, set[str]] = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "message.im": {"im:history"},
}
METHOD_SCOPES: dict[str, set[str]] = {
    "apps_connections_open": set(),
    "assistant_threads_setStatus": {"chat:write"},
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_getPermalink": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_stopStream": {"chat:write"},
    "chat_stream": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "files_upload_v2": {"files:write"},
    "reactions_add": {"reactions:write"},
    "usergroups_list": {"usergroups:read"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
    "views_open": set(),
    "views_publish": set(),
}


class RecordingApp:
    """Notes what listeners are registered for."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.actions: list[str] = []
        self.commands: list[str] = []

    def event(self, name: str, **_: Any) -> Any:
        """As AsyncApp.event."""
        self.events.append(name)
        return lambda listener: listener  # pyright: ignore

    def action(self, name: str) -> Any:
        """As AsyncApp.action."""
        self.actions.append(name)
        return lambda listener: listener  # pyright: ignore

    def view(self, _callback_id: str) -> Any:
        """As AsyncApp.view."""
        return lambda listener: listener  # pyright: ignore

    def command(self, name: str) -> Any:
        """As AsyncApp.command."""
        self.commands.append(name)
        return lambda listener: listener  # pyright: ignore


def registered() -> RecordingApp:
    """The app after every listener has registered."""
    app = RecordingApp()
    bolt = cast("AsyncApp", app)
    events.register(bolt, cast("Runs", None))
    pipeline, conversation = cast("Pipeline", None), cast("Conversation", None)
    actions.register(bolt, pipeline, conversation)
    home.register(bolt, pipeline, conversation, cast("Runs", None))
    schedule.register(bolt, cast("Schedules", None), conversation)
    return app


def methods_used() -> set[str]:
    """The Web API methods that the bot's source names."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    named = set(re.findall(r"client\.([a-z]+_[a-zA-Z0-9_]+)", source))
    return {name for name in named if callable(getattr(AsyncWebClient, name, None))}


def test_events_are_those_that_have_listeners() -> None:
    """No event is sent to nobody, and no listener waits for what is never sent."""
    assert {event.split(".")[0] for event in BOT_EVENTS} == set(registered().events)


def test_commands_are_those_that_have_listeners() -> None:
    """Slack offers each command that is listened to, and no other."""
    declared = {command["command"] for command in MANIFEST["features"]["slash_commands"]}
    assert declared == set(registered().commands)
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"] is True


def test_buttons_need_interactivity() -> None:
    """Slack sends presses only to apps that are interactive."""
    assert registered().actions
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_scopes_are_those_that_are_used() -> None:
    """Every scope serves an event or a method, and each of these has its scope."""
    used = methods_used()
    assert used == set(METHOD_SCOPES)
    needed = {scope for event in BOT_EVENTS for scope in EVENT_SCOPES[event]}
    needed |= {"commands"} if registered().commands else set()
    needed |= {scope for name in used for scope in METHOD_SCOPES[name]}
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed


def test_listeners_are_short() -> None:
    """A listener parses, acknowledges and hands over."""
    for module in (events, actions):
        for listener in re.split(r"\n(?= *async def )", inspect.getsource(module))[1:]:
            body = re.split(r"\n\n    app\.", listener)[0]
            assert len(body.splitlines()) <= 15
