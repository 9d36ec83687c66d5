"""Answers go where their readers may see them, through the real bot."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from bot.runs import Runs
from bot.slack.schedule.due import sweep
from orchestrator.semantic import SemanticModel
from orchestrator.store import PersonalSettings, Queue, Schedules
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, Transport, both_ways, is_progress, table_of
from tests.wire.office import (
    WORDS,
    Message,
    Office,
    buttons,
    opened_office,
    opened_slack,
    with_policy,
)

ADA, JONAS, NORA, ELIN = "U0ADA", "U0JONAS", "U0NORA", "U0ELIN"
DATA, FINANCE, SHARED, SUPPORT = "C0DATA", "C0FINANCE", "C0SHARED", "C0SUPPORT"
COUNT = "how many customers in Germany?"
FEW = "email of customers in Poland"


@pytest.fixture
async def office(
    sandbox: Sandbox,
    model: SemanticModel,
    tmp_path: Path,
    transport: Transport,
    request: pytest.FixtureRequest,
) -> AsyncGenerator[Office]:
    """The office, where nothing needs an approval unless the test is marked with rules."""
    policy: dict[str, Any] = getattr(request, "param", {"rules": {}})
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, with_policy(model, **policy), tmp_path, transport) as one,
    ):
        yield one


async def ask(office: Office, channel: str, words: str = FEW, user: str = MARCO) -> str:
    """Mention the bot: the ts of the question."""
    return await office.slack.post_as(user, channel, f"<@{office.slack.bot_user_id}> {words}")


async def set_private(office: Office, user: str = MARCO) -> None:
    """Somebody wants answers for themselves alone."""
    team, settings = office.slack.workspace.team_id, PersonalSettings(is_private=True)
    await office.pipeline.preferences.choose(team, user, settings)


def is_line(message: Message) -> bool:
    """Whether a message tells a thread that its answer is elsewhere."""
    return message["how"] == "message" and message["text"].startswith("🔒 The answer")


async def told(office: Office, ts: str) -> str:
    """What the thread of a question is told of its answer, which is not there."""
    line = await office.until(is_line)
    assert line["thread_ts"] == ts
    assert not holds_addresses(office, line["channel"])
    return str(line["text"])


def holds_addresses(office: Office, channel: str) -> bool:
    """Whether any message of the bot in a channel has an address of a customer in it."""
    messages = office.slack.workspace.channels[channel].messages.values()
    said = [str(m) for m in messages if m.get("user") == office.slack.bot_user_id]
    assert said
    return any("@" in one.replace("<@", "").replace("@crosstalk", "") for one in said)


def alone(office: Office, user: str = MARCO) -> list[Message]:
    """What the bot has written to somebody alone, in order."""
    im = office.slack.open_im(user)
    return [m for m in im.messages.values() if m.get("user") == office.slack.bot_user_id]


@both_ways
async def test_a_public_channel_gets_a_line_and_the_asker_the_answer(office: Office) -> None:
    """Addresses go to the asker alone, with their table and file; the thread has the progress, in
    counts, and says why, and nobody asks for it twice."""
    ts = await ask(office, DATA, WORDS)
    said = await told(office, ts)
    assert said == (
        f"🔒 The answer went to <@{MARCO}> alone: it shows customer.email, which is personal data "
        "(class contact), and everybody in the company can read this channel."
    )
    head, answer, file = alone(office)
    assert WORDS in head["text"]
    assert ts.replace(".", "") in head["text"]
    assert answer["thread_ts"] == file["thread_ts"] == head["ts"]
    assert "@" in table_of(answer)[1][-1]
    assert file["files"]
    assert office.runs == 1
    progress = next(m for m in office.seen if is_progress(m))
    assert (progress["channel"], progress["thread_ts"]) == (DATA, ts)
    await office.slack.press(MARCO, answer_place(office), answer["ts"], "download_xlsx")
    await office.until(lambda m: m["channel"] == answer_place(office) and bool(m.get("files")))


def answer_place(office: Office) -> str:
    """Marco's conversation with the bot."""
    return office.slack.open_im(MARCO).id


@pytest.mark.parametrize(("channel", "user"), [(FINANCE, JONAS), (SALES, MARCO)])
async def test_a_private_channel_and_one_of_the_policy_see_it(
    office: Office, channel: str, user: str
) -> None:
    """The same question is answered in its thread where everybody may see the answer."""
    ts = await ask(office, channel, user=user)
    answer = await office.answered()
    assert (answer["channel"], answer["thread_ts"]) == (channel, ts)
    assert holds_addresses(office, channel)
    assert not alone(office, user)


