"""Who sees what on the page of the local Slack, and how messages are marked."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser import open_page
from tests.sandbox.page_scene import Desk, desk


@pytest.fixture(scope="module")
async def window() -> AsyncIterator[Page]:
    """One browser window for all of these tests."""
    async with open_page() as page:
        yield page


@pytest.fixture
async def maya(window: Page) -> AsyncIterator[Desk]:
    """A workspace of its own for each test."""
    async with desk(window) as opened:
        yield opened


async def test_another_person_sits_down(maya: Desk) -> None:
    """Each sees their own channels; guests, admins and other companies' people are marked."""
    maya.slack.add_user("ada", "Ada Admin", is_admin=True)
    maya.slack.add_user("bo", "Bo Berg", team_id="T0OTHER")
    maya.slack.add_channel("board", [maya.maya], is_private=True)
    maya.slack.add_channel("with-acme", [maya.maya], shared_with=["T0OTHER"])
    await maya.page.reload()
    sidebar = maya.page.get_by_label("Workspace")
    await expect(sidebar.get_by_role("button", name="board").locator(".icon-lock")).to_be_visible()
    shared = sidebar.get_by_role("button", name="with-acme")
    await expect(shared.get_by_label("shared")).to_be_visible()
    people = maya.page.get_by_label("Acting as")
    words = await people.locator("option").all_inner_texts()
    assert words == ["Maya Chen", "Gil Moreau · guest", "Ada Admin · admin", "Bo Berg · external"]
    await people.select_option("Gil Moreau · guest")
    await expect(sidebar.get_by_role("button", name="board")).to_have_count(0)
    await maya.page.get_by_label("Message #sales").fill("hello from Gil")
    await maya.page.get_by_label("Message #sales").press("Enter")
    assert (await maya.bot.hear("message"))["event"]["user"] == maya.gil


async def test_home_is_that_of_whoever_looks(maya: Desk) -> None:
    """Acting as somebody else on Home shows theirs, and tells the bot who opened it."""
    view = {"type": "home", "blocks": [{"type": "divider"}]}
    await maya.client.views_publish(user_id=maya.maya, view=view)
    await maya.page.get_by_role("button", name="Crosstalk").click()
    await expect(maya.page.locator(".home hr")).to_be_visible()
    assert (await maya.bot.hear("app_home_opened"))["event"]["user"] == maya.maya
    await maya.page.get_by_label("Acting as").select_option("Gil Moreau · guest")
    await expect(maya.page.get_by_text("nothing on its Home yet")).to_be_visible()
    assert (await maya.bot.hear("app_home_opened"))["event"]["user"] == maya.gil


async def test_an_ephemeral_is_pressed_where_it_is(maya: Desk) -> None:
    """It says that nobody else sees it, and its thread is the one that it was posted in."""
    root = await maya.slack.post_as(maya.maya, maya.sales, "question")
    await maya.client.chat_postEphemeral(
        channel=maya.sales, user=maya.maya, thread_ts=root, text="only for you"
    )
    await maya.message(root).hover()
    await maya.message(root).get_by_label("Open thread").click()
    thread = maya.page.get_by_label("Thread", exact=True)
    await expect(thread.get_by_text("Only visible to you")).to_be_visible()
    channel = maya.page.get_by_label("Messages", exact=True)
    await expect(channel.get_by_text("only for you")).to_have_count(0)


async def test_messages_are_marked(maya: Desk) -> None:
    """Edited text says so, metadata is nowhere, and Slack's own messages are told apart."""
    about = {"event_type": "crosstalk_run", "event_payload": {"secret": "r-4711"}}
    posted = await maya.client.chat_postMessage(channel=maya.sales, text="one", metadata=about)
    message = maya.message(posted["ts"])
    await expect(message.get_by_text("APP")).to_be_visible()
    await maya.client.chat_update(channel=maya.sales, ts=posted["ts"], text="two")
    await expect(message).to_contain_text("two (edited)")
    assert "4711" not in await maya.page.locator("body").inner_text()
    maya.slack.join(maya.slack.add_user("ivo", "Ivo Ek").id, maya.sales)
    await expect(maya.page.locator(".said")).to_contain_text("has joined the channel")
    await expect(maya.page.get_by_text("4 members")).to_be_visible()


async def test_reactions_are_put_on_and_taken_off(maya: Desk) -> None:
    """A reaction shows who gave it, and a second press takes one's own away."""
    ts = await maya.slack.post_as(maya.gil, maya.sales, "done")
    await maya.client.reactions_add(channel=maya.sales, timestamp=ts, name="eyes")
    eyes = maya.message(ts).locator(".reaction")
    await expect(eyes).to_have_attribute("title", "Crosstalk reacted with :eyes:")
    await eyes.click()
    await expect(eyes).to_contain_text("2")
    await expect(eyes).to_have_attribute("aria-pressed", "true")
    await eyes.click()
    await expect(eyes).to_contain_text("1")


async def test_a_reply_is_also_sent_to_the_channel(maya: Desk) -> None:
    """A broadcast stands in the channel under the thread that it replies to, and in the thread."""
    root = await maya.slack.post_as(maya.maya, maya.sales, "the question")
    channel = maya.slack.workspace
    reply = {"user": maya.gil, "text": "the answer", "thread_ts": root}
    channel.post(maya.sales, {**reply, "subtype": "thread_broadcast"})
    article = maya.page.get_by_label("Messages", exact=True).locator("article").last
    await expect(article).to_contain_text("replied to a thread: the question")
    await article.get_by_role("button", name="the question").click()
    thread = maya.page.get_by_label("Thread", exact=True)
    await expect(thread.get_by_text("the answer")).to_be_visible()
    await expect(thread.get_by_text("1 reply")).to_be_visible()
