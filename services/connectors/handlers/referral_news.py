"""Referrals' news: how far a referral is, which is written back where the connection says so."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

from contracts.catalogue import EVENTS
from contracts.connecting import ImportKind
from contracts.referral import FulfilmentStatus
from contracts.replies import ReplyStatus
from contracts.shapes import Lax
from messaging.handlers.handler import hears
from messaging.handlers.workspace import Done, Need, Workspace
from services.connectors.models import Connection, ExternalId, OutgoingRow
from services.connectors.rules.identity import NAMESPACE

UUID_COLUMNS = ("uuid",)
THERE = "there"
WRITE_STATUS = "write_status"


class _Open(BaseModel):
    """What is read of another service's news; the rest is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ReferralState(_Open):
    """How far a referral is."""

    id: UUID
    fulfilment_status: Annotated[FulfilmentStatus, Lax] | None = None


class ReferralNews(_Open):
    """An event about a referral."""

    org_id: str = ""
    type: str
    subject: str
    aggregateversion: int
    data: ReferralState


def hear(news: ReferralNews, workspace: Workspace) -> Done[None]:
    """Take down how far the referral is, and that this is to be written there."""
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
        connection = workspace.find(Connection, row.connection_id)
        if changed and connection is not None and connection.config.get("write_back"):
            _write_there(row, news, workspace)
    return Done(ReplyStatus.OK, None, news.data.id)


def _write_there(row: ExternalId, news: ReferralNews, workspace: Workspace) -> None:
    name = f"{row.org_id}/{row.connection_id}/{row.external_id}/{news.aggregateversion}/status"
    outgoing = OutgoingRow(
        org_id=workspace.org_id,
        message_id=uuid5(NAMESPACE, name),
        connection_id=row.connection_id,
        target=THERE,
        kind=ImportKind.REFERRAL,
        external_id=row.external_id,
        external_version=str(news.aggregateversion),
        operation=WRITE_STATUS,
        body=b"",
        tries=0,
        due_at=workspace.now,
        created_at=workspace.now,
    )
    workspace.append(outgoing)


def _needs(news: ReferralNews) -> Sequence[Need]:
    return [Need(ExternalId, (news.data.id,), by=UUID_COLUMNS, writes=True)]


def _connections(news: ReferralNews, workspace: Workspace) -> Sequence[Need]:
    rows = workspace.find_all(ExternalId, UUID_COLUMNS, news.data.id)
    return [Need(Connection, (row.connection_id,)) for row in rows]


EVENT_HANDLERS = [
    hears(event, ReferralNews, hear, needs=_needs, then_needs=_connections)
    for event in EVENTS.values()
    if event.resource == "referral"
]
