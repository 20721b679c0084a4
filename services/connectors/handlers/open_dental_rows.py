"""Referrals' news, taken into the rows of our own Open Dental interface.

An org without that interface has no counter: nothing is taken down about it.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from contracts.catalogue import EVENTS
from contracts.connecting import ImportKind, System
from contracts.replies import ReplyStatus
from messaging.handlers.handler import NamedHandler, hears
from messaging.handlers.workspace import Done, Need, Workspace
from services.connectors.models import Connection, ExternalId, OdCounter, OdDefinition, OdReferral
from services.connectors.opendental.server import Referral
from services.connectors.serving.held import new_row, numbered_patient, put
from services.connectors.serving.numbers import pass_over, take_def_num, take_number
from services.connectors.serving.projection import (
    PartnerState,
    PatientState,
    SourceState,
    of_partner,
    of_patient,
    of_source,
)

BY_UUID = ("uuid",)
BY_PATIENT = ("patient_id",)
BY_NAME = ("item_name",)
ARCHIVED = ".archived"


class _News(BaseModel):
    """An event of referrals; the rest of it is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    subject: str
    aggregateversion: int


class PartnerNews(_News):
    """An event about a partner."""

    data: PartnerState


class SourceNews(_News):
    """An event about a source."""

    data: SourceState


class PatientNews(_News):
    """An event about a patient."""

    data: PatientState


NewsT = TypeVar("NewsT", PartnerNews, SourceNews, PatientNews)


def hear_partner(news: PartnerNews, workspace: Workspace) -> Done[None]:
    """News of a partner, where the interface is filled: until then what fills it reads it."""
    if _is_filled(workspace):
        show_partner(news, workspace)
    return _heard(news.data.id)


def show_partner(news: PartnerNews, workspace: Workspace) -> None:
    """Show the partner as it is now; one that was made elsewhere gets a number."""
    partner, counter = news.data, workspace.find(OdCounter)
    row = _row(workspace, counter, partner.id)
    if counter is None or _is_told(row, news):
        return
    specialty = _specialty(workspace, counter, partner.specialty)
    shown = of_partner(partner, None if row is None else row.fields, specialty)
    _show(workspace, counter, row, news, shown, ImportKind.PARTNER, partner.id, None)


def hear_source(news: SourceNews, workspace: Workspace) -> Done[None]:
    """News of a source, where the interface is filled: until then what fills it reads it."""
    if _is_filled(workspace):
        show_source(news, workspace)
    return _heard(news.data.id)


def show_source(news: SourceNews, workspace: Workspace) -> None:
    """Show the source as it is now; the row of a patient says whose it is."""
    source, counter = news.data, workspace.find(OdCounter)
    row = _row(workspace, counter, source.id)
    if counter is None or _is_told(row, news):
        return
    patient = source.linked_patient
    pat_num = 0 if patient is None else _pat_num(workspace, counter, patient.uuid)
    shown = of_source(source, None if row is None else row.fields, pat_num)
    patient_id = None if patient is None else patient.uuid
    _show(workspace, counter, row, news, shown, ImportKind.SOURCE, source.id, patient_id)


def hear_patient(news: PatientNews, workspace: Workspace) -> Done[None]:
    """News of a patient, where the interface is filled: until then what fills it reads it."""
    if _is_filled(workspace):
        show_patient(news, workspace)
    return _heard(news.data.id)


def show_patient(news: PatientNews, workspace: Workspace) -> None:
    """Give the patient a number, and show them in their own rows as the directory has them."""
    patient, counter = news.data, workspace.find(OdCounter)
    if counter is None or news.type.endswith(ARCHIVED):
        return
    _pat_num(workspace, counter, patient.id)
    for row in workspace.find_all(OdReferral, BY_PATIENT, patient.id):
        put(row, of_patient(patient, row.fields), workspace.now)
        row.patient_seen = True


def _is_filled(workspace: Workspace) -> bool:
    counter = workspace.find(OdCounter)
    return counter is not None and counter.is_filled


def _heard(uuid: UUID) -> Done[None]:
    return Done(ReplyStatus.OK, None, uuid)


def _row(workspace: Workspace, counter: OdCounter | None, uuid: UUID) -> OdReferral | None:
    if counter is None:
        return None
    return next(iter(workspace.find_all(OdReferral, BY_UUID, uuid)), None)


def _is_told(row: OdReferral | None, news: _News) -> bool:
    """Whether the news are old: a newer state is shown, or what ended was never shown."""
    if row is None:
        return news.type.endswith(ARCHIVED)
    return news.aggregateversion <= row.version


