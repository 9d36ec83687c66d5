"""Feedback, Home and schedules through the real bot."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.runs import Runs
from bot.slack.schedule.due import sweep
from orchestrator.semantic import SemanticModel
from orchestrator.store import Feedback, Queue, Schedule, Schedules
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, Transport, both_ways, table_of
from tests.wire.office import WORDS, Message, Office, is_card, opened_office, opened_slack

ADA, ELIN = "U0ADA", "U0ELIN"
OWNERS = "C0DATA"
COUNT = "how many customers in Germany?"


@pytest.fixture
async def office(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, transport: Transport
) -> AsyncGenerator[Office]:
    """The office, where complaints go to the owners' channel."""
    async with (
        opened_slack(sandbox) as slack,
        opened_office(
            sandbox, slack, model, tmp_path, transport, CROSSTALK_FEEDBACK_CHANNEL=OWNERS
        ) as one,
    ):
        yield one


def has_thumbs(message: Message) -> bool:
    """Whether a message is an answer that people can judge."""
    return any(block["type"] == "context_actions" for block in message.get("blocks") or [])


async def answer_to(office: Office, words: str = COUNT) -> Message:
    """Ask as Marco in the sales channel, and wait for the answer."""
    await office.slack.post_as(MARCO, SALES, f"<@{office.slack.bot_user_id}> {words}")
    return await office.until(has_thumbs)


def thumb(message: Message, which: str) -> str:
    """The value of an answer's good or bad button."""
    (row,) = [b["elements"] for b in message["blocks"] if b["type"] == "context_actions"]
    return str(row[0][f"{which}_button"]["value"])


async def opinions(office: Office, run_id: str) -> list[tuple[str, str, str]]:
    """The opinions that are kept on a run: (user, verdict, words)."""
    found = await Feedback(office.pipeline.store.engine).of(run_id)
    return [(one.user, one.verdict, one.words) for one in found]


@both_ways
async def test_good_is_kept_and_bad_reaches_the_owners(office: Office) -> None:
    """A thumb up is stored; a thumb down asks what is wrong, and the owners get that with the
    question, its SQL and its plan, escaped and without rows."""
    answer = await answer_to(office)
    good, bad = thumb(answer, "positive"), thumb(answer, "negative")
    run_id = good.partition(" ")[2]
    assert (good, bad) == (f"good {run_id}", f"bad {run_id}")
    where = (answer["channel"], answer["ts"], "feedback")
    await office.slack.press(ELIN, *where, good)
    assert await opinions(office, run_id) == [(ELIN, "good", "")]
    await office.slack.press(MARCO, *where, bad)
    view = await office.modal(MARCO)
    assert await office.slack.submit_view(MARCO, view["id"], {}) != {}
    said = {
        "what": {"what": {"selected_option": {"value": "number"}}},
        "words": {"words": {"value": "<!here> & far too <b>low"}},
    }
    assert await office.slack.submit_view(MARCO, view["id"], said) == {}
    complaint = "A wrong number in an answer"
    told = await office.until(lambda m: m["channel"] == OWNERS and complaint in m["text"])
    shown = str(told["blocks"])
    assert "A wrong number" in shown
    assert "&lt;!here&gt; &amp; far too &lt;b&gt;low" in shown
    for part in (COUNT, "COUNT(", "customer", "sales"):
        assert part in shown
    assert "1,106" not in shown
    assert "1106" not in shown
    assert (MARCO, "number", "<!here> & far too <b>low") in await opinions(office, run_id)


async def test_an_opinion_of_another_team_does_not_count(office: Office) -> None:
    """In a shared channel somebody of another workspace gets no modal, and nothing is kept."""
    answer = await answer_to(office)
    guest = office.slack.add_user("vera", user_id="U0VERA", team_id="T0OTHER")
    office.slack.join(guest.id, SALES)
    where = (answer["channel"], answer["ts"], "feedback")
    run_id = thumb(answer, "positive").partition(" ")[2]
    await office.slack.press(guest.id, *where, thumb(answer, "positive"))
    await office.slack.press(guest.id, *where, thumb(answer, "negative"))
    await office.slack.press(ADA, *where, thumb(answer, "positive"))
    assert await opinions(office, run_id) == [(ADA, "good", "")]
    assert not office.slack.workspace.views


async def home_of(office: Office, user: str, words: str = "Your settings") -> dict[str, Any]:
    """Open somebody's Home, and wait until these words stand there."""
    await office.slack.open_home(user)
    return await shown(office, user, words)


async def shown(office: Office, user: str, words: str) -> dict[str, Any]:
    """Somebody's Home, once these words stand there."""
    home = office.slack.home(user)
    if home is not None and words in str(home):
        return home
    change = await office.changes.until(
        lambda c: c["type"] == "home" and c["user"] == user and words in str(c["view"])
    )
    return change["view"]


def parts(home: dict[str, Any]) -> dict[str, str]:
    """What stands under each heading of a Home."""
    found: dict[str, str] = {}
    title = ""
    for block in home["blocks"]:
        if block["type"] == "header":
            title = block["text"]["text"]
        found[title] = found.get(title, "") + str(block)
    return found


