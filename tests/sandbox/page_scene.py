"""A local Slack with the bot listening, and one person's browser on it."""

# Every item of a slack_sdk response is typed as optional.
# pyright: reportArgumentType=false

import base64
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from playwright.async_api import Locator, Page, Route

from sandbox.slack import LocalSlack
from sandbox.slack.limits import RateLimits
from tests.sandbox.gallery import PICTURE
from tests.sandbox.slack_scene import Json, Scene, play

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A PNG of one pixel."""


class Desk:
    """Maya Chen at her browser, in #sales; the bot hears all that she does."""

    def __init__(self, bot: Scene, page: Page) -> None:
        self.bot = bot
        self.slack = bot.slack
        self.client = bot.client
        self.page = page
        self.maya = self.slack.add_user("maya", "Maya Chen").id
        self.gil = self.slack.add_user("gil", "Gil Moreau", is_restricted=True).id
        self.sales = self.slack.add_channel(
            "sales", [self.maya, self.gil, bot.slack.bot_user_id]
        ).id

    async def sit_down(self) -> None:
        """Open the page, on which pictures of other sites are one pixel large."""

        async def picture(route: Route) -> None:
            await route.fulfill(body=DOT, content_type="image/png")

        await self.page.route(PICTURE, picture)
        await self.page.goto(f"{self.slack.page_url}?user={self.maya}&channel={self.sales}")
        await self.page.get_by_label("Message #sales").wait_for()

    async def post(self, *blocks: Json, text: str = "words") -> Locator:
        """The bot posts in #sales: the message as the page shows it."""
        given = list(blocks) or None
        posted = await self.client.chat_postMessage(channel=self.sales, text=text, blocks=given)
        return self.message(posted["ts"])

    def message(self, ts: str) -> Locator:
        """A message in the channel."""
        return self.page.get_by_label("Messages", exact=True).locator(f'[data-ts="{ts}"]')

    async def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return await self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            " + [...document.querySelectorAll('.messages, .home, .modal-body')]"
            ".reduce((sum, pane) => sum + pane.scrollWidth - pane.clientWidth, 0)"
        )


@asynccontextmanager
async def desk(page: Page) -> AsyncGenerator[Desk]:
    """A fresh workspace, open in this page, in which the bot may post as fast as it likes."""
    limits = RateLimits(itertools.count(step=60).__next__)
    async with play(LocalSlack(limits=limits)) as bot:
        opened = Desk(bot, page)
        await opened.sit_down()
        yield opened
