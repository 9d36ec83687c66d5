"""A store for each test that asks for one."""

import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orchestrator.store import Store


def url_of(file: Path) -> str:
    """The address of a store in a SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


@pytest.fixture(scope="session")
async def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store that is migrated and empty, to be copied: migrating takes a while."""
    file = tmp_path_factory.mktemp("store") / "store.db"
    one = Store(url_of(file))
    await one.open()
    await one.close()
    return file


@pytest.fixture
async def store(tmp_path: Path, empty_store: Path) -> AsyncGenerator[Store]:
    """An open, empty store of the test's own, in `store.db` of its folder."""
    shutil.copy(empty_store, tmp_path / "store.db")
    one = Store(url_of(tmp_path / "store.db"))
    await one.open()
    yield one
    await one.close()
