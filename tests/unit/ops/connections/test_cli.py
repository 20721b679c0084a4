"""Options and secrets in the help of `handoff connection add`, and in the pages."""

import re
from pathlib import Path

import pytest

from contracts.connecting import System
from ops.connections.arguments import SECRETS
from ops.connections.cli import OPTIONS_AND_SECRETS
from services.connectors.config import OPTIONS

PAGES = Path(__file__).parents[4] / "docs" / "connectors"


def test_the_help_names_each_option_and_secret_of_each_system() -> None:
    """So that nobody has to guess them."""
    parts = {part.partition(":")[0]: part for part in OPTIONS_AND_SECRETS.split("\n\n")}
    for system, options in OPTIONS.items():
        words = set(re.findall(r"[a-z_]+", parts[system]))
        assert {*options.model_fields, *SECRETS[system]} <= words


@pytest.mark.parametrize("system", System)
def test_the_page_of_a_system_has_each_of_its_options_and_secrets(system: System) -> None:
    """An option in the table, with what it is unless it is set."""
    page = (PAGES / f"{system}.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for name in OPTIONS[system].model_fields:
        assert any(f"`{name}`" in row.split("|")[1] for row in rows), name
    for name in SECRETS[system]:
        assert f"`{name}`" in page