async def test_counts_may_be_seen_by_all(office: Office) -> None:
    """What shows no personal data is posted, and Slack is not even asked who reads it."""
    before = len(office.slack.calls)
    await ask(office, SHARED, "how many customers in Germany?")
    assert (await office.answered())["channel"] == SHARED
    called = {name for name, _ in office.slack.calls[before:]}
    assert not called & {"conversations.info", "conversations.members", "users.list"}


async def test_people_of_another_company_do_not_see_it(office: Office) -> None:
    """In a channel that is shared with a customer the answer goes to the asker alone."""
    said = await told(office, await ask(office, SHARED))
    assert "guests or people of other companies can read this channel" in said
    assert table_of(alone(office)[1])


async def test_a_guest_changes_the_audience_at_once(office: Office) -> None:
    """The channel sees the first answer; once a guest has joined it sees no more, and when the
    guest has left it does again."""
    await ask(office, SALES)
    assert (await office.answered())["channel"] == SALES
    office.slack.join(NORA, SALES)
    await ask(office, SALES, "email of customers in Spain")
    assert "guests or people of other companies" in (await office.until(is_line))["text"]
    office.slack.leave(NORA, SALES)
    await ask(office, SALES, "email of customers in Italy")
    assert (await office.until(lambda m: bool(table_of(m)) and m["channel"] == SALES))["ts"]


@pytest.mark.parametrize("method", ["conversations.info", "conversations.members", "users.list"])
async def test_in_doubt_it_is_kept_back(office: Office, method: str) -> None:
    """When Slack does not tell who reads a channel, the answer goes to the asker alone."""
    office.slack.inject(method, "fatal_error", times=None)
    said = await told(office, await ask(office, SALES))
    assert "I could not make sure who can read this channel" in said
    assert table_of(alone(office)[1])


async def test_a_guest_is_shown_nothing_of_it(office: Office) -> None:
    """Who is no full member gets no personal data, neither in the channel nor alone."""
    said = await told(office, await ask(office, SUPPORT, user=NORA))
    assert "shown to nobody" in said
    assert f"<@{NORA}> is a full member" in said
    assert not alone(office, NORA)
    im = office.slack.open_im(NORA)
    await office.slack.post_as(NORA, im.id, FEW)
    assert "shown to nobody" in (await office.until(is_line))["text"]
    assert not any(table_of(m) for m in alone(office, NORA))


async def test_who_can_not_be_written_to_is_told_in_the_thread(office: Office) -> None:
    """Without a direct conversation nobody sees the answer, and the thread says so."""
    office.slack.inject("conversations.open", "user_disabled")
    said = await told(office, await ask(office, DATA))
    assert "I can't write to them" in said


@pytest.mark.parametrize("office", [{}], indirect=True)
async def test_an_approval_does_not_widen_the_audience(office: Office) -> None:
    """An approved answer goes to the asker alone too, and says there by whose decision."""
    card = await office.asked(channel=DATA)
    await office.press(ADA, card)
    await told(office, card["thread_ts"])
    _, answer, *_ = alone(office)
    assert f"Approved · <@{ADA}>" in str(answer["blocks"])
    assert not alone(office, ADA)


async def test_a_schedule_keeps_to_the_audience(office: Office) -> None:
    """What is asked on a schedule is answered to its person alone where the channel may not see
    it."""
    await office.slack.slash(MARCO, DATA, "/schedule", f"every day 9:00 {FEW}")
    schedules = Schedules(office.pipeline.store.engine)
    await office.told(MARCO)
    (one,) = await schedules.owned(office.slack.workspace.team_id, MARCO)
    office.now = one.next_at
    await sweep(schedules, Runs(Queue(office.pipeline.store.engine)), one.next_at)
    line = await office.until(is_line)
    assert line["channel"] == DATA
    assert not holds_addresses(office, DATA)
    assert table_of(alone(office)[1])


async def test_a_plan_that_is_run_keeps_to_the_audience(office: Office) -> None:
    """Run under a plan gives the answer to who asked for it, alone."""
    await office.slack.slash(MARCO, DATA, "/plan", FEW)
    plan = await office.until(lambda m: "plan_run" in {b["action_id"] for b in buttons(m)})
    await office.slack.press(MARCO, DATA, plan["ts"], "plan_run")
    await told(office, plan["thread_ts"])
    assert table_of(alone(office)[1])


