"""A client's command to a connection: to run at once."""

from contracts.connection import SYNC_CONNECTION, ConnectionSync
from contracts.connection import Connection as Resource
from contracts.problems import ProblemCode, not_found
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace
from services.connectors.models import Connection
from services.connectors.resources import connection_resource


def sync(command: ConnectionSync, workspace: Workspace) -> Done[Resource]:
    """Let the next run begin now; one that is under way goes on, and another follows it."""
    row = connection_of(workspace, command.connection_uuid)
    row.next_run_at = workspace.now
    row.full_asked = row.full_asked or command.full
    row.version += 1
    row.updated_at = workspace.now
    return Done(ReplyStatus.ACCEPTED, connection_resource(row), row.id)


def connection_of(workspace: Workspace, uuid: object) -> Connection:
    """The connection, or Refusal `connection_not_found` where it was removed."""
    row = workspace.find(Connection, uuid)
    if row is None or row.removed_at is not None:
        raise not_found(ProblemCode.CONNECTION_NOT_FOUND, ["connection_uuid"])
    return row


def needs_connection(uuid: object) -> Need:
    """The row of a connection, to be changed."""
    return Need(Connection, (uuid,), writes=True)


HANDLERS = [
    handles(
        SYNC_CONNECTION, sync, needs=lambda command: [needs_connection(command.connection_uuid)]
    ),
]
