"""`connection.sync`: a run at once."""

from contracts.connection import SYNC_CONNECTION
from services.connectors.models import Connection
from tests.unit.services.connectors.handlers.rows import (
    CONNECTION_ID,
    EARLIER,
    NOW,
    OTHER_ID,
    connection,
    store,
)


def test_a_run_is_due_at_once() -> None:
    """202; asked for whole lists it stays so until they were read."""
    held = store(connection())
    decided = held.decide(SYNC_CONNECTION, connection_uuid=CONNECTION_ID, full=True)
    assert decided.status == 202
    assert decided.data.next_run_at == NOW
    again = held.decide(SYNC_CONNECTION, connection_uuid=CONNECTION_ID)
    assert again.status == 202
    row = held.row(Connection, CONNECTION_ID)
    assert (row.full_asked, row.version) == (True, 5)


def test_a_connection_that_is_not_there_is_not_found() -> None:
    """Nor is one that was removed."""
    removed = store(connection(removed_at=EARLIER))
    for held, uuid in ((store(), OTHER_ID), (removed, CONNECTION_ID)):
        problem = held.refuse(SYNC_CONNECTION, connection_uuid=uuid)
        assert problem.code == "connection_not_found"
