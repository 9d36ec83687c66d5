"""Commands and shortcuts through the real bot."""

import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from orchestrator.semantic import SemanticModel
from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, Transport, both_ways, table_of
from tests.wire.office import (
    Message,
    Office,
    buttons,
    opened_office,
    opened_slack,
    run_of,
)

ADA, ELIN = "U0ADA", "U0ELIN"
GERMANY = "how many customers in Germany?"
SQL = "SELECT COUNT(*) AS customers FROM customer AS c WHERE c.country = 'Germany'"
ACK_S = 3.0


@pytest.fixture
async def office(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, transport: Transport
) -> AsyncGenerator[Office]:
    """The company's office under the demo's policy."""
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, model, tmp_path, transport) as one,
    ):
        yield one


async def typed(
    office: Office, command: str, text: str = "", *, user: str = MARCO, channel: str = SALES
) -> None:
    """Type a command, which is acknowledged in time."""
    began = time.monotonic()
    await office.slack.slash(user, channel, command, text)
    assert time.monotonic() - began < ACK_S


def is_preview(message: Message) -> bool:
    """Whether a message is a plan with its buttons."""
    return message["how"] == "message" and "plan_run" in {b["action_id"] for b in buttons(message)}


async def submitted(
    office: Office, user: str, view: Message, **values: dict[str, str]
) -> dict[str, str]:
    """Send a modal of inputs that are named like their blocks: the complaints."""
    state = {name: {name: value} for name, value in values.items()}
    return await office.slack.submit_view(user, view["id"], state)


@both_ways
async def test_ask_opens_a_thread_with_the_answer_in_it(office: Office) -> None:
    """The question stands in the channel with who asks it, escaped, and is answered in its thread;
    in a direct message as well."""
    await typed(office, "/ask", GERMANY)
    opened = await office.until(lambda m: f"<@{MARCO}> asks: {GERMANY}" in m["text"])
    assert not opened.get("thread_ts")
    answer = await office.until(lambda m: bool(table_of(m)))
    assert answer["thread_ts"] == opened["ts"]
    assert table_of(answer)[1:] == [["1,106"]]
    im = office.slack.open_im(MARCO)
    await typed(office, "/ask", "how many <!here> unicorns & others?", channel=im.id)
    opened = await office.until(lambda m: "asks:" in m["text"])
    assert opened["channel"] == im.id
    assert "&lt;!here&gt; unicorns &amp; others" in opened["text"]
    await office.until(lambda m: "unicorns”" in m["text"] and m.get("thread_ts") == opened["ts"])


async def test_ask_says_what_is_wrong(office: Office) -> None:
    """No words give help, too many the limit, and where the bot is not, how to invite it."""
    await typed(office, "/ask")
    assert "What I can do" in await office.told(MARCO)
    await typed(office, "/ask", "revenue " * 300)
    assert "2,000 is the most" in await office.told(MARCO)
    channel = office.slack.add_channel("elsewhere", [MARCO])
    await typed(office, "/ask", GERMANY, channel=channel.id)
    assert "/invite @crosstalk" in await office.told(MARCO)
    assert not channel.messages


@both_ways
async def test_plan_shows_all_and_runs_at_a_click(office: Office) -> None:
    """Nothing runs before the click; picture, SQL, native queries, estimates and risk are there;
    another person can't press, and two presses run it once, in the thread."""
    await typed(office, "/plan", GERMANY)
    shown = await office.until(is_preview)
    picture = next(f for m in office.seen for f in m.get("files") or [])
    assert picture["name"].endswith(".png")
    assert "sales" in picture["alt_txt"]
    said = str(shown["blocks"])
    for part in ("SQL over the business entities", "s1 sales (postgres)", "Risk: low", "customer,"):
        assert part in said
    assert "COUNT(*)" in said
    assert {button["value"] for button in buttons(shown)} == {run_of(shown)}
    assert office.runs == 0
    for action in ("plan_run", "plan_edit", "plan_cancel"):
        await office.press(ADA, shown, action)
        assert "Only who asked for this plan" in await office.told(ADA)
    await office.press(MARCO, shown, "plan_run")
    answer = await office.until(lambda m: bool(table_of(m)))
    assert (answer["thread_ts"], table_of(answer)[1:]) == (shown["thread_ts"], [["1,106"]])
    assert office.runs == 1
    after = office.slack.workspace.channels[SALES].messages[shown["ts"]]
    assert not buttons(after)
    assert await office.trail(shown) == ["approved", "started", "answered"]


