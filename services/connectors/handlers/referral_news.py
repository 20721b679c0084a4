"""Referrals' news: how far a referral is, which is written back where the connection says so."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID, uuid5

import orjson
from pydantic import BaseModel, ConfigDict

from contracts.catalogue import EVENTS
from contracts.connecting import ImportKind, RowCode
from contracts.referral import REFERRAL_SENT, FulfilmentStatus
from contracts.replies import ReplyStatus
from contracts.shapes import Lax
from messaging.handlers.handler import hears
from messaging.handlers.workspace import Done, Need, Workspace
from services.connectors.models import Connection, ExternalId, OutgoingRow, StagedRow
from services.connectors.rules.identity import NAMESPACE, staged_id

UUID_COLUMNS = ("uuid",)
THERE = "there"
WRITE_STATUS, FILE_LETTER, ATTACH = "write_status", "file_letter", "attach"


class _Open(BaseModel):
    """What is read of another service's news; the rest is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Named(_Open):
    """Another resource, by its id."""

    uuid: UUID


class ReferralState(_Open):
    """How far a referral is."""

    id: UUID
    fulfilment_status: Annotated[FulfilmentStatus, Lax] | None = None
    ereferral_uuid: UUID | None = None
    reference: str | None = None
    patient: Named | None = None
    referral_partner: Named | None = None


class ReferralNews(_Open):
    """An event about a referral."""

    org_id: str = ""
    type: str
    subject: str
    aggregateversion: int
    data: ReferralState


def hear(news: ReferralNews, workspace: Workspace) -> Done[None]:
    """Take down how far the referral is, and what of it is to be written there."""
    if news.type == REFERRAL_SENT.name:
        _file_letters(news, workspace)
        _attach(news, workspace)
    for row in workspace.find_all(ExternalId, UUID_COLUMNS, news.data.id):
        if row.kind is not ImportKind.REFERRAL or row.erased:
            continue
        if row.version is not None and news.aggregateversion <= row.version:
            continue
        status = news.data.fulfilment_status
        changed = status is not None and status.value != row.fulfilment_status
        row.version = news.aggregateversion
        row.fulfilment_status = None if status is None else status.value
        row.updated_at = workspace.now
        if changed:
            _compare_again(row, workspace)
        connection = workspace.find(Connection, row.connection_id)
        if changed and connection is not None and connection.config.get("write_back"):
            _write_there(row, news, workspace)
    return Done(ReplyStatus.OK, None, news.data.id)


def _compare_again(row: ExternalId, workspace: Workspace) -> None:
    """A status there that contradicted ours may agree with the new one: the next run says it."""
    staged = workspace.find(StagedRow, _staged_id(row))
    if staged is None or staged.body is None:
        return
    if staged.state == "refused" and staged.code == RowCode.STATUS_CONTRADICTS:
        staged.state = "staged"
        staged.version += 1
        staged.updated_at = workspace.now


def _staged_id(row: ExternalId) -> UUID:
    return staged_id(row.org_id, row.connection_id, row.kind, row.external_id)


def _write_there(row: ExternalId, news: ReferralNews, workspace: Workspace) -> None:
    what = f"{row.external_id}/{news.aggregateversion}/status"
    _enter(WRITE_STATUS, row, what, b"", news, workspace)


def _file_letters(news: ReferralNews, workspace: Workspace) -> None:
    """The letter goes to the patient's documents, wherever a connection says so."""
    patient, letter = news.data.patient, news.data.ereferral_uuid
    if patient is None or letter is None:
        return
    for row in workspace.find_all(ExternalId, UUID_COLUMNS, patient.uuid):
        connection = workspace.find(Connection, row.connection_id)
        if connection is None or row.erased or not connection.config.get("upload_letters"):
            continue
        told = {"ereferral_uuid": str(letter), "reference": news.data.reference}
        _enter(FILE_LETTER, row, f"{letter}/letter", orjson.dumps(told), news, workspace)


def _attach(news: ReferralNews, workspace: Workspace) -> None:
    """What was referred here becomes a refattach, where patient and partner are known there."""
    patient, partner = news.data.patient, news.data.referral_partner
    if patient is None or partner is None:
        return
    from_there = workspace.find_all(ExternalId, UUID_COLUMNS, news.data.id)
    came_from = {row.connection_id for row in from_there}
    partners = {
        row.connection_id: row
        for row in workspace.find_all(ExternalId, UUID_COLUMNS, partner.uuid)
        if not row.gone
    }
    for row in workspace.find_all(ExternalId, UUID_COLUMNS, patient.uuid):
        connection = workspace.find(Connection, row.connection_id)
        there = partners.get(row.connection_id)
        if connection is None or not connection.config.get("write_back"):
            continue
        if there is None or row.erased or row.connection_id in came_from:
            continue
        told = {
            "referral_uuid": str(news.data.id),
            "version": news.aggregateversion,
            "pat_num": int(row.external_id),
            "referral_num": int(there.external_id),
        }
        _enter(ATTACH, row, f"{news.data.id}/attach", orjson.dumps(told), news, workspace)


def _enter(
    operation: str,
    row: ExternalId,
    what: str,
    body: bytes,
    news: ReferralNews,
    workspace: Workspace,
) -> None:
    """Enter a write to the other side, about the row that the referral or its patient is there.

    `what` tells it from the others of the connection: the same news heard again enter it once.
    """
    if news.data.patient is not None:
        workspace.concerns(news.data.patient.uuid)
    outgoing = OutgoingRow(
        org_id=workspace.org_id,
        message_id=uuid5(NAMESPACE, f"{row.org_id}/{row.connection_id}/{what}"),
        connection_id=row.connection_id,
        target=THERE,
        kind=row.kind,
        external_id=row.external_id,
        external_version=str(news.aggregateversion),
        operation=operation,
        body=body,
        tries=0,
        due_at=workspace.now,
        created_at=workspace.now,
    )
    workspace.append(outgoing)


def _uuids(news: ReferralNews) -> list[UUID]:
    named = (news.data.patient, news.data.referral_partner)
    return [news.data.id, *(one.uuid for one in named if one is not None)]


def _needs(news: ReferralNews) -> Sequence[Need]:
    return [Need(ExternalId, (one,), by=UUID_COLUMNS, writes=True) for one in _uuids(news)]


def _connections(news: ReferralNews, workspace: Workspace) -> Sequence[Need]:
    rows = [
        row for one in _uuids(news) for row in workspace.find_all(ExternalId, UUID_COLUMNS, one)
    ]
    referrals = [row for row in rows if row.kind is ImportKind.REFERRAL]
    return [
        *(Need(Connection, (row.connection_id,)) for row in rows),
        *(Need(StagedRow, (_staged_id(row),), writes=True) for row in referrals),
    ]


EVENT_HANDLERS = [
    hears(event, ReferralNews, hear, needs=_needs, then_needs=_connections)
    for event in EVENTS.values()
    if event.resource == "referral"
]
