"""The programs that work with a schema, by its own note."""

import pytest

from messaging.database.migrations import is_met

NOTE = "oldest program: 0012"


@pytest.mark.parametrize(
    ("needed", "held", "note", "met"),
    [
        ("0013", "0013", None, True),
        ("0013", "0013", "oldest program: 0013", True),
        ("0013", "0014", NOTE, True),
        ("0012", "0014", NOTE, True),
        ("0011", "0014", NOTE, False),  # it would read what is gone
        ("0013", "0014", None, False),  # migrated by a program that told nothing
        ("0013", "0014", "somebody's own comment", False),
        ("0014", "0013", "oldest program: 0010", False),  # it needs what is not there yet
        ("9999", "10000", "oldest program: 9999", True),
    ],
)
def test_a_newer_schema_says_which_programs_work_with_it(
    needed: str, held: str, note: str | None, met: bool
) -> None:
    """An older schema works with none, whatever it says."""
    assert is_met(needed, held, note) is met
