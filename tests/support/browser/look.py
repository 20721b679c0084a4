"""Pages as pictures, to be looked at: PNGs at 320, 768 and 1280 pixels, light and dark.

    python -m tests.support.browser.look --to FOLDER [--first URL] [--cookie NAME=VALUE] URL...

`--first` is opened before the others and may set cookies: a one-time login, an answer link.
"""

import argparse
import asyncio
import re
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from playwright.async_api import Page

from tests.support.browser.running import MIDDLE, NARROW, WIDE, Pages, Scheme, running_browser, show


async def take_pictures(page: Page, folder: Path, name: str) -> list[Path]:
    """The page as it is shown now, whole: `name-320-light.png` and five more in the folder."""
    taken: list[Path] = []
    for width in (NARROW, MIDDLE, WIDE):
        for scheme in get_args(Scheme):
            await show(page, width=width, scheme=scheme)
            taken.append(folder / f"{name}-{width}-{scheme}.png")
            await page.screenshot(path=taken[-1], full_page=True, animations="disabled")
    return taken


async def _look(urls: list[str], folder: Path, first: str | None, cookies: list[str]) -> None:
    async with running_browser() as browser:
        pages = Pages(browser)
        page = await pages.open(first)
        for cookie in cookies:
            name, _, value = cookie.partition("=")
            await page.context.add_cookies(
                [{"name": name, "value": value, "url": _origin(urls[0])}]
            )
        for url in urls:
            await page.goto(url)
            for taken in await take_pictures(page, folder, _name(url)):
                print(taken)
        await pages.close()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _name(url: str) -> str:
    parts = urlsplit(url)
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{parts.path}?{parts.query}").strip("-") or "page"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="look", description=__doc__)
    parser.add_argument("urls", nargs="+", metavar="URL")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--first", metavar="URL")
    parser.add_argument("--cookie", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    asyncio.run(_look(given.urls, given.to, given.first, given.cookie))


if __name__ == "__main__":
    main()