@both_ways
async def test_home_shows_what_is_a_persons_own(office: Office) -> None:
    """Own questions with their end, the sources, what the model suggests; nobody else's."""
    await answer_to(office)
    home = parts(await home_of(office, MARCO, "answered"))
    assert COUNT in home["Your questions"]
    assert "✅ answered" in home["Your questions"]
    assert "which enterprise customers with open P1 tickets" in home["You could ask"]
    for name in ("🟢 sales (postgres)", "🟢 support (mongo)", "🟢 notes (qdrant)"):
        assert name in home["Sources"]
    assert "Europe/" in home["Your settings"]
    other = parts(await home_of(office, ELIN))
    assert "You have not asked anything yet" in other["Your questions"]


@both_ways
async def test_home_shows_the_approvals_that_a_person_can_give(office: Office) -> None:
    """Whoever is in the group sees the request with a link to its card; others, and the asker,
    do not. However many wait, the group is read once."""
    card = await office.asked()
    await office.asked()
    before = len(office.slack.calls)
    home = parts(await home_of(office, ADA, WORDS))["Waiting for your decision"]
    called = [method for method, _ in office.slack.calls[before:]]
    for method in ("usergroups.list", "usergroups.users.list"):
        assert called.count(method) == 1
    assert f"asked by <@{MARCO}>" in home
    assert card["ts"].replace(".", "") in home
    for user in (MARCO, ELIN):
        assert "Waiting for your decision" not in parts(await home_of(office, user))


@both_ways
async def test_questions_are_asked_from_home(office: Office) -> None:
    """“Ask again” and “Ask” put the question into the direct conversation, where it is answered."""
    answer = await answer_to(office)
    run_id = thumb(answer, "positive").partition(" ")[2]
    home = await home_of(office, MARCO, "answered")
    await office.slack.press_view(MARCO, home["id"], "home_again", run_id)
    again = await office.until(lambda m: has_thumbs(m) and m["channel"].startswith("D"))
    assert table_of(again) == table_of(answer)
    asked = next(m for m in office.seen if m["ts"] == again["thread_ts"])
    assert COUNT in asked["text"]
    assert f"<@{MARCO}>" in asked["text"]
    await shown(office, MARCO, "Asked. The answer comes")
    suggested = office.pipeline.model.verified_queries[0].question
    home = await home_of(office, ELIN)
    await office.slack.press_view(ELIN, home["id"], "home_suggested", suggested)
    first = await office.until(
        lambda m: has_thumbs(m) and m["channel"] == office.slack.open_im(ELIN).id
    )
    assert len(table_of(first)) > 1


@both_ways
async def test_a_time_zone_is_chosen_on_home(office: Office) -> None:
    """What is no time zone is refused in the modal; the chosen one counts from then on."""
    home = await home_of(office, MARCO)
    await office.slack.press_view(MARCO, home["id"], "home_settings")
    view = await office.modal(MARCO)

    def typed(words: str) -> dict[str, Any]:
        return {"time_zone": {"time_zone": {"value": words}}}

    wrong = await office.slack.submit_view(MARCO, view["id"], typed("Mars/Olympus"))
    assert "no time zone" in wrong["time_zone"]
    assert await office.slack.submit_view(MARCO, view["id"], typed("Asia/Tokyo")) == {}
    await shown(office, MARCO, "Asia/Tokyo (chosen by you)")
    answer = await answer_to(office)
    run = await office.pipeline.recall(thumb(answer, "positive").partition(" ")[2])
    assert run is not None
    assert run.time_zone == "Asia/Tokyo"


@both_ways
async def test_amounts_are_shown_in_a_chosen_currency(office: Office) -> None:
    """Sentence and table are in the currency that was chosen on Home, and the footer has the rate;
    somebody who chose none sees the amounts as they are kept."""
    question = "revenue in Germany"
    kept = await answer_to(office, question)
    home = await home_of(office, MARCO)
    await office.slack.press_view(MARCO, home["id"], "home_settings")
    view = await office.modal(MARCO)
    chosen = {"currency": {"currency": {"selected_option": {"value": "USD"}}}}
    assert await office.slack.submit_view(MARCO, view["id"], chosen) == {}
    await shown(office, MARCO, "Amounts are shown in USD")
    answer = await answer_to(office, question)
    (title,), (amount,) = table_of(answer)
    assert title == "revenue (USD)"
    currencies = office.pipeline.model.currencies
    assert currencies is not None
    rate = currencies.rates["USD"]
    assert number(amount) == pytest.approx(number(table_of(kept)[1][0]) * rate, abs=0.01)
    assert f"{amount} USD" in answer["text"]
    assert f"{rate} USD for 1 EUR" in str(answer["blocks"])
    assert "EUR" in kept["text"]


def number(text: str) -> float:
    """A number as it is shown."""
    return float(text.replace(",", ""))


