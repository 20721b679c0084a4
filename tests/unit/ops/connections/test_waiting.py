"""Rows that wait for a person, as the command line tells them."""

import pytest

from contracts.connecting import ConnectionFailureCode, RowCode, System
from ops.connections.waiting import WHERE, command, in_one_line, lines, needed
from services.connectors.models import Connection


def test_each_code_is_told_with_what_to_do() -> None:
    """The most frequent first, then by name; where none waits nothing is said."""
    assert list(lines({"both_changed": 2, "problem:version_conflict": 2, "no_id": 1_200})) == [
        f"1,204 rows wait for a person: {WHERE}",
        "  1,200 no_id: give it an id there",
        "  2 both_changed: take theirs, or keep ours",
        "  2 problem:version_conflict: it was refused here: mend it there or here, then retry",
    ]
    assert list(lines({})) == []


@pytest.mark.parametrize("code", RowCode)
def test_every_code_has_something_to_do(code: RowCode) -> None:
    """A new one as well."""
    assert list(lines({code: 1})) == [
        f"1 row waits for a person: {WHERE}",
        next(line for line in lines({code: 1}) if line.startswith(f"  1 {code}: ")),
    ]


def test_the_doctor_has_one_line() -> None:
    """How many, and of what."""
    assert in_one_line({"no_id": 1, "both_changed": 24}) == (
        f"25 rows wait for a person (24 both_changed, 1 no_id): {WHERE}"
    )
    assert in_one_line({}) == ""


def test_a_connection_may_need_several_things() -> None:
    """Or nothing."""
    row = Connection(org_id="org_1", name="main", needs_person=True, writing_stopped=True)
    assert list(needed(row)) == [
        "handoff connection test --org org_1 --name main",
        "the key may not write: see Permissions in docs/connectors",
    ]
    assert list(needed(Connection(needs_person=False, writing_stopped=False))) == []


@pytest.mark.parametrize(
    ("code", "does"),
    [
        (ConnectionFailureCode.UNAUTHORIZED, "test"),
        (ConnectionFailureCode.NEEDS_REAUTHORIZATION, "authorize"),
    ],
)
def test_what_a_connection_needs_is_a_command_to_copy(
    code: ConnectionFailureCode, does: str
) -> None:
    """With whose and which it is."""
    row = Connection(org_id="org_1", name="main", system=System.ALFADOCS, code=code)
    assert command(row) == f"handoff connection {does} --org org_1 --name main"
