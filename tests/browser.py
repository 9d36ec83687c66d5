"""A real browser for tests: the one on this machine, or Playwright's own."""

import contextlib
import shutil
from collections.abc import AsyncGenerator

from playwright.async_api import Page, async_playwright, expect

expect.set_options(timeout=30_000)

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.asynccontextmanager
async def open_page(width: int = 1280, height: int = 800) -> AsyncGenerator[Page]:
    """A page of a fresh browser. Without any browser, Playwright says how to install its own."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(_FLAGS))
        try:
            yield await browser.new_page(viewport={"width": width, "height": height})
        finally:
            await browser.close()
