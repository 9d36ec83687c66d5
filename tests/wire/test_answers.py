"""Answers that do not fit a message: files and pictures in the thread, by the whole bot."""

import io
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from sandbox.sandbox import Sandbox
from tests.wire.conftest import MARCO, SALES, ask, both_ways, table_of

MANY, PICTURED = "orders last month", "revenue by day last quarter"
Act = Callable[[], Awaitable[str]]
"""Something done in a thread: the thread's ts."""


async def _after(sandbox: Sandbox, act: Act, wanted: str) -> dict[str, Any]:
    """Do something, and wait for a file whose name ends so: the file as Slack describes it."""
    changes = sandbox.slack.workspace.subscribe()
    ts = await act()
    async for change in changes:
        message = change.get("message") or {}
        for file in message.get("files") or []:
            if file["name"].endswith(wanted):
                assert message["thread_ts"] == ts
                sandbox.slack.workspace.unsubscribe(changes)
                return file
    raise AssertionError(f"no file {wanted} came")


async def _content(sandbox: Sandbox, file: dict[str, Any]) -> bytes:
    headers = {"Authorization": f"Bearer {sandbox.slack.bot_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(file["url_private"]) as response,
    ):
        return await response.read()


def _asking(sandbox: Sandbox, words: str, answers: list[dict[str, Any]]) -> Act:
    async def act() -> str:
        answers.extend(await ask(sandbox, words))
        return str(answers[-1]["thread_ts"])

    return act


@both_ways
async def test_a_table_that_is_too_long_comes_as_csv_and_on_demand_as_xlsx(
    sandbox: Sandbox, bot: str
) -> None:
    """The message shows the first rows; the files in its thread hold them all."""
    answers: list[dict[str, Any]] = []
    file = await _after(sandbox, _asking(sandbox, MANY, answers), ".csv")
    shown = table_of(answers[-1])
    lines = (await _content(sandbox, file)).decode("utf-8-sig").splitlines()
    assert len(shown) == 21
    assert len(lines) > 1_000
    assert [line.split(",")[0] for line in lines[:21]] == [row[0] for row in shown]
    assert f"The first 20 of {len(lines) - 1:,} rows." in str(answers[-1]["blocks"])

    async def press() -> str:
        ts = answers[-1]["ts"]
        await sandbox.slack.press(MARCO, SALES, ts, "download_xlsx")
        return str(answers[-1]["thread_ts"])

    book = await _content(sandbox, await _after(sandbox, press, ".xlsx"))
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert parts.read("xl/worksheets/sheet1.xml").count(b"<row ") == len(lines)


@both_ways
async def test_a_chart_that_slack_can_not_draw_comes_as_a_picture(
    sandbox: Sandbox, bot: str
) -> None:
    """Ninety days are a PNG with words for those who can't see it."""
    answers: list[dict[str, Any]] = []
    file = await _after(sandbox, _asking(sandbox, PICTURED, answers), ".png")
    assert (await _content(sandbox, file)).startswith(b"\x89PNG")
    assert file["alt_txt"].startswith("Area chart: Revenue by day. revenue: from 2026-01-01")


@pytest.mark.parametrize(
    ("words", "kind"),
    [("revenue by month this year", "area"), ("top 5 countries by revenue", "bar")],
)
async def test_a_chart_that_fits_is_in_the_message(
    sandbox: Sandbox, bot: str, words: str, kind: str
) -> None:
    """Slack draws it itself, with the rows of the table."""
    message = (await ask(sandbox, words))[-1]
    (chart,) = [block for block in message["blocks"] if block["type"] == "data_visualization"]
    assert chart["chart"]["type"] == kind
    values = [point["value"] for point in chart["chart"]["series"][0]["data"]]
    assert values == [float(row[1].replace(",", "")) for row in table_of(message)[1:]]


async def test_a_file_that_slack_does_not_take_costs_a_sentence(sandbox: Sandbox, bot: str) -> None:
    """The answer stands, and the thread says why there is no file."""
    sandbox.slack.inject("files.getUploadURLExternal", "missing_scope")
    changes = sandbox.slack.workspace.subscribe()
    answer = (await ask(sandbox, MANY))[-1]
    async for change in changes:
        text = (change.get("message") or {}).get("text", "")
        if "Slack did not take" in text:
            assert "(missing_scope)" in text
            break
    sandbox.slack.workspace.unsubscribe(changes)
    assert len(table_of(answer)) == 21
