"""The rule that keeps rows out of prompts, attacked with an import that breaks it."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.locks.locks import ROOT, text_of
from tests.locks.plugin import lock_off

STAGES = "The stages of the flow"


def test_a_planner_can_not_import_rows(tmp_path: Path) -> None:
    """A module of `plan` that imports where rows are is refused by the contract of the stages."""
    shutil.copytree(ROOT / "orchestrator", tmp_path / "orchestrator")
    leak = tmp_path / "orchestrator" / "plan" / "leak.py"
    leak.write_text('"""A leak."""\n\nfrom orchestrator.staging import Staging as Rows\n')
    kept = tomllib.loads(text_of("pyproject.toml", lock_off()))["tool"]["importlinter"]
    (stages,) = [one for one in kept["contracts"] if one["name"] == STAGES]
    fields = "\n".join(f"{name} = {json.dumps(value)}" for name, value in stages.items())
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_packages = ["orchestrator"]\n'
        f"[[tool.importlinter.contracts]]\n{fields}\n"
    )
    linter = Path(sys.executable).parent / "lint-imports"
    found = subprocess.run(  # noqa: S603 -- our own
        [linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "orchestrator.plan.leak -> orchestrator.staging" in found.stdout, found.stdout
