"""Every kind of block, as the page of the local Slack shows it in a real browser."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportArgumentType=false

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser import open_page
from tests.sandbox import gallery
from tests.sandbox.page_scene import Desk, desk
from tests.sandbox.slack_scene import Json

ATTACK = "<img src=x onerror=owned=1>"
SHOWN: dict[str, dict[str, int]] = {
    "section": {".fields .text": 2, "code": 1, ".accessory img[alt=Words]": 1, "select": 1},
    "divider": {"hr": 1},
    "header": {"h3": 1},
    "context": {".is-context img[alt=Words]": 1, ".is-context em": 1},
    "actions": {
        ".button.primary": 1,
        ".button.danger": 1,
        "optgroup[label=Words] option": 2,
        "select[aria-label=Words]": 2,
        "input[type=date][value='2026-04-01']": 1,
        "input[type=time][value='09:00']": 1,
    },
    "image": {"figcaption": 1, "figure img[alt=Words]": 1},
    "rich_text": {
        "s > em > strong": 3,
        "a[href='https://example.com/']": 1,
        ".mention": 2,
        "ul li": 2,
        "ol li": 2,
        "blockquote": 1,
        "pre": 1,
        "time[datetime^='2026-01-01']": 1,
    },
    "markdown": {
        "h3": 1,
        "strong": 1,
        "em": 1,
        "a": 1,
        "ul > li > ol > li": 2,
        "blockquote": 1,
        "td.right": 1,
        "pre": 1,
    },
    "table": {"thead th": 2, "tbody tr": 12, "td.right": 12},
    "data_table": {"caption": 1, "th[scope=col]": 2, "tbody tr": 5, "td.right": 5},
    "pie": {"svg[role=img] .slice": 4, ".legend li": 4},
    "bar": {"svg rect.mark": 8, ".legend li": 2, "svg .axis": 1},
    "line": {"svg circle.mark": 8, "svg path[fill=none]": 2, ".legend li": 2},
    "area": {"svg path[fill-opacity]": 2, "svg circle.mark": 8},
    "card": {".hero img": 1, ".card-title": 1, ".card-subtitle": 1, ".card-actions button": 1},
    "plan": {".task": 4, ".complete": 1, ".in_progress": 1, ".pending": 1, ".error": 1, "a": 4},
    "task_card": {".task.in_progress [role=img][aria-label='In progress']": 1, "a": 1},
    "container": {"details[open] summary": 1, "details table tbody tr": 12, "summary img": 1},
    "context_actions": {"button[aria-pressed=false]": 2, ".icon-trash": 1},
}


@pytest.fixture(scope="module")
async def window() -> AsyncIterator[Page]:
    """One browser window for all of these tests."""
    async with open_page() as page:
        yield page


@pytest.fixture(scope="module")
async def maya(window: Page) -> AsyncIterator[Desk]:
    """One workspace for all of these tests."""
    async with desk(window) as opened:
        yield opened


@pytest.mark.parametrize("kind", SHOWN)
async def test_a_message_shows_its_blocks(maya: Desk, kind: str) -> None:
    """Each kind of block has all of its parts, words and all, and does not widen the page."""
    message = await maya.post(*gallery.in_messages("Words")[kind])
    for selector, count in SHOWN[kind].items():
        await expect(message.locator(".body").locator(selector)).to_have_count(count)
    if kind != "divider":
        named = message.get_by_label("Words").or_(message.get_by_text("Words"))
        await expect(named.first).to_be_visible()
    assert await maya.overflow() == 0


def test_no_block_is_left_out() -> None:
    """Every block of the gallery has its expectations."""
    assert SHOWN.keys() == gallery.in_messages("Words").keys()


async def test_a_data_table_is_turned_over(maya: Desk) -> None:
    """It shows one page of rows at a time, and says which."""
    message = await maya.post(gallery.table("data_table", "Row"))
    await message.get_by_label("Next page").click()
    await message.get_by_label("Next page").click()
    await expect(message.get_by_text("11–12 of 12")).to_be_visible()
    await expect(message.locator("tbody tr")).to_have_count(2)
    await expect(message.get_by_label("Next page")).to_be_disabled()
    await message.get_by_label("Previous page").click()
    await expect(message.locator("tbody th").first).to_have_text("Row 6")


async def test_a_wide_table_scrolls_inside_itself(maya: Desk) -> None:
    """Twenty columns stay within their message, beside an open thread too."""
    cell: Json = {"type": "raw_text", "text": "a rather long heading"}
    message = await maya.post({"type": "data_table", "caption": "Wide", "rows": [[cell] * 20] * 2})
    inner = "e => e.scrollWidth > e.clientWidth"
    await expect(message.locator("table")).to_be_visible()
    assert await message.locator(".table-scroll").evaluate(inner)
    assert await maya.overflow() == 0
    await message.hover()
    await message.get_by_label("Open thread").click()
    await expect(maya.page.get_by_label("Thread", exact=True).locator("table")).to_be_visible()
    assert await maya.overflow() == 0
    await maya.page.get_by_label("Close thread").click()


async def test_bars_stand_as_high_as_their_numbers(maya: Desk) -> None:
    """The heights of bars are to each other as the values are; every bar says its own."""
    points = {"Q1": 100.0, "Q2": 250.0, "Q3": -50.0}
    data = [{"label": label, "value": value} for label, value in points.items()]
    axis: Json = {"categories": list(points)}
    bars: Json = {
        "type": "bar",
        "series": [{"name": "EUR", "data": data}],
        "axis_config": axis,
    }
    message = await maya.post({"type": "data_visualization", "title": "Revenue", "chart": bars})
    drawn = message.locator("rect.mark")
    await expect(drawn).to_have_count(3)
    heights = [float(await bar.get_attribute("height") or 0) for bar in await drawn.all()]
    assert heights[1] == pytest.approx(2.5 * heights[0])
    assert heights[2] == pytest.approx(0.5 * heights[0])
    assert "Q2 · EUR: 250" in await drawn.nth(1).inner_html()


async def test_a_container_is_opened_by_keyboard(maya: Desk) -> None:
    """What begins collapsed is opened with Enter, and stays so while the message is edited."""
    blocks = [gallery.container("SQL", collapsed=True), {"type": "divider"}]
    posted = await maya.client.chat_postMessage(channel=maya.sales, text="x", blocks=blocks)
    message = maya.message(str(posted["ts"]))
    await expect(message.get_by_text("inside SQL")).to_be_hidden()
    await message.locator("summary").focus()
    await maya.page.keyboard.press("Enter")
    await expect(message.get_by_text("inside SQL")).to_be_visible()
    await maya.client.chat_update(
        channel=maya.sales, ts=str(posted["ts"]), text="x", blocks=blocks[:1]
    )
    await expect(message.locator("hr")).to_have_count(0)
    await expect(message.get_by_text("inside SQL")).to_be_visible()


async def test_a_modal_shows_every_input(maya: Desk) -> None:
    """All inputs have their label, hint and control, and alerts their level."""
    trigger = maya.slack.triggers.issue(maya.maya)
    await maya.client.views_open(trigger_id=trigger, view=gallery.modal("Words"))
    dialog = maya.page.get_by_role("dialog", name="Words")
    for kind in gallery.inputs("Words"):
        field = dialog.locator(f'[data-block-id="{kind}"]')
        await expect(field.get_by_label(f"Words {kind}")).to_be_attached()
        await expect(field.get_by_text("(optional)")).to_be_attached()
        await expect(field.locator(".hint")).to_have_text("Words")
    for level in ("default", "info", "warning", "error", "success"):
        await expect(dialog.locator(f".alert.{level}")).to_have_text("Words")
    assert await maya.overflow() == 0
    await dialog.get_by_label("Close").first.click()


async def test_no_text_becomes_markup(maya: Desk) -> None:
    """HTML in every text of every block, name, file and view is shown as it is, and never run."""
    await maya.page.evaluate("delete window.owned")
    for blocks in gallery.in_messages(ATTACK).values():
        await maya.post(*blocks, text=ATTACK)
    await maya.post(text=ATTACK)
    await maya.slack.post_as(maya.gil, maya.sales, ATTACK)
    await maya.client.files_upload_v2(
        channel=maya.sales, content="a,b", filename=ATTACK, title=ATTACK, alt_txt=ATTACK
    )
    trigger = maya.slack.triggers.issue(maya.maya)
    await maya.client.views_publish(user_id=maya.maya, view=gallery.home(ATTACK))
    await maya.client.views_open(trigger_id=trigger, view=gallery.modal(ATTACK))
    await maya.page.get_by_role("dialog").get_by_label("Close").first.click()
    maya.slack.add_user("zoe", ATTACK)
    maya.slack.add_channel(ATTACK, topic=ATTACK)
    await maya.page.reload()
    await maya.page.get_by_role("button", name=ATTACK).first.click()
    await maya.page.get_by_role("button", name="Crosstalk", exact=True).click()
    await expect(maya.page.locator(".home h3")).to_have_text(ATTACK)
    await maya.page.get_by_role("button", name="sales").click()
    await expect(maya.page.locator(".task-title").last).to_have_text(ATTACK)
    assert await maya.page.locator('img[src="x"]').count() == 0
    assert await maya.page.locator('[href^="javascript" i]').count() == 0
    assert await maya.page.evaluate("window.owned") is None
