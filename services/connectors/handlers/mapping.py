"""Facts that only a person can say: which resource a row is, and what a number there means."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from contracts.connecting import ImportKind, System
from contracts.external_id import (
    LINK_EXTERNAL_ID,
    SET_OPERATOR_MAP,
    SET_SOURCE_MAP,
    ExternalIdLink,
    OperatorMapSet,
    SourceMapSet,
)
from contracts.external_id import ExternalId as ExternalIdResource
from contracts.external_id import OperatorMap as OperatorMapResource
from contracts.external_id import SourceMap as SourceMapResource
from contracts.problems import FieldError, ProblemCode, Refusal, invalid
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace
from services.connectors.handlers.connection import connection_of, needs_connection
from services.connectors.models import Connection, ExternalId, OperatorMap, SourceMap, StagedRow
from services.connectors.resources import (
    external_id_resource,
    operator_map_resource,
    source_map_resource,
)
from services.connectors.rules.identity import NAMESPACE, staged_id

UUID_COLUMNS = ("uuid",)
CONNECTION_COLUMNS = ("connection_id",)


def link(command: ExternalIdLink, workspace: Workspace) -> Done[ExternalIdResource]:
    """The row there is this resource here; 409 where either is another one's already."""
    connection = connection_of(workspace, command.connection_uuid)
    row = workspace.find(ExternalId, connection.id, command.kind, command.external_id)
    check_free(workspace, connection.id, row, command.uuid)
    if row is None:
        row = ExternalId(
            org_id=workspace.org_id,
            connection_id=connection.id,
            kind=command.kind,
            external_id=command.external_id,
            generation=1,
            changes=0,
            missed=0,
            gone=False,
            archived=False,
            erased=False,
            created_at=workspace.now,
        )
        workspace.add(ExternalId, connection.id, command.kind, command.external_id, row=row)
    row.uuid = command.uuid
    row.updated_at = workspace.now
    workspace.concerns(command.uuid if command.kind is ImportKind.PATIENT else None)
    connection.next_run_at = workspace.now
    return Done(ReplyStatus.OK, external_id_resource(row), command.uuid)


def check_free(
    workspace: Workspace, connection_id: UUID, row: ExternalId | None, uuid: UUID
) -> None:
    """Refuse a link of a row, or with a resource, that is linked already.

    Over another connection the resource may be linked too: two systems of one org know it.
    """
    others = workspace.find_all(ExternalId, UUID_COLUMNS, uuid)
    taken = any(
        other is not row and other.connection_id == connection_id and not other.gone
        for other in others
    )
    if taken or (row is not None and row.version is not None and row.uuid != uuid):
        raise Refusal(ProblemCode.ALREADY_LINKED, "The row, or the resource, is linked already.")


def _needs_of_link(command: ExternalIdLink) -> Sequence[Need]:
    key = (command.connection_uuid, command.kind, command.external_id)
    return [
        needs_connection(command.connection_uuid),
        Need(ExternalId, key, writes=True),
        Need(ExternalId, (command.uuid,), by=UUID_COLUMNS),
    ]


def set_source(command: SourceMapSet, workspace: Workspace) -> Done[SourceMapResource]:
    """What a source number means. The rows that waited for it are taken up by the next run."""
    connection = _alfadocs_of(workspace, command.connection_uuid)
    row = map_source(workspace, connection, command.external_id, command.referral_source_uuid)
    asked = workspace.find(StagedRow, _asked_id(command))
    if asked is not None and command.referral_source_uuid is not None:
        asked.state, asked.resolved_at = "done", workspace.now
        asked.version += 1
    return Done(ReplyStatus.OK, source_map_resource(row), row.id)


def map_source(
    workspace: Workspace, connection: Connection, external_id: str, source: UUID | None
) -> SourceMap:
    """Keep what a source number means; None: nothing, so that it is asked again."""
    row = workspace.find(SourceMap, connection.id, external_id)
    if row is None:
        row = SourceMap(
            org_id=workspace.org_id,
            connection_id=connection.id,
            external_id=external_id,
            id=_map_id(workspace, connection.id, "source", external_id),
            told=False,
            version=0,
            created_at=workspace.now,
        )
        workspace.add(SourceMap, connection.id, external_id, row=row)
    if row.version == 0 or row.referral_source_id != source:
        row.version += 1
        row.updated_at = workspace.now
    row.referral_source_id, row.told = source, source is not None and row.told
    connection.next_run_at = workspace.now
    return row


def _alfadocs_of(workspace: Workspace, connection_uuid: UUID) -> Connection:
    """The connection, which has numbers that mean something. Raises Refusal."""
    connection = connection_of(workspace, connection_uuid)
    if connection.system is not System.ALFADOCS:
        said = "Must be a connection to AlfaDocs: others have no such numbers"
        raise invalid([FieldError(loc=["connection_uuid"], type="system", msg=said)])
    return connection


def _needs_of_source(command: SourceMapSet) -> Sequence[Need]:
    return [
        needs_connection(command.connection_uuid),
        Need(SourceMap, (command.connection_uuid, command.external_id), writes=True),
        Need(StagedRow, (_asked_id(command),), writes=True),
    ]


def _asked_id(command: SourceMapSet) -> object:
    """The row by which a person was asked what the number means."""
    return staged_id(
        command.org_id, command.connection_uuid, ImportKind.SOURCE, command.external_id
    )


def _map_id(workspace: Workspace, connection_id: UUID, which: str, external_id: str) -> object:
    parts = (workspace.org_id, connection_id, which, external_id)
    return uuid5(NAMESPACE, "/".join(map(str, parts)))


def set_operator(command: OperatorMapSet, workspace: Workspace) -> Done[OperatorMapResource]:
    """Which partner an operator is who visits the practice."""
    connection = _alfadocs_of(workspace, command.connection_uuid)
    row = workspace.find(OperatorMap, connection.id, command.external_id)
    if row is None:
        row = OperatorMap(
            org_id=workspace.org_id,
            connection_id=connection.id,
            external_id=command.external_id,
            id=_map_id(workspace, connection.id, "operator", command.external_id),
            version=0,
            created_at=workspace.now,
        )
        workspace.add(OperatorMap, connection.id, command.external_id, row=row)
    if row.version == 0 or row.referral_partner_id != command.referral_partner_uuid:
        row.version += 1
        row.updated_at = workspace.now
    row.referral_partner_id = command.referral_partner_uuid
    return Done(ReplyStatus.OK, operator_map_resource(row), row.id)


def _needs_of_operator(command: OperatorMapSet) -> Sequence[Need]:
    return [
        needs_connection(command.connection_uuid),
        Need(OperatorMap, (command.connection_uuid, command.external_id), writes=True),
    ]


HANDLERS = [
    handles(LINK_EXTERNAL_ID, link, needs=_needs_of_link),
    handles(SET_SOURCE_MAP, set_source, needs=_needs_of_source),
    handles(SET_OPERATOR_MAP, set_operator, needs=_needs_of_operator),
]