async def test_a_plan_that_needs_approval_gets_its_card(office: Office) -> None:
    """Run asks those who decide; the answer comes once they have."""
    await typed(office, "/plan", "email of customers in Germany")
    shown = await office.until(is_preview)
    assert "customer.email is personal data" in str(shown["blocks"])
    assert "asks for an approval first" in str(shown["blocks"])
    await office.press(MARCO, shown, "plan_run")
    card = await office.until(
        lambda m: "approval_approve" in {one["action_id"] for one in buttons(m)}
    )
    assert run_of(card) == run_of(shown)
    await office.press(ADA, card)
    answer = await office.until(lambda m: bool(table_of(m)))
    assert answer["thread_ts"] == shown["thread_ts"]


@both_ways
async def test_a_plan_is_edited_and_cancelled(office: Office) -> None:
    """SQL that does not fit is complained about on its input; SQL that does gives a new plan, and
    the old one is over; a cancelled one does not run."""
    await typed(office, "/plan", SQL.replace("Germany", "France & <b>"))
    shown = await office.until(is_preview)
    await office.press(MARCO, shown, "plan_edit")
    view = await office.modal(MARCO)
    complaints = await office.submit(MARCO, view, "SELECT x.y FROM nothing AS x")
    assert "nothing" in complaints["words"]
    assert await office.submit(MARCO, view, SQL) == {}
    edited = await office.until(is_preview)
    assert edited["thread_ts"] == shown["thread_ts"]
    assert "Germany" in str(edited["blocks"])
    await office.press(MARCO, shown, "plan_run")
    assert "run, edited or cancelled already" in await office.told(MARCO)
    await office.press(MARCO, edited, "plan_cancel")
    await office.until(lambda m: m["ts"] == edited["ts"] and "Cancelled by" in m["text"])
    run = await office.pipeline.recall(run_of(edited))
    assert run is not None
    assert run.status == "cancelled"
    assert office.runs == 0


@both_ways
async def test_the_last_plan_of_a_channel_is_shown_alone(office: Office) -> None:
    """Without a run there is a sentence; with one, its SQL and queries open in a modal."""
    await typed(office, "/plan", "last")
    assert "no plan to show" in await office.told(MARCO)
    await typed(office, "/ask", GERMANY)
    await office.until(lambda m: bool(table_of(m)))
    await typed(office, "/plan", "last")
    view = await office.modal(MARCO)
    assert "s1 sales (postgres)" in str(view["blocks"])
    await typed(office, "/plan", "last", user=ELIN)
    assert "no plan to show" in await office.told(ELIN)


@both_ways
async def test_sources_and_status_say_what_is_readable(office: Office) -> None:
    """Each source with its kind, its health and its entities, to who asked alone."""
    await typed(office, "/sources")
    said = str((await office.until(lambda m: m["how"] == "ephemeral"))["blocks"])
    for part in (
        "*sales* (postgres) · ✅",
        "*support* (mongo) · ✅",
        "customer, order, order_line",
    ):
        assert part in said
    await typed(office, "/crosstalk", "status")
    said = await office.told(MARCO)
    assert "sales: ✅ readable" in said
    assert "wait for a decision: 0" in said


@both_ways
async def test_history_asks_again(office: Office) -> None:
    """One's own questions alone, each with how it ended; a press asks it anew in a new thread."""
    await typed(office, "/history")
    assert "not asked anything" in await office.told(MARCO)
    await typed(office, "/ask", GERMANY)
    first = await office.until(lambda m: bool(table_of(m)))
    mark = await office.slack.post_as(MARCO, SALES, "that was it")
    await office.until(lambda m: m["ts"] == mark)
    await typed(office, "/history")
    listed = await office.until(lambda m: m["how"] == "ephemeral")
    said = str(listed["blocks"])
    assert GERMANY in said
    assert "✅ answered" in said
    await office.slack.press(MARCO, SALES, listed["ts"], "ask_again")
    again = await office.until(lambda m: bool(table_of(m)) and m["ts"] != first["ts"])
    assert again["thread_ts"] != first["thread_ts"]
    await typed(office, "/history", user=ELIN)
    assert "not asked anything" in await office.told(ELIN)


