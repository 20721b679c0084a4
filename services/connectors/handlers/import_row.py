"""A person's decision about a row that waits."""

from collections.abc import Sequence

from contracts.connecting import RowCode, RowResolution, resolutions_of
from contracts.import_row import (
    IMPORT_ROW_RESOLVED,
    RESOLVE_IMPORT_ROW,
    ImportRow,
    ImportRowResolve,
)
from contracts.problems import FieldError, ProblemCode, Refusal, invalid
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, row_to_change
from services.connectors.handlers.mapping import UUID_COLUMNS, check_free, map_source
from services.connectors.models import Connection, ExternalId, SourceMap, StagedRow
from services.connectors.resources import import_row_resource


def check(command: ImportRowResolve) -> None:
    """A link names the resource, and nothing else does."""
    if (command.resolution is RowResolution.LINK) != (command.uuid is not None):
        said = "Give uuid with link, and with nothing else"
        raise invalid([FieldError(loc=["uuid"], type="link_uuid", msg=said)])


def resolve(command: ImportRowResolve, workspace: Workspace) -> Done[ImportRow]:
    """Take the decision down; the next run, which begins at once, carries it out."""
    row = workspace.get(StagedRow, command.import_row_uuid)
    if row.state == "done" and row.resolved_at is not None:
        raise Refusal(ProblemCode.INVALID_TRANSITION, "The row is resolved already.")
    _check_fits(command, row)
    known = workspace.find(ExternalId, row.connection_id, row.kind, row.external_id)
    connection = workspace.find(Connection, row.connection_id)
    if command.uuid is not None and row.code == RowCode.UNMAPPED_SOURCE:
        if connection is not None:
            map_source(workspace, connection, row.external_id, command.uuid)
    elif command.uuid is not None:
        check_free(workspace, row.connection_id, known, command.uuid)
        if known is not None:
            known.uuid = command.uuid
    row.resolution, row.uuid = command.resolution, command.uuid or row.uuid
    if command.resolution is RowResolution.IGNORE or row.body is None:
        row.state, row.body, row.resolved_at = "done", None, workspace.now
    else:
        row.state = "staged"
    row.version += 1
    row.updated_at = workspace.now
    if connection is not None:
        connection.next_run_at = workspace.now
    shown = import_row_resource(row)
    workspace.publish(IMPORT_ROW_RESOLVED, shown)
    return Done(ReplyStatus.OK, shown, row.id)


def _check_fits(command: ImportRowResolve, row: StagedRow) -> None:
    """Refuse a decision that means nothing for why the row waits."""
    fitting = resolutions_of(row.code or "")
    if command.resolution not in fitting:
        said = f"Must be one that fits why the row waits: {', '.join(fitting)}"
        raise invalid([FieldError(loc=["resolution"], type="resolution", msg=said)])


def _needs(command: ImportRowResolve) -> Sequence[Need]:
    needs = [row_to_change(StagedRow, command.import_row_uuid, ProblemCode.IMPORT_ROW_NOT_FOUND)]
    if command.uuid is not None:
        needs.append(Need(ExternalId, (command.uuid,), by=UUID_COLUMNS))
    return needs


def _around(command: ImportRowResolve, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(StagedRow, command.import_row_uuid)
    if row is None:
        return ()
    return [
        Need(ExternalId, (row.connection_id, row.kind, row.external_id), writes=True),
        Need(Connection, (row.connection_id,), writes=True),
        Need(SourceMap, (row.connection_id, row.external_id), writes=True),
    ]


HANDLERS = [
    handles(RESOLVE_IMPORT_ROW, resolve, needs=_needs, then_needs=_around, check=check),
]
