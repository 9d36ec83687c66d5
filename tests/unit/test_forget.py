"""A workspace that takes the app away is forgotten, and its neighbours are not."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.slack.approval.listeners import start
from bot.slack.approval.reminders import start_approved
from bot.runs import Runs
from orchestrator.approve.grant import Grant
from orchestrator.approve.request import Binding, Request
from orchestrator.approve.risk import Risk
from orchestrator.question import Question, Requester
from orchestrator.store import Approvals, Grants, Queue, Store
from orchestrator.store.tables import metadata

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    """An open store."""
    one = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    await one.open()
    yield one
    await one.close()
