"""Mistakes that clients made, and what each is told: docs/clients/mistakes.md, row by row.

A row that differs fails with the row as it should be: that one goes onto the page.
"""

import pytest

from tests.integration.mistakes.asked import ASKED, Mistake
from tests.integration.mistakes.published import PUBLISHED
from tests.integration.mistakes.shop import Shop
from tests.integration.mistakes.unheard import UNHEARD, Unheard
from tests.support.pages import CHECKOUT

MISTAKES: list[Mistake] = [*PUBLISHED, *ASKED]
PAGE = CHECKOUT / "docs/clients/mistakes.md"
_HEADS = ("| mistake |", "|---")


def rows() -> list[str]:
    """The lines of the page's tables, without their heads."""
    lines = PAGE.read_text("utf-8").splitlines()
    return [x for x in lines if x.startswith("|") and not x.startswith(_HEADS)]


def row(*cells: str) -> str:
    """A line of a table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def on_the_page(name: str) -> str:
    """The row of that name. Fails where there is none, or several."""
    (found,) = [x for x in rows() if x.startswith(f"| {name} |")]
    return found


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: one.name)
async def test_a_mistake_is_told_what_the_page_says(shop: Shop, mistake: Mistake) -> None:
    """Status, code and text; of what is no mistake, what happens."""
    answer = await mistake.send(shop.another())
    assert on_the_page(mistake.name) == row(mistake.name, mistake.sent, answer)


@pytest.mark.parametrize("mistake", UNHEARD, ids=lambda one: one.name)
async def test_what_no_answer_comes_to_is_found_where_the_page_says(
    shop: Shop, mistake: Unheard
) -> None:
    """What the client sees, what became of the message, and how to find out."""
    seen, became, to_do = await mistake.send(shop.another())
    what = f"{seen}<br>{became}"
    assert on_the_page(mistake.name) == row(mistake.name, mistake.sent, what, to_do)


def test_the_page_has_every_mistake_and_no_other() -> None:
    """In the order of the tests."""
    names = [one.name for one in MISTAKES] + [one.name for one in UNHEARD]
    assert [x.split(" | ")[0].removeprefix("| ") for x in rows()] == names