async def schedule(office: Office, text: str, user: str = MARCO, channel: str = SALES) -> str:
    """Type `/schedule …`: what its writer alone is told."""
    await office.slack.slash(user, channel, "/schedule", text)
    return await office.told(user)


async def owned(office: Office, user: str = MARCO) -> list[Schedule]:
    """The schedules of somebody."""
    team = office.slack.workspace.team_id
    return await Schedules(office.pipeline.store.engine).owned(team, user)


async def time_passes(office: Office, at: datetime) -> None:
    """It is that time, and what is due is swept."""
    engine = office.pipeline.store.engine
    office.now = at
    await sweep(Schedules(engine), Runs(Queue(engine)), at)


async def until_digest(office: Office, wanted: Callable[[str | None], bool]) -> Schedule:
    """Marco's only schedule, once the digest of its result is as wanted: nothing tells of it."""
    async with asyncio.timeout(30):
        while not wanted((one := (await owned(office))[0]).digest):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return one


@both_ways
async def test_a_schedule_asks_in_its_channel(office: Office) -> None:
    """It is announced there, asked when its time comes by its person's clock, and answered in a
    thread with their rights; it can be listed and stopped."""
    said = await schedule(office, f'"every Tuesday 9:00" {COUNT}')
    (one,) = await owned(office)
    assert "Tuesday, 16 June 2026, 09:00 (Europe/" in said
    assert any(f"<@{MARCO}> wants “{COUNT}” answered here" in m["text"] for m in office.seen)
    assert one.id in await schedule(office, "list")
    assert f"no schedule `{one.id}`" in await schedule(office, f"stop {one.id}", user=ELIN)
    await time_passes(office, one.next_at - timedelta(minutes=1))
    await time_passes(office, one.next_at)
    answer = await office.until(has_thumbs)
    assert table_of(answer)[1:] == [["1,106"]]
    posed = next(m for m in office.seen if m["ts"] == answer["thread_ts"])
    assert posed["text"].startswith("🗓️ every Tuesday 09:00 for")
    assert (await owned(office))[0].next_at == one.next_at + timedelta(days=7)
    run = await office.pipeline.recall(thumb(answer, "positive").partition(" ")[2])
    assert run is not None
    assert run.user == MARCO
    assert "Stopped" in await schedule(office, f"stop {one.id}")
    assert await owned(office) == []


async def test_what_can_not_be_a_schedule_is_refused(office: Office) -> None:
    """No time, no question, or a place where the bot is not: the writer is told what to do."""
    assert "every Monday 9:00" in await schedule(office, f"now and then {COUNT}")
    assert "no question" in await schedule(office, "every day 9:00")
    assert "every Monday 9:00" in await schedule(office, "")
    office.slack.add_channel("private", [MARCO], channel_id="C0PRIVATE", is_private=True)
    await office.slack.slash(MARCO, "C0PRIVATE", "/schedule", f"every day 9:00 {COUNT}")
    assert "Invite me" in await office.told(MARCO)
    assert await owned(office) == []


@both_ways
async def test_an_alert_tells_only_of_a_change(office: Office) -> None:
    """The first result is what later ones are compared with; only another one is told."""
    await schedule(office, f'"every hour" tell me when {COUNT}')
    schedules = Schedules(office.pipeline.store.engine)

    async def checked() -> Schedule:
        await time_passes(office, (await owned(office))[0].next_at)
        return await until_digest(office, lambda digest: digest is not None)

    first = await checked()
    assert await schedules.result(first, "0" * 64)
    await time_passes(office, first.next_at)
    answer = await office.until(has_thumbs)
    assert table_of(answer)[1:] == [["1,106"]]
    told = [m for m in office.seen if "The result has changed" in m["text"]]
    assert [m["ts"] for m in told] == [answer["thread_ts"]]
    await until_digest(office, lambda digest: digest == first.digest)


async def test_a_schedule_that_needs_approval_asks_for_it(office: Office) -> None:
    """Its card is posted like that of any question; an alert that would need one ends."""
    await schedule(office, f"every day 9:00 {WORDS}")
    (one,) = await owned(office)
    await time_passes(office, one.next_at)
    card = await office.until(is_card)
    assert await office.status(card) == "waiting"
    await schedule(office, f"every hour tell me when {WORDS}")
    await time_passes(office, office.now)
    told = await office.until(lambda m: "has ended" in m["text"])
    assert "each check would need an approval" in told["text"]
    assert [left.id for left in await owned(office)] == [one.id]
    team = office.slack.workspace.team_id
    assert len(await office.pipeline.approvals.waiting(team)) == 1


async def test_a_schedule_ends_with_its_person(office: Office) -> None:
    """Whoever has left the company asks no more, and the channel is told."""
    await schedule(office, f"every day 9:00 {COUNT}")
    (one,) = await owned(office)
    office.slack.deactivate(MARCO)
    await time_passes(office, one.next_at)
    told = await office.until(lambda m: "has ended" in m["text"])
    assert "its person has left the workspace" in told["text"]
    assert await owned(office) == []
    assert office.runs == 0
    assert one.next_at > datetime(2026, 6, 15, tzinfo=UTC)
