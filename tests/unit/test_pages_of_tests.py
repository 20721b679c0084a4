"""The pages of promises, traps and laws name the tests that show each line: they are there."""

import ast
import re

import pytest

from ops.environment import CHECKOUT

TRAPS, PROMISES = "maintainers/traps.md", "concepts/promises.md"
LAWS = "connectors/laws.md"
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_ITEM = re.compile(r"^- .+\n(?:  .+\n)*", re.MULTILINE)


def rows(page: str) -> list[str]:
    """The page's promises, traps or laws: each an item that names its tests below it."""
    text = (CHECKOUT / "docs" / page).read_text("utf-8")
    shown, _, _ = text.partition("## What is not promised")
    return _ITEM.findall(shown)


@pytest.mark.parametrize(("page", "lines"), [(TRAPS, 44), (PROMISES, 51), (LAWS, 40)])
def test_every_line_is_on_its_page(page: str, lines: int) -> None:
    """As many as there were; one that is taken off is taken off here too."""
    assert len(rows(page)) == lines


@pytest.mark.parametrize(
    "row", rows(TRAPS) + rows(PROMISES) + rows(LAWS), ids=lambda row: row[2:60]
)
def test_every_line_names_tests_that_exist(row: str) -> None:
    """A line that names no test, or one that was renamed, promises nothing."""
    said, *shown_by = row.split("\n  - ")
    assert said.removeprefix("- ").strip()
    named = [found.groups() for one in shown_by if (found := _NAMED.fullmatch(one.strip()))]
    assert named and len(named) == len(shown_by)
    for path, name in named:
        tree = ast.parse((CHECKOUT / path).read_text("utf-8"))
        tests = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in tests, f"{path} has no {name}"
