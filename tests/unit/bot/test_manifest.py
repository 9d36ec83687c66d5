"""The manifest asks for what the code uses, and manifest.yml is what it makes."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.manifest import COMMANDS, EVENTS, METHODS, SCOPES, Variant, as_yaml, manifest
from bot.runs import Runs
from bot.slack import install, sharing
from bot.slack.conversation import Conversation
from bot.slack.home import listeners as home
from bot.slack.listeners import actions, choices, commands, events, plans, shortcuts
from bot.slack.opening import Opener
from bot.slack.schedule import command as schedule
from orchestrator.pipeline import Pipeline
from orchestrator.store import Schedules, Stops, Store

ROOT = Path(__file__).parents[3]
MAX_LINES = 20


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

    def view(self, _callback_id: str) -> Any:
        """As AsyncApp.view."""
        return lambda listener: listener  # pyright: ignore

    def command(self, name: str) -> Any:
        """As AsyncApp.command."""
        self.commands.append(name)
        return lambda listener: listener  # pyright: ignore

    def shortcut(self, name: str) -> Any:
        """As AsyncApp.shortcut."""
        self.shortcuts.append(name)
        return lambda listener: listener  # pyright: ignore


def registered() -> RecordingApp:
    """The app after every listener has registered."""
    app = RecordingApp()
    bolt = cast("AsyncApp", app)
    pipeline, conversation = cast("Pipeline", None), cast("Conversation", None)
    runs = cast("Runs", None)
    events.register(bolt, runs)
    actions.register(bolt, pipeline, conversation, cast("Stops", None))
    install.register(bolt, cast("Store", None))
    choices.register(bolt, runs)
    home.register(bolt, pipeline, conversation, runs)
    schedule.register(bolt, cast("Schedules", None), conversation)
    commands.register(bolt, pipeline, conversation, Opener(runs))
    shortcuts.register(bolt, Opener(runs))
    plans.register(bolt, pipeline, cast("plans.PlanPreview", None), runs)
    sharing.register(bolt, cast("sharing.Sharing", None), runs)
    return app


def methods_used() -> set[str]:
    """The Web API methods that the bot's source names."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    named = set(re.findall(r"client\.([a-z]+_[a-zA-Z0-9_]+)", source)) - {"api_call"}
    named |= set(re.findall(r"\.of\([^()]*\)\.([a-z]+_[a-zA-Z0-9_]+)", source))
    used = {name.replace("_", ".") for name in named if hasattr(AsyncWebClient, name)}
    reading = [*(ROOT / "bot/slack/history").glob("*.py"), ROOT / "bot/slack/audience.py"]
    named = "".join(path.read_text(encoding="utf-8") for path in reading)
    return used | set(re.findall(r'"((?:assistant|auth|conversations|users)\.[a-z.]+)"', named))


def test_the_file_is_the_default_manifest() -> None:
    """manifest.yml is what `crosstalk manifest` prints, so that it can't fall behind."""
    assert (ROOT / "manifest.yml").read_text(encoding="utf-8") == as_yaml(manifest())
    assert yaml.safe_load(as_yaml(manifest())) == manifest()


def test_every_listener_has_its_event() -> None:
    """What the code listens to, Slack is asked to send."""
    told = {
        event.split(".")[0] for event in manifest()["settings"]["event_subscriptions"]["bot_events"]
    }
    assert set(registered().events) <= told


def test_home_is_on() -> None:
    """People have a Home to look at."""
    assert manifest()["features"]["app_home"]["home_tab_enabled"] is True


def test_commands_and_shortcuts_are_those_that_have_listeners() -> None:
    """Nobody can choose what nothing listens to, and no listener waits for what is not offered."""
    features = manifest()["features"]
    app = registered()
    assert {one["command"] for one in features["slash_commands"]} == set(app.commands)
    assert {one["callback_id"] for one in features["shortcuts"]} == set(app.shortcuts)


def test_buttons_need_interactivity() -> None:
    """Slack sends presses only to apps that are interactive."""
    assert registered().actions
    assert manifest()["settings"]["interactivity"]["is_enabled"] is True


def test_every_method_has_its_scopes() -> None:
    """No method is called that the manifest's table does not know, and each has its scopes."""
    used = methods_used()
    assert "chat.postMessage" in used
    assert used == set(METHODS)
    asked = set(manifest()["oauth_config"]["scopes"]["bot"])
    assert {scope for name in used for scope in METHODS[name]} <= asked
    assert {scope for scope in EVENTS.values() if scope} <= asked


@pytest.mark.parametrize("variant", list(Variant))
def test_over_http_every_request_has_its_address(variant: Variant) -> None:
    """With an address there is no Socket Mode, and events, presses and commands go to it."""
    made = manifest(variant, "https://bot.example.com/")
    url = "https://bot.example.com/slack/events"
    settings = made["settings"]
    assert settings["socket_mode_enabled"] is False
    assert settings["event_subscriptions"]["request_url"] == url
    assert settings["interactivity"]["request_url"] == url
    assert [c["url"] for c in made["features"]["slash_commands"]] == [url] * len(COMMANDS)


def test_variants_differ_in_what_they_are_for() -> None:
    """A distributed app has somewhere to be installed from; an agent has its view."""
    distributed = manifest(Variant.distributed, "https://bot.example.com")
    redirects = distributed["oauth_config"]["redirect_urls"]
    assert redirects == ["https://bot.example.com/slack/oauth_redirect"]
    assert distributed["settings"]["org_deploy_enabled"] is True
    assert "agent_view" in manifest(Variant.agent)["features"]
    assert "agent_view" not in manifest()["features"]
    quiet = manifest(follow_ups=False)["settings"]["event_subscriptions"]["bot_events"]
    assert set(EVENTS) - set(quiet) == {"message.channels", "message.groups"}


def test_listeners_are_short() -> None:
    """A listener parses, acknowledges and hands over."""
    for module in (events, actions, choices, commands, plans, shortcuts):
        for one in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(one, ast.AsyncFunctionDef):
                assert (one.end_lineno or 0) - one.lineno < MAX_LINES, one.name


def test_texts_fit_into_a_manifest() -> None:
    """Slack's limits: 140 characters for the app, 2000 for a command, 24 for a shortcut's name."""
    made = manifest()
    assert len(made["display_information"]["description"]) <= 140
    assert all(len(one["name"]) <= 24 for one in made["features"]["shortcuts"])
    assert len(SCOPES) == len(set(SCOPES))