def _show(
    workspace: Workspace,
    counter: OdCounter,
    row: OdReferral | None,
    news: _News,
    shown: Referral,
    kind: ImportKind,
    uuid: UUID,
    patient_id: UUID | None,
) -> None:
    if row is None:
        number = _number(workspace, counter, uuid, kind)
        row = new_row(workspace.org_id, number, uuid, kind, shown, workspace.now, version=0)
        workspace.add(OdReferral, number, row=row)
        workspace.list_too(row, BY_UUID)
    put(row, shown, workspace.now)
    if row.patient_id != patient_id:
        row.patient_id, row.patient_seen = patient_id, patient_id is None
    if patient_id is not None:
        workspace.list_too(row, BY_PATIENT)
    row.version = news.aggregateversion
    row.archived = row.archived or news.type.endswith(ARCHIVED)


def _number(workspace: Workspace, counter: OdCounter, uuid: UUID, kind: ImportKind) -> int:
    """The number that the practice's Open Dental has for it, else the next one of ours."""
    for number in _numbers_there(workspace, uuid, kind):
        pass_over(counter, number)
        if workspace.find(OdReferral, number) is None:
            return number
    return take_number(counter)


def _pat_num(workspace: Workspace, counter: OdCounter, patient_id: UUID) -> int:
    """The patient's number: their Open Dental's, else one of ours, which they keep."""
    theirs = _numbers_there(workspace, patient_id, ImportKind.PATIENT)
    for number in theirs:
        pass_over(counter, number)
        return number
    known = workspace.find_all(ExternalId, BY_UUID, patient_id)
    for row in known:
        if row.connection_id == counter.connection_id:
            return int(row.external_id)
    number = take_number(counter)
    made = numbered_patient(workspace.org_id, counter, patient_id, number, workspace.now)
    workspace.add(ExternalId, *_key(made), row=made)
    workspace.list_too(made, BY_UUID)
    return number


def _key(row: ExternalId) -> tuple[object, ...]:
    return row.connection_id, row.kind, row.external_id


def _numbers_there(workspace: Workspace, uuid: UUID, kind: ImportKind) -> list[int]:
    found = []
    for row in workspace.find_all(ExternalId, BY_UUID, uuid):
        if row.kind is not kind or row.gone or row.erased or not row.external_id.isdecimal():
            continue
        connection = workspace.find(Connection, row.connection_id)
        if connection is not None and connection.system is System.OPENDENTAL:
            found.append(int(row.external_id))
    return found


def _specialty(workspace: Workspace, counter: OdCounter, name: str | None) -> int:
    """The number of a specialty; one that is met for the first time gets one of ours."""
    if not name:
        return 0
    held = workspace.find_all(OdDefinition, BY_NAME, name)
    if held:
        return held[0].def_num
    made = OdDefinition(org_id=workspace.org_id, def_num=take_def_num(counter), item_name=name)
    workspace.append(made)
    workspace.list_too(made, BY_NAME)
    return made.def_num


def _uuids(news: PartnerNews | SourceNews | PatientNews) -> list[UUID]:
    linked = getattr(news.data, "linked_patient", None)
    return [news.data.id] if linked is None else [news.data.id, linked.uuid]


def needs(news: PartnerNews | SourceNews | PatientNews) -> Sequence[Need]:
    """The counter, which is locked first, and the numbers that are known of what is named."""
    ids = [Need(ExternalId, (one,), by=BY_UUID) for one in _uuids(news)]
    return [Need(OdCounter, (), writes=True), *ids]


def then_needs(
    news: PartnerNews | SourceNews | PatientNews, workspace: Workspace
) -> Sequence[Need]:
    """The rows that are shown already; none where the org has no interface."""
    if workspace.find(OdCounter) is None:
        return ()
    known = [row for one in _uuids(news) for row in workspace.find_all(ExternalId, BY_UUID, one)]
    wanted = [Need(Connection, (row.connection_id,)) for row in known]
    if isinstance(news.data, PatientState):
        return [*wanted, Need(OdReferral, (news.data.id,), by=BY_PATIENT, writes=True)]
    there = [
        row.external_id for row in known if row.kind in (ImportKind.PARTNER, ImportKind.SOURCE)
    ]
    wanted += [Need(OdReferral, (int(number),)) for number in there if number.isdecimal()]
    wanted.append(Need(OdReferral, (news.data.id,), by=BY_UUID, writes=True))
    if isinstance(news.data, PartnerState) and news.data.specialty:
        wanted.append(Need(OdDefinition, (news.data.specialty,), by=BY_NAME))
    return wanted


def _heard_by(
    resource: str, shape: type[NewsT], hear: Callable[[NewsT, Workspace], Done[None]]
) -> list[NamedHandler]:
    return [
        hears(event, shape, hear, needs=needs, then_needs=then_needs, only_with=OdCounter)
        for event in EVENTS.values()
        if event.resource == resource
    ]


EVENT_HANDLERS = [
    *_heard_by("referral_partner", PartnerNews, hear_partner),
    *_heard_by("referral_source", SourceNews, hear_source),
    *_heard_by("patient", PatientNews, hear_patient),
]
