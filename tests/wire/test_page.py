"""The page of the local Slack in a real browser: a mention is typed, the answer is read."""

from playwright.async_api import expect

from sandbox.sandbox import Sandbox
from tests.browser import open_page
from tests.wire.conftest import MARCO, SALES

QUESTION = "which enterprise customers with open P1 tickets spent the most last quarter?"


async def test_a_person_types_a_mention_and_reads_the_answer(sandbox: Sandbox, bot: str) -> None:
    """Typing a mention shows the progress by source, then the table, and the SQL on demand."""
    async with open_page() as page:
        await page.goto(f"{sandbox.slack.page_url}?user={MARCO}&channel={SALES}")
        composer = page.get_by_label("Message #sales")
        await composer.fill(f"@crosstalk {QUESTION}")
        await composer.press("Enter")
        await expect(page.get_by_text("support: ticket").last).to_be_visible(timeout=60_000)
        await expect(page.get_by_text("Nowak & Köhler Construction KG").last).to_be_visible(
            timeout=60_000
        )
        await expect(page.get_by_text("165,409.93", exact=True).last).to_be_visible()
        await page.get_by_role("button", name="Show plan").last.click()
        await expect(page.get_by_text("What each source was asked")).to_be_visible()
        await expect(page.get_by_text("db.tickets.aggregate").last).to_be_visible()
        await page.get_by_role("dialog").get_by_label("Close").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