@both_ways
async def test_grants_are_listed_and_revoked_by_those_who_may(office: Office) -> None:
    """The channel's grants with their ids; who neither gave one nor approves can't end it."""
    await typed(office, "/crosstalk", "grants")
    assert "No grants hold" in await office.told(MARCO)
    card = await office.asked()
    await office.press(ADA, card, "approval_always")
    await office.until(lambda m: bool(table_of(m)))
    await typed(office, "/crosstalk", "grants")
    listed = await office.until(lambda m: m["how"] == "ephemeral")
    grant_id = run_of(card)[:8]
    assert grant_id in str(listed["blocks"])
    assert "customer.email" in str(listed["blocks"])
    revoke = f"grants revoke {grant_id}"
    await typed(office, "/crosstalk", revoke)
    assert "Only who gave a grant" in await office.told(MARCO)
    await typed(office, "/crosstalk", revoke, user="U0LUC", channel="C0DATA")
    assert "No grant of this channel" in await office.told("U0LUC")
    await typed(office, "/crosstalk", "grants revoke")
    assert "Say which" in await office.told(MARCO)
    await typed(office, "/crosstalk", revoke, user="U0LUC")
    assert "Revoked" in await office.told("U0LUC")
    assert not await office.pipeline.grants.list(office.slack.workspace.team_id, office.now, SALES)


@both_ways
async def test_help_lists_every_command(office: Office) -> None:
    """Help has all commands and an example; what is not known is named before it, escaped."""
    await typed(office, "/crosstalk", "dance <!here>")
    said = str((await office.until(lambda m: m["how"] == "ephemeral"))["blocks"])
    assert "“/crosstalk dance &lt;!here&gt;”" in said
    for part in ("/ask", "/plan", "/sources", "/history", "grants revoke", "enterprise customers"):
        assert part in said


@both_ways
async def test_a_question_about_a_message_is_asked_in_its_thread(office: Office) -> None:
    """The modal quotes the message as data; the answer stands under it."""
    ts = await office.slack.post_as(ELIN, SALES, "Are there <b>many</b> in Germany?")
    await office.slack.shortcut(MARCO, SALES, ts, "ask_about_message")
    view = await office.modal(MARCO)
    (quote,) = [b for b in view["blocks"] if b["type"] == "rich_text"]
    assert "Are there <b>many</b> in Germany?" in str(quote)
    assert await submitted(office, MARCO, view, question={"value": GERMANY}) == {}
    answer = await office.until(lambda m: bool(table_of(m)))
    assert answer["thread_ts"] == ts
    (run,) = await office.pipeline.store.history(office.slack.workspace.team_id, MARCO, 5)
    assert (run.user, run.question) == (MARCO, GERMANY)


@both_ways
async def test_the_global_shortcut_asks_in_a_channel(office: Office) -> None:
    """Where the bot is not, the modal says so on the channel; elsewhere a thread is opened."""
    closed = office.slack.add_channel("elsewhere", [MARCO])
    await office.slack.global_shortcut(MARCO, "ask")
    view = await office.modal(MARCO)
    there = {"selected_conversation": closed.id}
    said = await submitted(office, MARCO, view, question={"value": GERMANY}, channel=there)
    assert "/invite @crosstalk" in said["channel"]
    here = {"selected_conversation": SALES}
    blank = await submitted(office, MARCO, view, question={"value": "  "}, channel=here)
    assert "There is no question" in blank["question"]
    asked = {"question": {"value": GERMANY}, "channel": here}
    assert await submitted(office, MARCO, view, **asked) == {}
    answer = await office.until(lambda m: bool(table_of(m)))
    assert answer["channel"] == SALES
