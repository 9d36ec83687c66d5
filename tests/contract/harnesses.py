"""The harness of every kind of source, and which kinds a capability picks."""

from collections.abc import Callable
from pathlib import Path

from adapters.base import Capabilities
from orchestrator.pipeline import Pipeline
from orchestrator.wire import adapter_class
from sandbox.sandbox import Sandbox
from tests.contract.files import duckdb_files, sqlite_file
from tests.contract.harness import Harness, mongo, postgres, qdrant

HARNESSES: dict[str, Callable[[Pipeline, Sandbox, Path], Harness]] = {
    "postgres": postgres,
    "mongo": mongo,
    "qdrant": qdrant,
    "duckdb": duckdb_files,
    "sqlite": sqlite_file,
}


def kinds(able: Callable[[Capabilities], bool]) -> list[str]:
    """The kinds whose adapters are able to do something."""
    return [kind for kind in HARNESSES if able(adapter_class(kind).capabilities)]
