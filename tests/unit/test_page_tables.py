"""Tables of the pages: whole, and narrow enough to be read."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pages import CHECKOUT, text_files

PAGES = [path for path in text_files() if path.suffix == ".md"]
LONGEST_WORD = 80
"""Nothing breaks a word in a cell: what is longer squeezes the cells beside it to a word a line."""
_FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
_BAR = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\]\([^)]*\)")
_RULE = re.compile(r"\|(?: *:?-+:? *\|)+")


def tables(text: str) -> Iterator[list[str]]:
    """The lines of each table: those that begin with a bar and follow each other."""
    table: list[str] = []
    for line in [*_FENCE.sub("", text).splitlines(), ""]:
        if line.startswith("|"):
            table.append(line)
        elif table:
            yield table
            table = []


def wrong(text: str) -> list[str]:
    """The lines that are no row of their table, and the words that are too long for one."""
    found = []
    for head, *lines in tables(text):
        width = len(_BAR.findall(head))
        if not lines or not _RULE.fullmatch(lines[0].strip()):
            found.append(head)
        found += [line for line in lines if len(_BAR.findall(line)) != width]
        words = re.split(r"[\s|]|<br>", _LINK.sub("]", " ".join([head, *lines])))
        found += [word for word in words if len(word) > LONGEST_WORD]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_every_table_can_be_read(page: Path) -> None:
    """Each row has as many cells as its head, so that nothing is cut off; a bar in a cell has a
    backslash before it."""
    assert wrong(page.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("| a | b |\n|---|---|\n| 1 | 2 |\n", 0),
        ("| a | b |\n|---|---|\n| `x \\| y` | 2 |\n", 0),
        ("| a | b |\n|---|---|\n| `x | y` | 2 |\n", 1),
        ("| a | b |\n| 1 | 2 |\n", 1),
        ("```\n| a |\n```\n", 0),
        (f"| a |\n|---|\n| {'x' * 81} |\n", 1),
        (f"| a |\n|---|\n| [x](https://{'x' * 81}) |\n", 0),
    ],
)
def test_what_is_wrong_is_found(text: str, found: int) -> None:
    """Else nothing above could fail."""
    assert len(wrong(text)) == found
