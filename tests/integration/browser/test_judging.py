"""The judge of pages itself: it finds what is wrong, through any policy."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from tests.support.browser.judging import assert_fit_for_all, violations
from tests.support.browser.running import Pages

_POLICY = "default-src 'none'; style-src 'self'"
_HEAD = '<!doctype html><html lang="en"><head><title>A page</title>'
_FIT = f"{_HEAD}</head><body><main><h1>A page</h1></main></body></html>"
_UNFIT = f'{_HEAD}</head><body><main><h1>A page</h1><img src="x"></main></body></html>'
_FAINT_IN_THE_DARK = f"""{_HEAD}<style>
  @media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #333; }} }}
  </style></head><body><main><h1>A page</h1></main></body></html>"""
_WIDE = f"""{_HEAD}</head><body><main><h1>A page</h1><div style="width: 900px">Wide</div></main>
  </body></html>"""


def _served(body: str, policy: str) -> TestServer:
    async def answer(_: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": policy}
        return web.Response(text=body, content_type="text/html", headers=headers)

    app = web.Application()
    app.router.add_get("/", answer)
    return TestServer(app)


async def test_a_page_that_is_fit_passes(pages: Pages) -> None:
    """Nothing is found in a page that has nothing wrong, at both widths, in both schemes."""
    async with _served(_FIT, _POLICY) as server:
        await assert_fit_for_all(await pages.open(str(server.make_url("/"))))


async def test_a_strict_policy_hides_nothing(pages: Pages) -> None:
    """An image without a text is found though the page's policy lets no script in."""
    async with _served(_UNFIT, _POLICY) as server:
        page = await pages.open(str(server.make_url("/")))
        found = await violations(page)
        assert len(found) == 1
        assert found[0].startswith("image-alt (critical): ")
        assert '<img src="x">' in found[0]


async def test_each_scheme_is_judged(pages: Pages) -> None:
    """A contrast that is too low in the dark alone is found, and said to be there."""
    async with _served(_FAINT_IN_THE_DARK, "default-src 'self' 'unsafe-inline'") as server:
        told = await _told(await pages.open(str(server.make_url("/"))))
    assert "at 320 pixels, dark: color-contrast" in told
    assert "light" not in told


async def test_a_page_that_scrolls_sideways_is_found(pages: Pages) -> None:
    """A page wider than a narrow window breaks 1.4.10; in a wide one it is at its place."""
    async with _served(_WIDE, "default-src 'self' 'unsafe-inline'") as server:
        told = await _told(await pages.open(str(server.make_url("/"))))
    assert "at 320 pixels, light: reflow (1.4.10)" in told
    assert "1280" not in told


async def _told(page: Page) -> str:
    with pytest.raises(AssertionError) as raised:
        await assert_fit_for_all(page)
    return str(raised.value)
