"""Schedules, opinions and settings as they are kept; and the sweep of what is due."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.runs import Runs
from bot.slack.schedule.due import SCHEDULED, sweep
from orchestrator.store import (
    Feedback,
    Opinion,
    PersonalSettings,
    Preferences,
    Queue,
    Schedule,
    Schedules,
    Store,
)

NINE = datetime(2026, 6, 15, 7, tzinfo=UTC)
DAILY = Schedule(
    "s1", "T1", "U1", "C1", "how many?", "every day 09:00", "Europe/Berlin", False, NINE
)


async def test_of_two_replicas_one_acts(store: Store) -> None:
    """Both sweep at once: the queue has the work once, and the next time is tomorrow's."""
    schedules = [Schedules(store.engine) for _ in range(2)]
    queue = Queue(store.engine)
    await schedules[0].add(DAILY)
    await asyncio.gather(*(sweep(one, Runs(Queue(store.engine)), NINE) for one in schedules))
    work = await queue.claim([SCHEDULED])
    assert work is not None
    assert work.payload == {"schedule_id": "s1"}
    assert await queue.done(work)
    assert await queue.claim([SCHEDULED]) is None
    assert await schedules[0].owned("T1", "U1") == [
        replace(DAILY, next_at=NINE + timedelta(days=1))
    ]


async def test_what_died_before_the_next_time_was_set_loses_nothing(store: Store) -> None:
    """Work that is in the queue already is not put there again, and the time moves on."""
    schedules, queue = Schedules(store.engine), Queue(store.engine)
    await schedules.add(DAILY)
    key = f"schedule s1 {NINE.isoformat()}"
    assert await queue.put("T1:schedule:s1", [key], SCHEDULED, {"schedule_id": "s1"})
    await sweep(schedules, Runs(queue), NINE)
    work = await queue.claim([SCHEDULED])
    assert work is not None
    await queue.done(work)
    assert await queue.claim([SCHEDULED]) is None
    assert await schedules.due(NINE) == []


async def test_what_was_missed_is_done_once(store: Store) -> None:
    """After three days away one piece of work stands for all, and the next time lies ahead."""
    schedules, queue = Schedules(store.engine), Queue(store.engine)
    await schedules.add(DAILY)
    later = NINE + timedelta(days=3, hours=1)
    await sweep(schedules, Runs(queue), later)
    await sweep(schedules, Runs(queue), later)
    work = await queue.claim([SCHEDULED])
    assert work is not None
    await queue.done(work)
    assert await queue.claim([SCHEDULED]) is None
    (left,) = await schedules.owned("T1", "U1")
    assert left.next_at == NINE + timedelta(days=4)


async def test_a_change_counts_once(store: Store) -> None:
    """Of two changes to what both have read, the first counts; what has ended changes no more."""
    schedules = Schedules(store.engine)
    await schedules.add(DAILY)
    tomorrow = NINE + timedelta(days=1)
    assert sorted(
        await asyncio.gather(*(schedules.advance(DAILY, tomorrow) for _ in range(4)))
    ) == [False, False, False, True]
    assert await schedules.result(DAILY, "d1")
    assert not await schedules.result(DAILY, "d2")
    assert await schedules.result(replace(DAILY, digest="d1"), "d2")
    assert await schedules.of("s1") == replace(DAILY, next_at=tomorrow, digest="d2")
    assert await schedules.end("s1", NINE, "stopped")
    assert not await schedules.end("s1", NINE, "stopped")
    assert await schedules.of("s1") is None
    assert await schedules.due(NINE + timedelta(days=9)) == []


async def test_schedules_are_their_persons_own(store: Store) -> None:
    """A person's list has what is theirs in this team, the next one first."""
    schedules = Schedules(store.engine)
    await schedules.add(DAILY)
    await schedules.add(replace(DAILY, id="s2", next_at=NINE - timedelta(hours=1)))
    await schedules.add(replace(DAILY, id="s3", user="U2"))
    await schedules.add(replace(DAILY, id="s4", team="T2"))
    assert [one.id for one in await schedules.owned("T1", "U1")] == ["s2", "s1"]


async def test_a_persons_newest_opinion_counts(store: Store) -> None:
    """Each person has one opinion of a run."""
    feedback = Feedback(store.engine)
    good = Opinion("r1", "T1", "U1", "good", "", NINE)
    bad = replace(good, verdict="number", words="too high", at=NINE + timedelta(minutes=1))
    other = replace(good, user="U2")
    for opinion in (good, other, bad):
        await feedback.keep(opinion)
    assert await feedback.of("r1") == [other, bad]
    assert await feedback.of("r2") == []


async def test_settings_are_chosen_and_taken_back(store: Store) -> None:
    """They are the person's in this team alone, and the last ones count."""
    preferences = Preferences(store.engine)
    assert await preferences.of("T1", "U1") == PersonalSettings()
    await preferences.choose("T1", "U1", PersonalSettings("Asia/Tokyo", is_private=True))
    chosen = PersonalSettings("Europe/Berlin", is_private=True)
    await preferences.choose("T1", "U1", chosen)
    assert await preferences.of("T1", "U1") == chosen
    assert await preferences.of("T2", "U1") == PersonalSettings()
    await preferences.choose("T1", "U1", PersonalSettings())
    assert await preferences.of("T1", "U1") == PersonalSettings()
