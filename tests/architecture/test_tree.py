"""Rules of the tree: file sizes, documents that keep up with the code, nothing left of secrets."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest

from orchestrator.explain import Bound, Explained, ExplainedStep, Left
from orchestrator.semantic import json_schema
from tests.conftest import ROOT

PACKAGES = ("bot", "orchestrator", "adapters", "sandbox", "benchmarks", "evals")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MOST_LINES = 320


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_stay_small_and_say_what_they_are(path: Path) -> None:
    """A file has a docstring and at most 320 lines."""
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= MOST_LINES


def test_every_setting_is_documented() -> None:
    """Every variable that the settings read stands in docs/configuration.md."""
    names = re.findall(r'_named\("([A-Z_]+)"\)', (ROOT / "bot" / "settings.py").read_text())
    told = (ROOT / "docs" / "configuration.md").read_text()
    assert names
    assert [name for name in names if name not in told] == []


def test_every_part_of_a_plan_is_documented() -> None:
    """Every key of the plan's JSON stands in docs/reading-a-plan.md."""
    told = (ROOT / "docs" / "reading-a-plan.md").read_text()
    names = [one.name for kind in (Explained, ExplainedStep, Bound, Left) for one in fields(kind)]
    assert [name for name in names if f"`{name}`" not in told] == []


def test_the_schema_for_editors_is_that_of_the_code() -> None:
    """docs/semantic_model.schema.json is what `make schema` writes."""
    assert (ROOT / "docs" / "semantic_model.schema.json").read_text() == json_schema()


def test_no_module_bears_an_empty_name() -> None:
    """No module is named utils, helpers, common, manager, core or misc."""
    empty = {"utils", "helpers", "common", "manager", "core", "misc"}
    assert [path for path in FILES if path.stem in empty] == []
