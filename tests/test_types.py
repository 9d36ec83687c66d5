"""Types hold in the whole tree."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


@pytest.mark.timeout(600)
def test_pyright_finds_nothing() -> None:
    """Pyright in strict mode finds no mistake, in the code or in the tests."""
    checked = subprocess.run(
        [sys.executable, "-m", "pyright"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
