"""Files that people drop in a thread, through the real bot: read, joined, refused, forgotten."""

import io
import tempfile
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from orchestrator.semantic import SemanticModel
from orchestrator.store import PersonalSettings
from sandbox.company.facts import tickets_where
from sandbox.sandbox import Sandbox
from sandbox.slack import LocalSlack
from tests.wire.conftest import MARCO, SALES, ask, both_ways, table_of, thread_until_answer
from tests.wire.office import (
    Office,
    buttons,
    is_card,
    opened_office,
    opened_slack,
    run_of,
    with_policy,
)

ADA = "U0ADA"
NAME = "churn list.csv"


def listed(sandbox: Sandbox) -> list[int]:
    """The customers that stand in the list: every fifth."""
    return [customer.id for customer in sandbox.company.customers[::5]]


def as_csv(ids: Iterable[int]) -> bytes:
    """A list of customers as people export them, with numbers as text and a column of their own."""
    rows = [f"CUST-{one:05};{'north' if one % 2 else 'south'};{one},50" for one in ids]
    return "\n".join(["Customer No;Region;Budget", *rows]).encode()


def as_xlsx(ids: Iterable[int]) -> bytes:
    """The same as a workbook, with plain numbers."""
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Targets")
        sheet.write_row(0, 0, ["Customer ID", "Region"])
        for at, one in enumerate(ids, start=1):
            sheet.write_row(at, 0, [one, "north"])
    return kept.getvalue()


def file_of(slack: LocalSlack, ts: str, channel: str = SALES) -> str:
    """The id of the file that a message brought."""
    return slack.workspace.channels[channel].messages[ts]["files"][0]["id"]


async def dropped(
    sandbox: Sandbox, name: str, content: bytes, words: str, thread_ts: str | None = None
) -> list[dict[str, Any]]:
    """Drop a file on #sales together with a mention, and wait for the answer."""
    changes = sandbox.slack.workspace.subscribe()
    ts = await sandbox.slack.drop_file(
        MARCO, SALES, name, content, f"@crosstalk {words}", thread_ts
    )
    return await thread_until_answer(sandbox.slack, thread_ts or ts, changes)


def with_open_tickets(sandbox: Sandbox) -> list[list[str]]:
    """The names of the listed customers who have open tickets, as an answer's rows."""
    waiting = {ticket.customer_id for ticket in tickets_where(sandbox.company, status="open")}
    chosen = waiting & set(listed(sandbox))
    return sorted([c.name] for c in sandbox.company.customers if c.id in chosen)


def holding(folder: Path, secret: bytes) -> list[Path]:
    """The files below a folder in which something stands."""
    files = (one for one in folder.rglob("*") if one.is_file())
    return [one for one in files if secret in one.read_bytes()]


@both_ways
async def test_a_file_with_a_mention_is_joined(sandbox: Sandbox, bot: str) -> None:
    """Of the customers in a CSV those are named who have open tickets in another database; what was
    taken for granted of the file is said."""
    words = "which of these customers have open tickets?"
    said = (await dropped(sandbox, NAME, as_csv(listed(sandbox)), words))[-1]
    _, *rows = table_of(said)
    assert sorted(rows) == with_open_tickets(sandbox)
    shown = str(said["blocks"])
    assert "📎 churn_list (file)" in shown
    assert "churn list.csv: rows belong to customers by “customer_no”" in shown
    assert "read as a number" in shown


async def test_a_workbook_in_a_thread(sandbox: Sandbox, bot: str) -> None:
    """A workbook that somebody dropped in a thread is asked about there later, and a question that
    is not about it goes on as ever."""
    root = await sandbox.slack.post_as("U0ELIN", SALES, "Whom should we call?")
    content = as_xlsx(listed(sandbox))
    await sandbox.slack.drop_file("U0ELIN", SALES, "Q3 targets.xlsx", content, "", root)
    counted = (await ask(sandbox, "how many rows are in the sheet?", thread_ts=root))[-1]
    assert f"{len(listed(sandbox)):,}" in str(counted["blocks"])
    words = "number of customers in Q3 targets by country"
    said = (await ask(sandbox, words, thread_ts=root))[-1]
    _, *rows = table_of(said)
    expected: dict[str, int] = {}
    for customer in sandbox.company.customers[::5]:
        expected[customer.country] = expected.get(customer.country, 0) + 1
    assert {country: int(count) for country, count in rows} == expected
    others = (await ask(sandbox, "how many customers in France?", thread_ts=root))[-1]
    french = sum(customer.country == "France" for customer in sandbox.company.customers)
    assert f"{french:,}" in str(others["blocks"])
    assert "(file)" not in str(others["blocks"])


