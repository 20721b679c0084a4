"""Sentences that one reads once: the laws of STYLE.md that a machine can see."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "contracts",
    "client",
    "examples",
    "examples",
    "letters",
    "messaging",
    "services",
    "ops",
    "bench",
    "tests",
)
MODULES = sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)
RIDDLES = ("what ", "how ", "where ", "who ", "when ", "which ", "whom ", "why ")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_module_begins_with_its_subject(folder: str) -> None:
    """A reader who looks for a module looks for its noun."""
    riddles = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if path.is_relative_to(ROOT / folder)
        and (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
        .lower()
        .startswith(RIDDLES)
    ]
    assert riddles == []
