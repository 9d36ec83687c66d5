"""A pytest plugin that takes one lock away as its module is imported, and tells what came of it.

`CROSSTALK_LOCK_OFF` names the lock (none: all are on), `CROSSTALK_LOCK_TOLD` the file that is
written at the end.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import pytest
from hypothesis.errors import HypothesisException

from tests.locks.locks import Lock, all_locks

MISTAKES = (ImportError, SyntaxError, NameError, HypothesisException)
"""What says that the module without its lock is broken, or the machine slow, and not that the lock
is missed."""


class _Without(SourceFileLoader):
    """Loads a module whose lock is off; what is compiled is never kept."""

    def __init__(self, lock: Lock, path: str) -> None:
        super().__init__(lock.python, path)
        self._lock = lock

    def get_code(self, fullname: str) -> CodeType:
        """The code without the lock."""
        text = self._lock.removed(Path(self.path).read_text())
        return compile(text, self.path, "exec")


class _Finder(MetaPathFinder):
    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own spec with the loader that leaves the lock out."""
        if fullname != self._lock.python:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Without(self._lock, spec.origin)
        return spec


@dataclass(slots=True)
class Told:
    """What came of the tests: how many passed, which failed by themselves (with the kind of error),
    and what went wrong beside them."""

    passed: int = 0
    caught: dict[str, str] = field(default_factory=dict[str, str])
    broken: list[str] = field(default_factory=list[str])


class _Watcher:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._told = Told()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]):
        """Tell a test that failed from one that could not be run."""
        yield
        if call.excinfo is None:
            self._told.passed += call.when == "call"
        elif call.when == "call" and not call.excinfo.errisinstance(MISTAKES):
            self._told.caught[item.nodeid] = call.excinfo.typename
        else:
            self._told.broken.append(f"{item.nodeid} ({call.when}): {call.excinfo.exconly()[:300]}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tell of tests that can't be collected."""
        if report.failed:
            self._told.broken.append(f"{report.nodeid}: {str(report.longrepr)[-300:]}")

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write it all down."""
        if exitstatus == pytest.ExitCode.USAGE_ERROR:
            self._told.broken.append("a test that is named does not exist")
        told = {"passed": self._told.passed, "caught": self._told.caught}
        self._path.write_text(json.dumps(told | {"broken": self._told.broken}))


def lock_off() -> Lock | None:
    """The lock that is off in this process."""
    name = os.environ.get("CROSSTALK_LOCK_OFF")
    return all_locks()[name] if name else None


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Take the lock away before anything of the product is imported."""
    lock = lock_off()
    if lock is not None and lock.python:
        if lock.python in sys.modules:
            raise pytest.UsageError(f"{lock.python} was imported before its lock was off.")
        sys.meta_path.insert(0, _Finder(lock))
    early_config.pluginmanager.register(_Watcher(Path(os.environ["CROSSTALK_LOCK_TOLD"])))