async def test_a_follow_up_keeps_the_file(sandbox: Sandbox, bot: str) -> None:
    """“And by …” after a question about a file is about the same rows of it."""
    changes = sandbox.slack.workspace.subscribe()
    content = as_csv(listed(sandbox))
    words = "@crosstalk total budget in the list"
    ts = await sandbox.slack.drop_file(MARCO, SALES, NAME, content, words)
    total = (await thread_until_answer(sandbox.slack, ts, changes))[-1]
    assert f"{sum(one + 0.5 for one in listed(sandbox)):,.0f}" in str(total["blocks"])
    said = (await ask(sandbox, "and by region?", thread_ts=ts))[-1]
    _, *rows = table_of(said)
    north = sum(one + 0.5 for one in listed(sandbox) if one % 2)
    assert float(dict(rows)["north"].replace(",", "")) == north


async def test_a_file_without_a_question(sandbox: Sandbox, bot: str) -> None:
    """Whoever drops a file on the bot alone is told what is in it; the next line asks about it."""
    changes = sandbox.slack.workspace.subscribe()
    content = as_csv(listed(sandbox))
    conversation = sandbox.slack.open_im(MARCO).id
    ts = await sandbox.slack.drop_file(MARCO, conversation, NAME, content)
    told = (await thread_until_answer(sandbox.slack, ts, changes))[-1]["text"]
    assert f"churn list.csv: {len(listed(sandbox)):,} rows" in told
    assert "customer_no, region, budget" in told
    changes = sandbox.slack.workspace.subscribe()
    ts = await sandbox.slack.post_as(MARCO, conversation, "how many rows are in the list?")
    said = (await thread_until_answer(sandbox.slack, ts, changes))[-1]
    assert f"{len(listed(sandbox)):,}" in str(said["blocks"])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("big.csv", b"a,b\n" + b"1,2\n" * 2_600_000, "big.csv is larger than 10 MB"),
        ("empty.csv", b"a,b\n", "empty.csv has no rows"),
        ("twice.csv", b"id,ID\n1,2\n", "twice.csv has the column “ID” twice"),
        ("wide.csv", b",".join(b"c%d" % n for n in range(101)) + b"\n" + b"1," * 100 + b"1",
         "wide.csv has 101 columns; 100 is the most"),
        ("broken.xlsx", b"PK\x03\x04 no workbook", "broken.xlsx is not an XLSX file"),
        ("locked.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "locked.xlsx has a password"),
        ("old.xls", b"\xd0\xcf\x11\xe0", "old.xls is neither CSV nor XLSX"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
async def test_a_file_that_cannot_be_read(
    name: str, content: bytes, told: str, sandbox: Sandbox, bot: str
) -> None:
    """Each reason is said in words, and another question of the thread is answered."""
    changes = sandbox.slack.workspace.subscribe()
    words = "@crosstalk how many rows are in the file?"
    ts = await sandbox.slack.drop_file(MARCO, SALES, name, content, words)
    assert told in (await thread_until_answer(sandbox.slack, ts, changes))[-1]["text"]
    said = (await ask(sandbox, "how many customers?", thread_ts=ts))[-1]
    assert f"{len(sandbox.company.customers):,}" in str(said["blocks"])


async def test_a_file_that_is_gone(sandbox: Sandbox, bot: str) -> None:
    """A file that was deleted after a question about it can't be asked about any more."""
    changes = sandbox.slack.workspace.subscribe()
    content = as_csv(listed(sandbox))
    words = "@crosstalk total budget in the list"
    ts = await sandbox.slack.drop_file(MARCO, SALES, NAME, content, words)
    await thread_until_answer(sandbox.slack, ts, changes)
    sandbox.slack.delete_file_as(MARCO, file_of(sandbox.slack, ts))
    for words in ("and by region?", "how many rows are in the file?"):
        said = (await ask(sandbox, words, thread_ts=ts))[-1]
        assert "The file that this is about is gone" in said["text"]
    said = (await ask(sandbox, "how many customers?", thread_ts=ts))[-1]
    assert f"{len(sandbox.company.customers):,}" in str(said["blocks"])


async def test_a_hostile_name_is_only_a_name(sandbox: Sandbox, bot: str) -> None:
    """Names of files and columns that are markup or SQL do nothing: they are letters."""
    name = "<!channel> x'; DROP TABLE customers; --.csv"
    content = b'customer_id,"<@U0ADA>"" OR 1=1 --"\n1,2\n'
    said = (await dropped(sandbox, name, content, "show the file"))[-1]
    header, *rows = table_of(said)
    assert rows == [["1", "2"]]
    assert all("<" not in one for one in header)
    assert "<!channel>" not in str(said["text"])


async def test_nothing_of_a_file_stays_on_disk(
    sandbox: Sandbox, model: SemanticModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the store nor any temporary file holds what was in a file, while the bot goes on; and
    when it has ended nothing temporary is left."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    secret = b"zanzibar-4711"
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, model, tmp_path) as office,
    ):
        words = f"<@{slack.bot_user_id}> show the list"
        content = b"customer_id,word\n1," + secret + b"\n"
        await slack.drop_file(MARCO, SALES, NAME, content, words)
        assert table_of(await office.answered())[1] == ["1", secret.decode()]
        assert holding(tmp_path, secret) == []
    assert holding(tmp_path, secret) == []
    assert list(temporary.iterdir()) == []


@pytest.fixture
async def office(sandbox: Sandbox, model: SemanticModel, tmp_path: Path) -> AsyncGenerator[Office]:
    """The bot in a Slack of its own, where e-mail addresses need an approval."""
    async with (
        opened_slack(sandbox) as slack,
        opened_office(sandbox, slack, with_policy(model), tmp_path) as one,
    ):
        yield one


async def carded(office: Office, sandbox: Sandbox) -> tuple[dict[str, Any], str]:
    """A question about a file that needs an approval: its card, and the file."""
    words = f"<@{office.slack.bot_user_id}> email of these customers"
    content = as_csv(listed(sandbox))
    ts = await office.slack.drop_file(MARCO, SALES, NAME, content, words)
    card = await office.until(is_card)
    await office.stored(card, lambda request: request.card is not None)
    return card, file_of(office.slack, ts)


async def test_an_approval_takes_the_file_up_again(office: Office, sandbox: Sandbox) -> None:
    """What was approved later reads the file anew, and gives the rows of its customers."""
    card, _ = await carded(office, sandbox)
    await office.press(ADA, card)
    answer = await office.answered()
    _, *rows = table_of(answer)
    known = {c.name for c in sandbox.company.customers if c.id in set(listed(sandbox))}
    assert rows
    assert {row[0] for row in rows} <= known


async def test_an_answer_about_a_file_is_shared(office: Office, sandbox: Sandbox) -> None:
    """Whoever has their answers alone can share one, as long as the file is there: it is read once
    more, to see what the channel would be shown."""
    settings = PersonalSettings(is_private=True)
    await office.pipeline.preferences.choose(office.slack.workspace.team_id, MARCO, settings)
    words = f"<@{office.slack.bot_user_id}> which of these customers have open tickets?"
    for is_deleted in (False, True):
        ts = await office.slack.drop_file(MARCO, SALES, NAME, as_csv(listed(sandbox)), words)
        await office.until(lambda m, ts=ts: m.get("thread_ts") == ts and "🔒" in m["text"])
        im = office.slack.open_im(MARCO)
        *_, head = [m for m in im.messages.values() if "You asked in" in m["text"]]
        if is_deleted:
            office.slack.delete_file_as(MARCO, file_of(office.slack, ts))
        await office.slack.press(MARCO, im.id, head["ts"], "share_answer")
        if is_deleted:
            assert "churn list.csv is gone" in await office.told(MARCO)
        else:
            shared = await office.until(lambda m: bool(table_of(m)) and m["channel"] == SALES)
            assert sorted(table_of(shared)[1:]) == with_open_tickets(sandbox)


async def test_a_changed_file_is_asked_anew(office: Office, sandbox: Sandbox) -> None:
    """A file that was edited while a plan waited is another one: nothing is read on the old
    approval, and a new one is asked for."""
    card, file = await carded(office, sandbox)
    office.slack.edit_file_as(MARCO, file, as_csv(listed(sandbox)[:3]))
    await office.press(ADA, card)
    again = await office.until(lambda m: is_card(m) and run_of(m) != run_of(card))
    assert await office.status(card) == "stale"
    assert await office.status(again) == "waiting"
    assert office.runs == 0


async def test_an_approval_of_a_file_that_is_gone(office: Office, sandbox: Sandbox) -> None:
    """A plan whose file was deleted ends, and its thread is told why."""
    card, file = await carded(office, sandbox)
    office.slack.delete_file_as(MARCO, file)
    await office.press(ADA, card)
    await office.until(lambda m: "churn list.csv is gone" in m.get("text", ""))
    assert await office.status(card) == "stale"
    assert office.runs == 0


async def test_a_plan_about_a_file_in_a_direct_message_runs(
    office: Office, sandbox: Sandbox
) -> None:
    """What was dropped there without a question is read for the plan, and once more for its run."""
    im = office.slack.open_im(MARCO)
    await office.slack.drop_file(MARCO, im.id, NAME, as_csv(listed(sandbox)))
    await office.until(lambda m: f"{NAME}: " in m["text"])
    words = "which customers in the file have open tickets?"
    await office.slack.slash(MARCO, im.id, "/plan", words)
    shown = await office.until(
        lambda m: "plan_run" in {button["action_id"] for button in buttons(m)}
    )
    await office.press(MARCO, shown, "plan_run")
    assert sorted(table_of(await office.answered())[1:]) == with_open_tickets(sandbox)
