"""Choices that are kept: whose they are, which counts first, and how they end."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orchestrator.store import Choices, Store

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
NET = (("metric", "", "net_revenue", ""),)


@pytest.fixture
async def choices(tmp_path: Path) -> AsyncGenerator[Choices]:
    """The choices of an open store."""
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/store.db")
    await store.open()
    yield Choices(store.engine)
    await store.close()


async def test_a_persons_own_come_before_those_of_the_channel(choices: Choices) -> None:
    """Each is given back as it was kept, the newest first; other people's and places' are not."""
    await choices.remember("T1", "U1", "sales", "units sold", (), AT, "C1")
    await choices.remember("T1", "U1", "revenue", "net revenue", NET, AT)
    await choices.remember("T1", "U1", "names", "customer name", (), AT + timedelta(hours=1))
    await choices.remember("T1", "U2", "revenue", "gross", (), AT)
    await choices.remember("T2", "U1", "revenue", "gross", (), AT)
    await choices.remember("T1", "U1", "revenue", "gross", (), AT, "C2")
    found = await choices.of("T1", "U1", "C1")
    assert [(one.words, one.channel) for one in found] == [
        ("names", ""), ("revenue", ""), ("sales", "C1"),
    ]  # fmt: skip
    assert (found[1].terms, found[1].chosen_at, found[1].chosen_by) == (NET, AT, "U1")
    assert [one.words for one in await choices.of("T1", "U9", "C1")] == ["sales"]
    assert await choices.of("T1", "U9", "") == ()


async def test_the_same_words_have_one_choice_until_it_is_forgotten(choices: Choices) -> None:
    """A later choice takes the earlier one's place; another team can't forget it, and once gone it
    can't be forgotten again."""
    await choices.remember("T1", "U1", "revenue", "gross", (), AT)
    await choices.remember("T1", "U1", "revenue", "net revenue", NET, AT + timedelta(days=1))
    (one,) = await choices.of("T1", "U1", "C1")
    assert (one.meaning, one.terms) == ("net revenue", NET)
    assert not await choices.forget(one, "T2")
    assert await choices.forget(one, "T1")
    assert not await choices.forget(one, "T1")
    assert await choices.of("T1", "U1", "C1") == ()
