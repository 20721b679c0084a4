"""Pages judged by axe-core for WCAG 2.2 AA, and for what axe leaves to others: reflow, no faults.

axe comes in by the debugger's protocol, as does every question here: a page's Content-Security-
Policy stays in force.
"""

import asyncio
from typing import Any

from playwright.async_api import Page

from tests.support import node
from tests.support.browser.running import NARROW, WIDE, Scheme, show

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN = """async (tags) => {
  const found = await axe.run(document, {
    runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], iframes: false,
  });
  return found.violations;
}"""
_WITHIN_SECONDS = 60.0
_SIDEWAYS = """() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"""
SHOWN_AS: tuple[tuple[int, Scheme], ...] = (
    (NARROW, "light"),
    (NARROW, "dark"),
    (WIDE, "light"),
    (WIDE, "dark"),
)
"""The widths and schemes in which every page is judged."""


async def violations(page: Page) -> list[str]:
    """What axe finds in the page as it is shown now: one text for each rule that is broken.

    Raises TimeoutError where the page is one without JavaScript: axe awaits timers, which it stops.
    """
    async with asyncio.timeout(_WITHIN_SECONDS):
        if not await page.evaluate("typeof axe === 'object'"):
            await page.evaluate(node.text_of("axe-core/axe.min.js"))
        return [_in_words(one) for one in await page.evaluate(_RUN, _TAGS)]


async def assert_fit_for_all(page: Page) -> None:
    """Fails where the page breaks a rule of WCAG 2.2 AA, or scrolls sideways, at 320 and 1280
    pixels, light and dark. The page is left as it was shown last."""
    wrong: list[str] = []
    for width, scheme in SHOWN_AS:
        await show(page, width=width, scheme=scheme)
        found = await violations(page)
        if (pixels := await page.evaluate(_SIDEWAYS)) > 0:
            found.append(f"reflow (1.4.10): {pixels} pixels wider than the window")
        wrong += [f"at {width} pixels, {scheme}: {one}" for one in found]
    assert not wrong, "\n\n".join(wrong)


def _in_words(violation: dict[str, Any]) -> str:
    """The rule, and each place that breaks it, with what would mend it."""
    told = [f"{violation['id']} ({violation['impact']}): {violation['help']}", violation["helpUrl"]]
    for one in violation["nodes"]:
        told += [one["html"][:200], *(f"  {line}" for line in one["failureSummary"].splitlines())]
    return "\n    ".join(told)
