"""The locks and what is said of them: each stands where it is said to, and each test is there."""

import ast
import re

import pytest

from tests.locks.locks import ROOT, Lock, all_locks
from tests.locks.table import BEGINS, SECURITY, written

LOCKS = all_locks()


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS.keys())
def test_a_lock_stands_where_it_is_said_to(lock: Lock) -> None:
    """What is taken away for a lock stands exactly once in its module, which is Python without
    it too."""
    without = lock.removed((ROOT / lock.module).read_text())
    if lock.python:
        ast.parse(without)


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS.keys())
def test_the_proofs_of_a_lock_are_there(lock: Lock) -> None:
    """Every test that is named for a lock is a function of its file."""
    assert lock.tests
    for test in lock.tests:
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text())
        functions = {
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert not name or name.partition("[")[0] in functions


def test_the_table_of_locks_is_that_of_the_files() -> None:
    """SECURITY.md has the table that `make locks-table` writes."""
    text = SECURITY.read_text()
    assert text == written(text)


def test_every_line_of_the_threats_names_locks_that_there_are() -> None:
    """Each row of the tables of threats, and of what broke others, names locks in its last
    column, and none that there is not."""
    told = SECURITY.read_text().partition(BEGINS)[0]
    rows = [line for line in told.splitlines() if line.startswith("|") and "---" not in line]
    rows = [row for row in rows if not row.rstrip().endswith("| locks |")]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`([\w-]+)`", row.rstrip(" |").rpartition("|")[2])
        assert named, row
        assert [name for name in named if name not in LOCKS] == [], row
