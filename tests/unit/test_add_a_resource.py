"""The checklist of a new resource: eight files that are there, and no list beside them."""

import ast
import re

import pytest

from ops.environment import CHECKOUT

PAGE = (CHECKOUT / "docs" / "maintainers" / "add-a-resource.md").read_text("utf-8")
FILES = re.findall(r"^\| `([\w/.]+)` \|", PAGE, re.MULTILINE)
MOST_FILES = 8
# Where a list of all resources stood, or could come back to.
COLLECTORS = (
    "contracts/catalogue.py",
    "contracts/events.py",
    "contracts/operations.py",
    "messaging/handlers/registry.py",
    "services/referrals/handlers/__init__.py",
    "services/referrals/models/__init__.py",
    "services/referrals/queries/__init__.py",
    "services/referrals/app.py",
    "services/referrals/subscribers.py",
    "ops/schemas.py",
    "tests/integration/referrals/refused/test_completeness.py",
    "tests/integration/referrals/refused/test_table.py",
)


def test_a_resource_is_eight_files_at_most() -> None:
    """Hand-written ones, its tests among them."""
    assert 0 < len(FILES) <= MOST_FILES
    assert len(set(FILES)) == len(FILES)
    assert "Eight files" in PAGE


@pytest.mark.parametrize("path", FILES)
def test_every_file_of_the_checklist_is_there_and_is_about_the_resource(path: str) -> None:
    """One that was moved sends its reader nowhere."""
    assert re.search(r"referral_?partner", (CHECKOUT / path).read_text("utf-8"), re.IGNORECASE)


@pytest.mark.parametrize("path", COLLECTORS)
def test_no_list_names_a_resource(path: str) -> None:
    """Else there would be a ninth file."""
    nodes = list(ast.walk(ast.parse((CHECKOUT / path).read_text("utf-8"))))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {node.name for node in nodes if isinstance(node, ast.alias)}
    assert names
    assert not [name for name in names if "partner" in name.lower()]
