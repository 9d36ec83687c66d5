"""Settings and logs."""

import io
import json
import logging
from pathlib import Path

import pytest
import structlog

from adapters.errors import ConfigurationError
from bot.logs import redact, set_up_logs
from bot.settings import Settings, settings
from orchestrator.plan.budget import Budget, Limit


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without any of our variables."""
    for field in Settings.model_fields.values():
        for variable in getattr(field.validation_alias, "choices", ()):
            monkeypatch.delenv(str(variable), raising=False)


def test_defaults_are_enough_for_the_command_line() -> None:
    """Nothing has to be set to ask a question on one machine."""
    found = settings()
    assert found.semantic_model == Path("semantic_model.yaml")
    assert found.store_url == "sqlite+aiosqlite:///crosstalk.db"
    assert found.vault() is None
    assert found.anthropic_key() is None


def test_the_budget_is_as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each limit is its own variable; what is not set has none, and nothing is no limit."""
    assert settings().budget() == Budget()
    monkeypatch.setenv("CROSSTALK_QUESTION_TOKENS", "60000")
    monkeypatch.setenv("CROSSTALK_PERSON_USD", "0.5")
    monkeypatch.setenv("CROSSTALK_DAY_TOKENS", "9000000")
    monkeypatch.setenv("CROSSTALK_DAY_USD", "20")
    assert settings().budget() == Budget(Limit(60_000), Limit(usd=0.5), Limit(9_000_000, 20.0))
    monkeypatch.setenv("CROSSTALK_DAY_USD", "0")
    with pytest.raises(ConfigurationError, match="CROSSTALK_DAY_USD"):
        settings()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repr of the settings can be logged."""
    for variable in ("SLACK_BOT_TOKEN", "VAULT_TOKEN", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(variable, "xoxb-very-secret")
    assert "very-secret" not in repr(settings())


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN does not start with xoxb-"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "Neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "x"}, "SLACK_APP_TOKEN does not start"),
    ],
)
def test_what_slack_needs_is_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    """Each missing or wrong token is named with what to do."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=said):
        settings().check_reachable()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SLACK_CLIENT_ID": "1.1"}, "one is not set"),
        ({"SLACK_CLIENT_SECRET": "s"}, "one is not set"),
        ({"SLACK_CLIENT_ID": "1.1", "SLACK_CLIENT_SECRET": "s"}, "CROSSTALK_WORKSPACES is not"),
    ],
)
def test_several_workspaces_need_all_of_oauth(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    """Half an app, and one that nobody may install, are mistakes."""
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=said):
        settings().check_reachable()


def test_with_oauth_no_bot_token_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tokens come with the installations of the workspaces that are listed."""
    given = {"SLACK_CLIENT_ID": "1.1", "SLACK_CLIENT_SECRET": "hush", "SLACK_APP_TOKEN": "xapp-1"}
    for variable, value in {**given, "CROSSTALK_WORKSPACES": "T1, E2"}.items():
        monkeypatch.setenv(variable, value)
    settings().check_reachable()
    oauth = settings().oauth()
    assert oauth is not None
    assert oauth.allowed == {"T1", "E2"}
    assert "hush" not in repr(oauth)


def test_vault_needs_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address alone is a mistake; an AppRole or a token is enough."""
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:8200")
    with pytest.raises(ConfigurationError, match="VAULT_ROLE_ID"):
        settings().vault()
    monkeypatch.setenv("VAULT_TOKEN", "hvs.x")
    vault = settings().vault()
    assert vault is not None
    assert vault.token == "hvs.x"


def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable as it is set, and holds no value."""
    monkeypatch.setenv("CROSSTALK_HTTP_PORT", "eighty")
    with pytest.raises(ConfigurationError, match="CROSSTALK_HTTP_PORT is not usable"):
        settings()


@pytest.mark.parametrize(
    "secret",
    ["xoxb-12-ab", "xapp-1-A-b", "sk-ant-api03-x_y", "hvs.CAES", "postgresql://u:pw@host/db"],
)
def test_secrets_are_blanked(secret: str) -> None:
    """Whatever looks like a secret is blanked, inside lists and dicts too."""
    event = redact(None, "info", {"event": f"saw {secret}", "deep": [{"a": secret}]})
    assert secret not in str(event)
    assert "pw" not in str(event)
    assert "[redacted]" in event["event"]


def test_logs_of_both_kinds_are_one_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """structlog and the standard library write the same JSON, blanked, tracebacks too."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        set_up_logs("json")
        logging.getLogger("slack_sdk").warning("token %s", "xoxb-1-secret")
        try:
            int("xoxb-2-secret")
        except ValueError:
            structlog.get_logger("bot").exception("broken", error_id="ab")
    finally:
        structlog.reset_defaults()
        root.handlers[:], root.level = handlers, level
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["event"] == "token [redacted]"
    assert second["error_id"] == "ab"
    assert "ValueError" in second["exception"]
    assert "secret" not in stream.getvalue()


def test_each_way_to_log_in_to_vault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An AppRole, a Kubernetes role or a token is enough; none, or a CA file that is not there, is
    said."""
    monkeypatch.setenv("VAULT_ADDR", "https://vault.example.com/")
    with pytest.raises(ConfigurationError, match="VAULT_K8S_ROLE"):
        settings().vault()
    monkeypatch.setenv("VAULT_K8S_ROLE", "bot")
    monkeypatch.setenv("VAULT_K8S_MOUNT", "pods")
    monkeypatch.setenv("VAULT_NAMESPACE", "data")
    found = settings().vault()
    assert found
    assert (found.kubernetes_role, found.kubernetes_mount) == ("bot", "pods")
    assert found.where == "https://vault.example.com/data"
    monkeypatch.setenv("VAULT_CACERT", str(tmp_path / "ca.pem"))
    with pytest.raises(ConfigurationError, match="VAULT_CACERT"):
        settings().vault()
    (tmp_path / "ca.pem").touch()
    with_file = settings().vault()
    assert with_file
    assert with_file.ca_file == tmp_path / "ca.pem"
