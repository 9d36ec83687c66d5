"""The main screens as the bot makes them, in a real browser.

With CROSSTALK_SCREENSHOTS=1 the pictures go to docs/screenshots, else into a folder of the test.
A screen is one test: get there, then `screens.take(name, what must be seen)`.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from sandbox import demo
from sandbox.company.slack_places import shared_with
from sandbox.sandbox import Sandbox
from tests.browser import open_page
from tests.conftest import ROOT
from tests.wire.conftest import ANSWER_TIMEOUT_S, MARCO, SALES

TIMEOUT_MS = ANSWER_TIMEOUT_S * 1000
QUESTION = "which enterprise customers with open P1 tickets spent the most last quarter?"


class Screens:
    """Marco's browser, and where its pictures go."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.thread = page.get_by_label("Thread", exact=True)
        self._folder = folder

    async def ask(self, words: str, answer: Locator) -> None:
        """Mention the bot, and wait for this in the thread that opens."""
        await self.page.get_by_label("Message #sales").fill(f"@crosstalk {words}")
        await self.page.get_by_label("Message #sales").press("Enter")
        await expect(self.thread.get_by_text(words).first).to_be_visible()
        await expect(answer).to_be_visible(timeout=TIMEOUT_MS)

    async def act_as(self, name: str) -> None:
        """Sit down at the page as somebody else."""
        people = self.page.get_by_label("Acting as")
        label = await people.locator("option", has_text=name).text_content()
        await people.select_option(label)
        await expect(self.page.get_by_label("Message #sales")).to_be_visible()

    async def open_thread(self, words: str) -> None:
        """Open the thread of the last message of the channel that says so."""
        messages = self.page.get_by_label("Messages", exact=True).locator(".message")
        await messages.filter(has_text=words).last.get_by_text("repl").last.click()
        await expect(self.thread.get_by_text(words).first).to_be_visible()

    async def take(self, name: str, middle: Locator, *seen: Locator) -> None:
        """A picture with something in the middle, on which all of these are to be seen."""
        try:
            await self._show(middle, *seen, timeout_ms=2_000)
        except AssertionError:  # the thread has grown meanwhile
            await self._show(middle, *seen, timeout_ms=TIMEOUT_MS)
        await self.page.mouse.move(0, 0)
        await self.page.screenshot(path=self._folder / f"{name}.png")

    async def _show(self, middle: Locator, *seen: Locator, timeout_ms: float) -> None:
        await middle.evaluate("element => element.scrollIntoView({ block: 'center' })")
        for locator in (middle, *seen):
            await expect(locator).to_be_in_viewport(timeout=timeout_ms)


@pytest.fixture(scope="module")
async def screens(
    sandbox: Sandbox, serving: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Screens]:
    """The page opened as Marco in #sales, with one question answered."""
    wanted = os.environ.get("CROSSTALK_SCREENSHOTS") == "1"
    folder = ROOT / "docs" / "screenshots" if wanted else tmp_path_factory.mktemp("screens")
    async with open_page() as page:
        await page.goto(f"{sandbox.slack.page_url}?user={MARCO}&channel={SALES}")
        screens = Screens(page, folder)
        await screens.ask(QUESTION, screens.thread.locator("table"))
        yield screens


async def test_the_answer_stands_in_its_thread(screens: Screens) -> None:
    """The sentence and the table, beside the channel in which the question was asked."""
    sentence = screens.thread.get_by_text("Nowak & Köhler Construction KG leads")
    row = screens.thread.get_by_role("row", name="Nowak & Köhler Construction KG 165,409.93")
    await screens.take("answer", screens.thread.locator(".data-table"), sentence, row)


async def test_the_progress_names_every_source(screens: Screens) -> None:
    """A task for each source, with what came of it."""
    plan = screens.thread.locator(".plan")
    await screens.take("progress", plan, plan.get_by_text("support: ticket"))
    await expect(plan.locator(".task.complete").first).to_be_visible()


async def test_the_plan_is_shown_on_demand(screens: Screens) -> None:
    """A modal with the SQL, and what each source was asked in its own language."""
    await screens.thread.get_by_role("button", name="Show plan").click()
    dialog = screens.page.get_by_role("dialog")
    await screens.take("plan", dialog.get_by_text("SELECT").first)
    await expect(dialog.get_by_text("What each source was asked")).to_be_attached()
    await dialog.get_by_label("Close").first.click()
    await expect(dialog).to_have_count(0)


