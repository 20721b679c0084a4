"""A browser of one test session, and the pages that tests open in it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.support.browser.chromium import chromium

Scheme = Literal["light", "dark"]

NARROW, MIDDLE, WIDE = 320, 768, 1280
"""Widths in CSS pixels: a phone at its narrowest (WCAG 2.2, 1.4.10), a tablet, a desk."""
_HEIGHT = 900
_WITHIN_MILLISECONDS = 30_000


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Chromium without a window. Raises NoBrowser."""
    found = chromium()
    expect.set_options(timeout=_WITHIN_MILLISECONDS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found.program,
            headless=True,
            # Its sandbox does not run as root; these pages are our own.
            chromium_sandbox=os.geteuid() != 0,
            args=["--disable-dev-shm-usage", "--force-color-profile=srgb"],
            env={**os.environ, **found.environment},
        )
        try:
            yield browser
        finally:
            await browser.close()


class Pages:
    """Opens pages, each in a context of its own: with cookies that no other one has."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    async def open(
        self,
        url: str | None = None,
        *,
        width: int = WIDE,
        scheme: Scheme = "light",
        javascript: bool = True,
    ) -> Page:
        """A page of so many CSS pixels, which shows `url` if there is one."""
        context = await self._browser.new_context(
            viewport={"width": width, "height": _HEIGHT},
            color_scheme=scheme,
            java_script_enabled=javascript,
            locale="en-US",
        )
        context.set_default_timeout(_WITHIN_MILLISECONDS)
        self._contexts.append(context)
        page = await context.new_page()
        if url is not None:
            await page.goto(url)
        return page

    async def close(self) -> None:
        """Close whatever was opened."""
        for context in self._contexts:
            await context.close()


async def show(page: Page, *, width: int, scheme: Scheme) -> None:
    """The same page at another width, in another scheme."""
    await page.set_viewport_size({"width": width, "height": _HEIGHT})
    await page.emulate_media(color_scheme=scheme)