async def test_a_follow_up_goes_on_from_either_place(office: Office) -> None:
    """Under the answer that went to one person, and in the thread where it was asked, “in France”
    is the same question of France."""
    ts = await ask(office, DATA)
    await told(office, ts)
    head, *_ = alone(office)
    im = answer_place(office)
    await office.slack.post_as(MARCO, im, "what about France?", head["ts"])
    answer = await office.until(lambda m: bool(table_of(m)) and "France" in str(m["blocks"]))
    assert (answer["channel"], answer["thread_ts"]) == (im, head["ts"])
    assert "@" in str(table_of(answer)[1])
    text = f"<@{office.slack.bot_user_id}> what about Spain?"
    await office.slack.post_as(MARCO, DATA, text, ts)
    await office.until(is_line)
    assert any(table_of(m) and "Spain" in str(m["blocks"]) for m in alone(office))


@both_ways
async def test_private_by_default_can_be_shared_once(office: Office) -> None:
    """Who wants it so gets answers alone, and shares one by a button: once, however often it is
    pressed, and with the rows as they stand there."""
    await set_private(office)
    ts = await ask(office, DATA, "customers by country")
    said = (await office.until(is_line))["text"]
    assert said == f"🔒 The answer went to <@{MARCO}> alone, as they have set it."
    head, answer, *_ = alone(office)
    im = answer_place(office)
    for _ in range(2):
        await office.slack.press(MARCO, im, head["ts"], "share_answer")
    shared = await office.until(lambda m: bool(table_of(m)) and m["channel"] == DATA)
    assert shared["thread_ts"] == ts
    assert table_of(shared) == table_of(answer)
    assert f"Shared by <@{MARCO}>" in str(shared["blocks"])
    assert {button["action_id"] for button in buttons(shared)} == {"show_plan"}
    settled = await office.until(lambda m: m["ts"] == head["ts"] and "shared it" in m["text"])
    assert not buttons(settled)
    mark = await office.slack.post_as(ELIN, DATA, "thanks")
    await office.until(lambda m: m["ts"] == mark)
    messages = office.slack.workspace.channels[DATA].messages.values()
    assert sum(bool(table_of(m)) for m in messages) == 1


async def test_a_file_is_shared_with_its_answer(office: Office) -> None:
    """An answer too long for a message has its file in the thread as well."""
    await set_private(office)
    await ask(office, SALES, WORDS)
    await office.until(is_line)
    head, *_ = alone(office)
    await office.slack.press(MARCO, answer_place(office), head["ts"], "share_answer")
    file = await office.until(lambda m: m["channel"] == SALES and bool(m.get("files")))
    assert file["files"][0]["name"].endswith(".csv")


async def test_sharing_is_looked_at_anew(office: Office) -> None:
    """Nobody else shares an answer, and once a guest has joined nobody does."""
    await set_private(office)
    await ask(office, SALES)
    await office.until(is_line)
    head, *_ = alone(office)
    im = answer_place(office)
    office.slack.workspace.channels[im].members.append(ELIN)
    await office.slack.press(ELIN, im, head["ts"], "share_answer")
    assert "Only the person who asked" in await office.told(ELIN)
    office.slack.join(NORA, SALES)
    await office.slack.press(MARCO, im, head["ts"], "share_answer")
    assert "guests or people of other companies" in await office.told(MARCO)
    assert not holds_addresses(office, SALES)


async def test_what_a_channel_may_not_see_has_no_share_button(office: Office) -> None:
    """Under an answer that was kept back there is nothing to press."""
    await set_private(office)
    await told(office, await ask(office, DATA))
    head, *_ = alone(office)
    assert not buttons(head)


async def test_private_by_default_leaves_direct_messages_as_they_are(office: Office) -> None:
    """Where one person reads anyway, the answer stays where it was asked."""
    await set_private(office)
    im = office.slack.open_im(MARCO)
    ts = await office.slack.post_as(MARCO, im.id, COUNT)
    assert (await office.answered())["thread_ts"] == ts


async def test_privacy_is_set_on_home(office: Office) -> None:
    """A box in the settings, which Home then tells of."""
    await office.slack.open_home(MARCO)
    changes = office.changes
    home = await changes.until(lambda c: c["type"] == "home" and c["user"] == MARCO)
    assert "go into the thread" in str(home["view"])
    await office.slack.press_view(MARCO, home["view"]["id"], "home_settings")
    view = await office.modal(MARCO)
    chosen = {"private": {"private": {"selected_options": [{"value": "private"}]}}}
    assert await office.slack.submit_view(MARCO, view["id"], chosen) == {}
    await changes.until(lambda c: c["type"] == "home" and "go to you alone" in str(c["view"]))
    settings = await office.pipeline.preferences.of(office.slack.workspace.team_id, MARCO)
    assert settings == PersonalSettings(is_private=True)
