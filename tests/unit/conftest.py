"""A store for each test that asks for one."""

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orchestrator.store import Store
from tests.conftest import empty_store


def url_of(file: Path) -> str:
    """The address of a store in a SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    """An open, empty store of the test's own, in `store.db` of its folder."""
    shutil.copy(await empty_store(), tmp_path / "store.db")
    one = Store(url_of(tmp_path / "store.db"))
    await one.open()
    yield one
    await one.close()
