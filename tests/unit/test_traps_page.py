"""docs/traps.md names the test of each trap: the tests are there."""

import ast
import re

import pytest

from ops.environment import CHECKOUT

ROWS = [
    line
    for line in (CHECKOUT / "docs" / "traps.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| trap ")
]
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_trap_is_on_the_page() -> None:
    """As many as were met; one that is taken off takes its line here."""
    assert len(ROWS) == 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:60])
def test_every_trap_names_a_test_that_exists(row: str) -> None:
    """A page that names no test, or one that was renamed, promises nothing."""
    trap, what_we_do, shown_by = (cell.strip() for cell in row.strip("|").split(" | "))
    assert trap and what_we_do
    named = _NAMED.findall(shown_by)
    assert named and shown_by.count("::") == len(named)
    for path, name in named:
        tree = ast.parse((CHECKOUT / path).read_text("utf-8"))
        tests = {n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert name in tests, f"{path} has no {name}"
