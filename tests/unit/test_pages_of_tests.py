"""The pages of promises, traps and laws name the tests that show each line: they are there."""

import ast
import re

import pytest

from ops.environment import CHECKOUT

TRAPS, PROMISES = "maintainers/traps.md", "concepts/promises.md"
LAWS = "connectors/laws.md"
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_HEADS = ("| trap ", "| promise ", "| law ")


def rows(page: str) -> list[str]:
    """The lines of the page's tables, without their heads."""
    text = (CHECKOUT / "docs" / page).read_text("utf-8")
    return [x for x in text.splitlines() if x.startswith("| ") and not x.startswith(_HEADS)]


@pytest.mark.parametrize(("page", "lines"), [(TRAPS, 41), (PROMISES, 51), (LAWS, 40)])
def test_every_line_is_on_its_page(page: str, lines: int) -> None:
    """As many as there were; one that is taken off is taken off here too."""
    assert len(rows(page)) == lines


@pytest.mark.parametrize(
    "row", rows(TRAPS) + rows(PROMISES) + rows(LAWS), ids=lambda row: row[2:60]
)
def test_every_line_names_tests_that_exist(row: str) -> None:
    """A line that names no test, or one that was renamed, promises nothing."""
    *said, shown_by = (cell.strip() for cell in row.strip("|").split(" | "))
    assert said and all(said)
    named = _NAMED.findall(shown_by)
    assert named and shown_by.count("::") == len(named)
    for path, name in named:
        tree = ast.parse((CHECKOUT / path).read_text("utf-8"))
        tests = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in tests, f"{path} has no {name}"
