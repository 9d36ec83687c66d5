"""What a person does on the page of the local Slack, and what the bot then hears."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportOptionalSubscript=false, reportArgumentType=false

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser import open_page
from tests.sandbox import gallery
from tests.sandbox.gallery import button, plain
from tests.sandbox.page_scene import DOT, Desk, desk
from tests.sandbox.slack_scene import Json, refusal

CONFIRM: Json = {
    "title": plain("Run it?"),
    "text": plain("14 rows"),
    "confirm": plain("Yes, run"),
    "deny": plain("No"),
}


def acts(*elements: Json) -> Json:
    """An actions block."""
    return {"type": "actions", "block_id": "acts", "elements": list(elements)}


def text_input(block_id: str, **about: Json | bool | str) -> Json:
    """An input of text, in a block and under an action of the same name."""
    element = {"type": "plain_text_input", "action_id": block_id}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id),
        "element": element,
        **about,
    }


def modal(title: str, *blocks: Json, **about: object) -> Json:
    """A modal that can be submitted."""
    return {
        "type": "modal",
        "title": plain(title),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **about,
    }


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


async def opened(maya: Desk, view: Json) -> str:
    """Open a modal in front of Maya: its id."""
    trigger = maya.slack.triggers.issue(maya.maya)
    return (await maya.client.views_open(trigger_id=trigger, view=view))["view"]["id"]


async def test_a_press_is_sent_after_it_is_confirmed(maya: Desk) -> None:
    """“No” sends nothing; “yes”, chosen from the keyboard, sends one press with its value."""
    message = await maya.post(acts(button("Approve", "run", value="p1", confirm=CONFIRM)))
    await message.get_by_role("button", name="Approve").click()
    await maya.page.get_by_role("button", name="No").click()
    await message.get_by_role("button", name="Approve").focus()
    await maya.page.keyboard.press("Enter")
    await maya.page.get_by_role("button", name="Yes, run").focus()
    await maya.page.keyboard.press("Enter")
    heard = await maya.bot.hear("block_actions")
    assert heard["actions"][0]["value"] == "p1"
    assert heard["user"]["id"] == maya.maya
    assert maya.bot.heard.empty()


async def test_a_choice_from_a_menu_stays_chosen(maya: Desk) -> None:
    """The bot hears the option, the person and the day; an edit of the message keeps the choice."""
    menu, _, people, _, day, _ = gallery.menus("Words")
    posted = await maya.client.chat_postMessage(
        channel=maya.sales, text="x", blocks=[acts(menu, people, day)]
    )
    message = maya.message(posted["ts"])
    await message.get_by_label("Choose an option").first.select_option("Words 2")
    assert (await maya.bot.hear("block_actions"))["actions"][0]["selected_option"]["value"] == "b"
    await message.get_by_label("Words").select_option("Gil Moreau")
    assert (await maya.bot.hear("block_actions"))["actions"][0]["selected_user"] == maya.gil
    await message.locator("[type=date]").fill("2026-05-02")
    assert (await maya.bot.hear("block_actions"))["actions"][0]["selected_date"] == "2026-05-02"
    blocks = [{"type": "header", "text": plain("Edited")}, acts(menu, people, day)]
    await maya.client.chat_update(channel=maya.sales, ts=posted["ts"], text="x", blocks=blocks)
    await expect(message.locator("h3")).to_have_text("Edited")
    await expect(message.get_by_label("Choose an option").first).to_have_value("b")


async def test_thumbs_are_given(maya: Desk) -> None:
    """The bot hears which thumb, and the page marks it."""
    message = await maya.post(gallery.context_actions("Helpful"))
    await message.get_by_label("Helpful").nth(1).click()
    assert (await maya.bot.hear("block_actions"))["actions"][0]["value"] == "down"
    await expect(message.locator("[aria-pressed=true]")).to_have_count(1)


async def test_a_modal_says_what_is_wrong_under_the_input(maya: Desk) -> None:
    """Slack's own complaint comes before the app's; then what was typed is accepted."""
    number = gallery.inputs("Rows")["number_input"]
    await opened(maya, modal("Limits", number, text_input("why")))
    dialog = maya.page.get_by_role("dialog", name="Limits")
    await dialog.get_by_label("Rows number_input").fill("12")
    await dialog.get_by_label("why").fill("because")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Enter a number that is at most 9.")
    await dialog.get_by_label("Rows number_input").fill("4")
    errors = {"response_action": "errors", "errors": {"why": "Say more."}}
    maya.bot.answer = lambda kind, payload: errors
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.locator('[data-block-id="why"]').get_by_role("alert")).to_have_text(
        "Say more."
    )
    maya.bot.answer = lambda kind, payload: None
    await dialog.get_by_role("button", name="Send").click()
    await expect(maya.page.get_by_role("dialog")).to_have_count(0)
    await maya.bot.hear("view_submission")
    values = (await maya.bot.hear("view_submission"))["view"]["state"]["values"]
    assert values["number_input"]["value"]["value"] == "4"
    assert values["why"]["why"]["value"] == "because"


async def test_every_input_says_what_was_put_in(maya: Desk) -> None:
    """Each kind of input arrives at the bot in its own words."""
    await opened(maya, modal("All", *gallery.inputs("Words").values()))
    dialog = maya.page.get_by_role("dialog", name="All")
    filled = {
        "plain_text_input": "some words",
        "email_text_input": "maya@example.com",
        "url_text_input": "https://example.com/",
        "datepicker": "2026-05-02",
        "timepicker": "10:30",
    }
    for kind, words in filled.items():
        await dialog.get_by_label(f"Words {kind}").fill(words)
    for kind in ("static_select", "users_select", "conversations_select"):
        await dialog.get_by_label(f"Words {kind}").select_option(index=1)
    await dialog.locator('[data-block-id="checkboxes"] input').last.check()
    await dialog.locator('[data-block-id="radio_buttons"] input').first.check()
    await dialog.get_by_label("Words multi_users_select").get_by_label("Gil Moreau").check()
    await dialog.get_by_role("button", name="Send").click()
    said = (await maya.bot.hear("view_submission"))["view"]["state"]["values"]
    values = {kind: fields["value"] for kind, fields in said.items()}
    assert {kind: values[kind]["value"] for kind in list(filled)[:3]} == dict(
        list(filled.items())[:3]
    )
    assert values["datepicker"]["selected_date"] == "2026-05-02"
    assert values["timepicker"]["selected_time"] == "10:30"
    assert values["static_select"]["selected_option"]["value"] == "a"
    assert values["users_select"]["selected_user"] == maya.maya
    assert values["conversations_select"]["selected_conversation"] == maya.sales
    assert [o["value"] for o in values["checkboxes"]["selected_options"]] == ["b"]
    assert values["radio_buttons"]["selected_option"]["value"] == "a"
    assert values["multi_users_select"]["selected_users"] == [maya.gil]


async def test_what_is_typed_survives_an_update(maya: Desk) -> None:
    """A press inside a modal carries what was typed, and an update of the view leaves it there."""
    live = text_input("sql", dispatch_action=True)
    live["element"]["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    view_id = await opened(maya, modal("Edit", live, acts(button("Check", "check"))))
    dialog = maya.page.get_by_role("dialog", name="Edit")
    await dialog.get_by_label("sql").fill("SELECT 1")
    assert (await maya.bot.hear("block_actions"))["actions"][0]["value"] == "SELECT 1"
    await dialog.get_by_role("button", name="Check").click()
    pressed = await maya.bot.hear("block_actions")
    assert pressed["view"]["state"]["values"]["sql"]["sql"]["value"] == "SELECT 1"
    await dialog.get_by_label("sql").focus()
    note: Json = {"type": "alert", "level": "success", "text": plain("It is valid")}
    await maya.client.views_update(view_id=view_id, view=modal("Edit", live, note))
    await expect(dialog.get_by_text("It is valid")).to_be_visible()
    await expect(dialog.get_by_label("sql")).to_have_value("SELECT 1")
    await expect(dialog.get_by_label("sql")).to_be_focused()


async def test_modals_stand_on_each_other(maya: Desk) -> None:
    """Only the uppermost is seen; closing it uncovers the one below, as it was left."""
    below = await opened(maya, modal("Below", text_input("why"), submit_disabled=True))
    lower = maya.page.get_by_role("dialog", name="Below")
    await expect(lower.get_by_role("button", name="Send")).to_be_disabled()
    await lower.get_by_label("why").fill("half a sent")
    await expect(lower.get_by_role("button", name="Send")).to_be_enabled()
    trigger = maya.slack.triggers.issue(maya.maya, below)
    await maya.client.views_push(trigger_id=trigger, view=modal("Above", text_input("more")))
    upper = maya.page.get_by_role("dialog", name="Above")
    await expect(upper).to_be_visible()
    await expect(lower).to_be_hidden()
    await maya.page.keyboard.press("Escape")
    await expect(upper).to_have_count(0)
    await expect(lower.get_by_label("why")).to_have_value("half a sent")


async def test_home_is_opened_and_pressed(maya: Desk) -> None:
    """Opening either tab is told to the bot; what it publishes is shown and can be pressed."""
    await maya.page.get_by_role("button", name="Crosstalk").click()
    assert (await maya.bot.hear("app_home_opened"))["event"]["tab"] == "home"
    view: Json = {"type": "home", "blocks": [acts(button("Run again", "rerun", value="r7"))]}
    await maya.client.views_publish(user_id=maya.maya, view=view)
    await maya.page.get_by_role("button", name="Run again").click()
    heard = await maya.bot.hear("block_actions")
    assert heard["actions"][0]["value"] == "r7"
    assert heard["view"]["type"] == "home"
    await maya.page.get_by_role("tab", name="Messages").click()
    assert (await maya.bot.hear("app_home_opened"))["event"]["tab"] == "messages"
    await maya.page.get_by_label("Message Crosstalk").fill("hello")
    await maya.page.get_by_label("Message Crosstalk").press("Enter")
    assert (await maya.bot.hear("message"))["event"]["text"] == "hello"


async def test_shortcuts_are_chosen(maya: Desk) -> None:
    """One from the menu of a message, one from the composer, each by keyboard too."""
    ts = await maya.slack.post_as(maya.gil, maya.sales, "Northwind is late")
    await maya.message(ts).hover()
    await maya.message(ts).get_by_label("More actions").click()
    await maya.page.get_by_role("menuitem", name="Ask Crosstalk about this").click()
    heard = await maya.bot.hear("message_action")
    assert heard["message"]["text"] == "Northwind is late"
    await maya.page.get_by_label("Shortcuts and files").click()
    await maya.page.keyboard.press("Enter")
    assert (await maya.bot.hear("shortcut"))["callback_id"] == "ask"


async def test_a_slash_brings_up_the_commands(maya: Desk) -> None:
    """What is typed narrows them; Tab completes, and the command goes out with its words."""
    composer = maya.page.get_by_label("Message #sales")
    hints = maya.page.get_by_role("listbox", name="Commands")
    await composer.fill("/")
    await expect(hints.get_by_role("option")).to_have_count(6)
    await composer.press_sequentially("pl")
    await expect(hints.get_by_role("option")).to_have_count(1)
    await composer.press("Tab")
    await expect(composer).to_have_value("/plan ")
    await composer.press_sequentially("top customers")
    await composer.press("Enter")
    heard = await maya.bot.hear("slash_commands")
    assert (heard["command"], heard["text"]) == ("/plan", "top customers")
    await composer.fill("/nonsense x")
    await composer.press("Enter")
    await expect(maya.page.get_by_role("status")).to_contain_text("not a valid command")


async def test_a_file_is_dropped(maya: Desk) -> None:
    """It waits in the composer, goes out with the words, and can be fetched from the message."""
    drop = """() => {
      const files = new DataTransfer();
      files.items.add(new File(["id,name\\n1,Ann"], "people.csv", { type: "text/csv" }));
      const event = new DragEvent("drop", { dataTransfer: files, bubbles: true });
      document.querySelector(".channel").dispatchEvent(event);
    }"""
    await maya.page.evaluate(drop)
    await expect(maya.page.get_by_label("Remove people.csv")).to_be_visible()
    await maya.page.get_by_label("Message #sales").fill("join this")
    await maya.page.get_by_label("Send").first.click()
    message = maya.page.locator("article").filter(has_text="join this")
    link = message.get_by_label("Download people.csv")
    await expect(link).to_contain_text("CSV · 13 bytes")
    async with maya.page.expect_download() as download:
        await link.click()
    assert (await (await download.value).path()).read_bytes() == b"id,name\n1,Ann"
    assert (await maya.bot.hear("message"))["event"]["files"][0]["name"] == "people.csv"
    await maya.page.get_by_label("File to upload").first.set_input_files(
        {"name": "dot.png", "mimeType": "image/png", "buffer": DOT}
    )
    await maya.page.get_by_label("Send").first.click()
    await expect(maya.page.get_by_role("img", name="dot.png")).to_be_visible()


async def test_a_picture_of_the_bot_is_seen(maya: Desk) -> None:
    """A PNG is drawn, under its title, and described by its alternative text."""
    await maya.client.files_upload_v2(
        channel=maya.sales, content=DOT, filename="chart.png", title="Revenue", alt_txt="A line"
    )
    picture = maya.page.get_by_role("img", name="A line")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("e => e.decode().then(() => e.naturalWidth)") == 1
    await expect(maya.page.get_by_role("link", name="Revenue")).to_be_visible()


async def test_a_stream_is_stopped(maya: Desk) -> None:
    """While it grows there is a button, after which the bot can add nothing more."""
    root = await maya.slack.post_as(maya.maya, maya.sales, "how much?")
    recipient = {"recipient_user_id": maya.maya, "recipient_team_id": maya.slack.workspace.team_id}
    await maya.message(root).hover()
    await maya.message(root).get_by_label("Open thread").click()
    where = {"channel": maya.sales, "thread_ts": root}
    stream = await maya.client.chat_startStream(**where, **recipient, markdown_text="It is **4")
    thread = maya.page.get_by_label("Thread", exact=True)
    await expect(thread.get_by_text("It is **4")).to_be_visible()
    there = {"channel": maya.sales, "ts": stream["ts"]}
    await maya.client.chat_appendStream(**there, markdown_text="2**")
    await expect(thread.locator("strong", has_text="42")).to_be_visible()
    await thread.get_by_role("button", name="Stop").click()
    await expect(thread.get_by_role("button", name="Stop")).to_have_count(0)
    error = await refusal(maya.client.chat_appendStream(**there, markdown_text="!"))
    assert error == "stopped_by_user"
