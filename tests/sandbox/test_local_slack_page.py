"""The local Slack's page, in a real browser: what people see and do."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false, reportCallIssue=false

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import LocalSlack
from tests.browser import open_page


def plain(text: str) -> dict[str, str]:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


class Scene:
    """A workspace, and one person's browser on one of its channels."""

    def __init__(self, slack: LocalSlack, page: Page) -> None:
        self.slack = slack
        self.page = page
        self.maya = slack.add_user("maya", "Maya Chen").id
        self.tom = slack.add_user("tom", "Tom Ortega").id
        self.sales = slack.add_channel("sales").id
        self.client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)

    async def ask(self, text: str) -> str:
        """Type a question and send it: its ts."""
        changes = self.slack.workspace.subscribe()
        composer = self.page.get_by_label("Message #sales")
        await composer.fill(text)
        await composer.press("Enter")
        return (await changes.until(lambda c: c["type"] == "message"))["message"]["ts"]


@pytest_asyncio.fixture
async def scene() -> AsyncIterator[Scene]:
    """A page opened as Maya in #sales."""
    slack = LocalSlack(ack_timeout_s=0.1, retry_delays_s=())
    await slack.start()
    async with open_page() as page:
        scene = Scene(slack, page)
        await page.goto(f"{slack.page_url}?user={scene.maya}&channel={scene.sales}")
        await page.get_by_label("Message #sales").wait_for()
        yield scene
    await slack.stop()


async def test_the_thread_opens_when_the_bot_answers(scene: Scene) -> None:
    """A question is asked, the answer appears in a thread panel and is edited live."""
    ts = await scene.ask("@crosstalk who spent most?")
    assert "@Crosstalk" in await scene.page.locator(f'[data-ts="{ts}"]').inner_text()
    answer = await scene.client.chat_postMessage(
        channel=scene.sales, thread_ts=ts, text="Looking _now_"
    )
    thread = scene.page.get_by_label("Thread", exact=True)
    await expect(thread.get_by_text("Looking now")).to_be_visible()
    await scene.client.chat_update(channel=scene.sales, ts=answer["ts"], text="*Northwind*")
    await expect(thread.locator("strong", has_text="Northwind")).to_be_visible()
    await scene.page.get_by_label("Close thread").click()
    await scene.page.get_by_role("button", name="1 reply").click()
    await thread.get_by_label("Reply in thread").fill("thanks")
    await thread.get_by_label("Reply in thread").press("Enter")
    await expect(scene.page.get_by_role("button", name="2 replies")).to_be_visible()


async def test_a_button_asks_before_it_is_pressed(scene: Scene) -> None:
    """A confirm dialog stands between the person and the press."""
    confirm = {
        "title": plain("Run it?"),
        "text": plain("14 rows"),
        "confirm": plain("Yes, run"),
        "deny": plain("No"),
    }
    button = {"type": "button", "action_id": "run", "text": plain("Approve"), "confirm": confirm}
    await scene.client.chat_postMessage(
        channel=scene.sales, text="x", blocks=[{"type": "actions", "elements": [button]}]
    )
    await scene.page.get_by_role("button", name="Approve").click()
    await scene.page.get_by_role("button", name="No").click()
    await expect(scene.page.get_by_role("dialog")).to_have_count(0)
    await scene.page.get_by_role("button", name="Approve").click()
    await scene.page.get_by_role("button", name="Yes, run").click()
    await expect(scene.page.get_by_role("status")).to_contain_text("trouble connecting")


async def test_a_modal_keeps_its_required_field(scene: Scene) -> None:
    """A modal opens for the person whose trigger it was, and says what is missing."""
    field = {"type": "plain_text_input", "action_id": "text"}
    view: dict[str, Any] = {
        "type": "modal",
        "title": plain("Edit the plan"),
        "submit": plain("Save"),
        "blocks": [{"type": "input", "label": plain("Reason"), "element": field}],
    }
    trigger = scene.slack.triggers.issue(scene.maya)
    opened = (await scene.client.views_open(trigger_id=trigger, view=view))["view"]
    dialog = scene.page.get_by_role("dialog", name="Edit the plan")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("required")
    view["title"] = plain("Edit again")
    await scene.client.views_update(view_id=opened["id"], view=view)
    await scene.page.get_by_role("dialog", name="Edit again").get_by_label("Close").first.click()
    await expect(scene.page.get_by_role("dialog")).to_have_count(0)


async def test_an_ephemeral_is_seen_by_one_person(scene: Scene) -> None:
    """It is marked so, and is gone when the page acts as somebody else."""
    await scene.client.chat_postEphemeral(
        channel=scene.sales, user=scene.maya, text="a word in your ear"
    )
    await expect(scene.page.get_by_text("Only visible to you")).to_be_visible()
    await scene.page.get_by_label("Acting as").select_option("Tom Ortega")
    await expect(scene.page.get_by_text("a word in your ear")).to_have_count(0)