async def test_a_chart_says_it_better(screens: Screens) -> None:
    """Slack's own chart, under the table with the same numbers."""
    chart = screens.thread.locator(".chart")
    await screens.ask("revenue by month this year", chart)
    await expect(chart.locator(".mark").first).to_be_visible()
    await screens.take("chart", chart)


async def test_an_approval_is_asked_for(screens: Screens) -> None:
    """The card with what is read and why it needs somebody, before anything is read."""
    approve = screens.thread.get_by_role("button", name="Approve", exact=True)
    await screens.ask("email of customers in Germany", approve)
    reason = screens.thread.get_by_text("customer.email is personal data")
    await screens.take("approval", reason, approve)


async def test_a_choice_is_offered_where_a_question_is_not_clear(screens: Screens) -> None:
    """The readings of the question, each a button."""
    choice = screens.thread.get_by_role("button", name="units sold by product category")
    await screens.ask("revenue by product category", choice)
    await screens.take("choice", choice)


async def test_a_plan_is_drawn_before_it_is_run(screens: Screens) -> None:
    """/plan shows the steps as a picture, with the SQL and the buttons to run, edit or cancel."""
    await screens.page.get_by_label("Message #sales").fill(f"/plan {QUESTION}")
    await screens.page.get_by_label("Message #sales").press("Enter")
    channel = screens.page.get_by_label("Messages", exact=True)
    await expect(channel.get_by_text("wants to see the plan of").last).to_be_visible(
        timeout=TIMEOUT_MS
    )
    await screens.open_thread(QUESTION)
    picture = screens.thread.locator(".picture img").last
    await expect(screens.thread.get_by_role("button", name="Run")).to_be_visible()
    await screens.take("plan-preview", picture, screens.thread.get_by_text("The plan, not run yet"))


async def test_home_is_a_persons_own(screens: Screens) -> None:
    """Own questions, the sources' health, and what could be asked; a plan is not said to run."""
    await screens.page.get_by_label("Workspace").get_by_text("Crosstalk").click()
    home = screens.page.get_by_label("Home", exact=True)
    await screens.take("home", home.get_by_text("Your questions"), home.get_by_text(QUESTION).first)
    await expect(home.get_by_text("planned, not run")).to_be_visible()
    await expect(home.get_by_text("Running now")).to_have_count(0)
    await screens.page.get_by_label("Workspace").get_by_text("sales", exact=True).click()


async def test_slack_s_own_messages_join_a_database(screens: Screens, sandbox: Sandbox) -> None:
    """What the demo proposes: the messages of a customer's shared channel, by customer."""
    shared = shared_with(sandbox.company)[0]
    said = len(sandbox.slack.workspace.channels[shared.channel].messages)
    row = screens.thread.get_by_role("row", name=f"{shared.customer.name} {said}")
    await screens.ask(demo.HISTORY, row)
    await screens.take("history", row)


async def test_a_chart_is_followed_up_without_a_mention(screens: Screens) -> None:
    """What the demo proposes: a chart, and in its thread a question that goes on from it."""
    chart = screens.thread.locator(".chart")
    await screens.ask(demo.CHART, chart)
    reply = screens.page.get_by_label("Reply in thread")
    await reply.fill(demo.FOLLOW_UP)
    await reply.press("Enter")
    kept = screens.thread.get_by_text("kept from before").last
    await expect(kept).to_be_visible(timeout=TIMEOUT_MS)
    header = screens.thread.get_by_role("columnheader")
    await expect(header.filter(has_text="country").last).to_be_visible()


async def test_another_person_approves_and_the_answer_comes(screens: Screens) -> None:
    """What the demo proposes: Marco asks, Ada approves, and the rows come into the thread."""
    approve = screens.thread.get_by_role("button", name="Approve", exact=True)
    await screens.ask(demo.APPROVAL, approve)
    await screens.act_as("Ada Lindqvist")
    await screens.open_thread(demo.APPROVAL)
    await approve.click()
    await screens.page.get_by_role("dialog").get_by_role("button").last.click()
    decided = screens.thread.get_by_text("Approved by")
    await expect(decided).to_be_visible(timeout=TIMEOUT_MS)
    emails = screens.thread.get_by_role("cell").filter(has_text="@")
    await expect(emails.first).to_be_visible(timeout=TIMEOUT_MS)
    await expect(approve).to_have_count(0)
    header = screens.thread.get_by_role("columnheader", name="name")
    await screens.take("approved", header, decided, emails.first)
    await screens.act_as("Marco")
