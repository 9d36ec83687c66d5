"""The harness of every kind of source, and which kinds a capability picks."""

from collections.abc import Callable
from pathlib import Path

from adapters.base import Capabilities
from bot.slack.history import SlackAdapter
from orchestrator.pipeline import Pipeline
from orchestrator.wire import adapter_class
from sandbox.sandbox import Sandbox
from tests.contract.files import duckdb_files, sqlite_file
from tests.contract.harness import Harness, mongo, postgres, qdrant
from tests.contract.history import slack

HARNESSES: dict[str, Callable[[Pipeline, Sandbox, Path], Harness]] = {
    "postgres": postgres,
    "mongo": mongo,
    "qdrant": qdrant,
    "duckdb": duckdb_files,
    "sqlite": sqlite_file,
    "slack": slack,
}


def kinds(able: Callable[[Capabilities], bool]) -> list[str]:
    """The kinds whose adapters are able to do something."""
    return [kind for kind in HARNESSES if able(_capabilities(kind))]


def _capabilities(kind: str) -> Capabilities:
    return SlackAdapter.capabilities if kind == "slack" else adapter_class(kind).capabilities
