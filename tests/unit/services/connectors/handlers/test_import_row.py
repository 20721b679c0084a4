"""`import_row.resolve`: what a person decides."""

import pytest

from contracts.import_row import RESOLVE_IMPORT_ROW
from services.connectors.models import Connection, ExternalId, SourceMap, StagedRow
from tests.unit.services.connectors.handlers.rows import (
    CONNECTION_ID,
    NOW,
    OTHER_ID,
    ROW_ID,
    connection,
    external_id,
    staged,
    store,
)

RESOLVE = {"import_row_uuid": ROW_ID, "base_version": 1}


@pytest.mark.parametrize(
    ("code", "resolution"),
    [
        ("both_changed", "theirs"),
        ("both_changed", "ours"),
        ("both_changed", "retry"),
        ("possible_duplicate", "create"),
        ("status_contradicts", "retry"),
        ("problem:validation_error", "retry"),
    ],
)
def test_a_decision_is_carried_out_by_the_next_run(code: str, resolution: str) -> None:
    """The row is staged again, with what was decided; the run begins at once, and it is told."""
    held = store(connection(), external_id(), staged(code=code))
    decided = held.decide(RESOLVE_IMPORT_ROW, **RESOLVE, resolution=resolution)
    row = held.row(StagedRow, ROW_ID)
    assert (decided.status, row.state, row.resolution) == (200, "staged", resolution)
    assert held.row(Connection, CONNECTION_ID).next_run_at == NOW
    assert decided.event_types == ["import.row_resolved"]


@pytest.mark.parametrize(
    ("code", "resolution"),
    [
        ("both_changed", "create"),
        ("possible_duplicate", "ours"),
        ("field_refused", "theirs"),
        ("unmapped_source", "create"),
        ("missing_reference", "create"),
        ("no_id", "retry"),
    ],
)
def test_a_decision_that_means_nothing_for_the_row_is_refused(code: str, resolution: str) -> None:
    """Else it would count as resolved, and nothing would come of it."""
    held = store(connection(), staged(code=code))
    problem = held.refuse(RESOLVE_IMPORT_ROW, **RESOLVE, resolution=resolution)
    assert problem.code == "validation_error" and problem.errors[0].loc == ["resolution"]
    assert held.row(StagedRow, ROW_ID).state == "refused"


def test_what_is_linked_already_is_no_other_row() -> None:
    """Of whichever kind; over another connection it may be."""
    other = external_id(external_id="18", uuid=OTHER_ID)
    link = {**RESOLVE, "resolution": "link", "uuid": OTHER_ID}
    held = store(connection(), other, external_id(version=None), staged(code="possible_duplicate"))
    assert held.refuse(RESOLVE_IMPORT_ROW, **link).code == "already_linked"
    elsewhere = external_id(external_id="18", uuid=OTHER_ID, connection_id=ROW_ID)
    held = store(
        connection(), elsewhere, external_id(version=None), staged(code="possible_duplicate")
    )
    assert held.decide(RESOLVE_IMPORT_ROW, **link).status == 200


def test_a_link_of_a_source_number_says_what_it_means() -> None:
    """As `source_map.set` does."""
    asked = staged(kind="source", external_id="283", code="unmapped_source", body=None)
    held = store(connection(), asked)
    held.decide(RESOLVE_IMPORT_ROW, **RESOLVE, resolution="link", uuid=OTHER_ID)
    assert held.row(SourceMap, CONNECTION_ID, "283").referral_source_id == OTHER_ID
    assert held.row(StagedRow, ROW_ID).resolved_at == NOW


def test_what_is_ignored_is_over() -> None:
    """Its body goes; a newer version of the row comes all the same."""
    held = store(connection(), external_id(), staged())
    held.decide(RESOLVE_IMPORT_ROW, **RESOLVE, resolution="ignore")
    row = held.row(StagedRow, ROW_ID)
    assert (row.state, row.body, row.resolved_at) == ("done", None, NOW)
    problem = held.refuse(
        RESOLVE_IMPORT_ROW, import_row_uuid=ROW_ID, base_version=2, resolution="ours"
    )
    assert problem.code == "invalid_transition"


def test_a_link_names_the_resource() -> None:
    """A row that is nothing here yet becomes that one; uuid goes with link and nothing else."""
    held = store(connection(), external_id(version=None), staged(code="possible_duplicate"))
    held.decide(RESOLVE_IMPORT_ROW, **RESOLVE, resolution="link", uuid=OTHER_ID)
    row = held.row(ExternalId, CONNECTION_ID, "partner", "17")
    assert row.uuid == OTHER_ID
    for wrong in ({"resolution": "link"}, {"resolution": "ours", "uuid": OTHER_ID}):
        problem = store(connection(), staged()).refuse(RESOLVE_IMPORT_ROW, **RESOLVE, **wrong)
        assert problem.code == "validation_error"
    linked = store(connection(), external_id(), staged(code="possible_duplicate"))
    problem = linked.refuse(RESOLVE_IMPORT_ROW, **RESOLVE, resolution="link", uuid=OTHER_ID)
    assert problem.code == "already_linked"


def test_a_row_that_is_not_there_is_not_found() -> None:
    """And one that changed meanwhile is not decided about as it was."""
    assert store().refuse(RESOLVE_IMPORT_ROW, **RESOLVE, resolution="ours").code == (
        "import_row_not_found"
    )
    newer = store(connection(), staged(version=2))
    problem = newer.refuse(RESOLVE_IMPORT_ROW, **RESOLVE, resolution="ours")
    assert (problem.code, problem.current_version) == ("version_conflict", 2)
