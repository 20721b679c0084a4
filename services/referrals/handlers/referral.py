"""What is done with the commands about outbound referrals, and with news of their e-referrals."""

from collections.abc import Sequence
from typing import TypeVar

from contracts.ereferral import EreferralDispatch, EreferralNews
from contracts.events import EventType
from contracts.problems import ProblemCode, Refusal
from contracts.referral import (
    EreferralStatus,
    FulfilmentStatus,
    Priority,
    ReasonCode,
    ReferralCreate,
    ReferralSend,
    ReferralStatus,
)
from contracts.referral import Referral as Resource
from contracts.replies import ReplyStatus
from contracts.shapes import Reference, reference
from messaging.handling import Handler, Handlers
from messaging.workspace import Done, Need, Workspace
from services.referrals.handlers.directory import (
    patient_resource,
    practice_resource,
    provider_resource,
)
from services.referrals.handlers.partner import partner_name, partner_resource
from services.referrals.home import DISPATCH_COMMANDS
from services.referrals.models import (
    Patient,
    Practice,
    Provider,
    Referral,
    ReferralPartner,
    TimelineEntry,
)
from services.referrals.rules.referral import check_can_be_sent, respond_by

StatusT = TypeVar("StatusT", FulfilmentStatus, EreferralStatus)


def referral_resource(
    row: Referral,
    patient: Patient | None,
    partner: ReferralPartner | None,
    provider: Provider | None,
) -> Resource:
    """A referral as a list shows it, with the names that its references have now."""
    return Resource.model_construct(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        patient=Reference(uuid=row.patient_id, name=patient.name if patient else None),
        referral_partner=Reference(
            uuid=row.referral_partner_id, name=partner_name(partner) if partner else None
        ),
        referring_provider=reference(
            row.referring_provider_id, provider.name if provider else None
        ),
        priority=Priority(row.priority),
        reason=row.reason,
        reason_codes=None
        if row.reason_codes is None
        else [ReasonCode.model_construct(**code) for code in row.reason_codes],
        teeth=row.teeth,
        notes=row.notes,
        respond_by=row.respond_by,
        status=ReferralStatus(row.status),
        fulfilment_status=_or_none(FulfilmentStatus, row.fulfilment_status),
        dispatch_status=_or_none(EreferralStatus, row.dispatch_status),
        ereferral_uuid=row.ereferral_id,
        sent_at=row.sent_at,
        overdue=row.overdue,
        cancel_reason=row.cancel_reason,
    )


def _or_none(kind: type[StatusT], value: str | None) -> StatusT | None:
    return None if value is None else kind(value)


def create(command: ReferralCreate, workspace: Workspace) -> Done:
    if command.id is not None and workspace.find(Referral, command.id) is not None:
        raise Refusal(ProblemCode.ALREADY_EXISTS, "There is a referral with this id.")
    row = Referral(
        org_id=workspace.org_id,
        id=command.id or workspace.new_id(),
        patient_id=command.patient_uuid,
        referral_partner_id=command.referral_partner_uuid,
        referring_provider_id=command.referring_provider_uuid,
        priority=command.priority,
        reason=command.reason,
        reason_codes=command.reason_codes and [code.model_dump() for code in command.reason_codes],
        teeth=command.teeth,
        notes=command.notes,
        respond_by=command.respond_by,
        status=ReferralStatus.DRAFT,
        dispatch_version=0,
        overdue=False,
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
    )
    workspace.add(Referral, row.id, row=row)
    resource = _shown(row, workspace)
    _record(row, workspace, EventType.REFERRAL_CREATED)
    workspace.publish(EventType.REFERRAL_CREATED, resource)
    return Done(ReplyStatus.CREATED, resource, row.id)


def send(command: ReferralSend, workspace: Workspace) -> Done:
    row = workspace.get(Referral, command.referral_uuid)
    partner = partner_resource(workspace.get(ReferralPartner, row.referral_partner_id))
    check_can_be_sent(row.status, partner)
    row.status = ReferralStatus.ACTIVE
    row.fulfilment_status = FulfilmentStatus.REQUESTED
    row.ereferral_id = workspace.new_id()
    row.sent_at = workspace.now
    row.respond_by = respond_by(row.respond_by, workspace.now)
    row.version += 1
    row.updated_at = workspace.now
    resource = _shown(row, workspace)
    _record(row, workspace, EventType.REFERRAL_SENT)
    workspace.publish(EventType.REFERRAL_SENT, resource)
    provider = _provider(row, workspace)
    workspace.send(
        DISPATCH_COMMANDS.exchange,
        "ereferral.dispatch",
        EreferralDispatch.model_construct(
            org_id=workspace.org_id,
            dispatch_uuid=row.ereferral_id,
            referral=resource,
            patient=patient_resource(workspace.get(Patient, row.patient_id)),
            practice=practice_resource(workspace.get(Practice)),
            referring_provider=None if provider is None else provider_resource(provider),
            partner=partner,
        ),
        subject=row.id,
    )
    return Done(ReplyStatus.ACCEPTED, resource, row.id)


def hear_ereferral(news: EreferralNews, workspace: Workspace) -> Done:
    """Move `dispatch_status` forward by the e-referral's version; older news join the timeline."""
    row = workspace.find(Referral, news.data.referral_uuid)
    if row is None or row.ereferral_id != news.subject:
        return Done(ReplyStatus.OK, None, None)  # Dispatched by somebody else, past this service.
    detail = f"channel {news.data.channel}" if news.data.channel is not None else None
    _record(row, workspace, news.type, at_news=news, detail=detail)
    if news.aggregateversion <= row.dispatch_version:
        return Done(ReplyStatus.OK, None, row.id)
    row.dispatch_version = news.aggregateversion
    if row.dispatch_status != news.data.status:
        row.dispatch_status = news.data.status
        row.version += 1
        row.updated_at = workspace.now
        workspace.publish(EventType.REFERRAL_DISPATCH_CHANGED, _shown(row, workspace))
    return Done(ReplyStatus.OK, None, row.id)


def _shown(row: Referral, workspace: Workspace) -> Resource:
    return referral_resource(
        row,
        workspace.find(Patient, row.patient_id),
        workspace.find(ReferralPartner, row.referral_partner_id),
        _provider(row, workspace),
    )


def _provider(row: Referral, workspace: Workspace) -> Provider | None:
    uuid = row.referring_provider_id
    return None if uuid is None else workspace.find(Provider, uuid)


def _record(
    row: Referral,
    workspace: Workspace,
    event: str,
    *,
    at_news: EreferralNews | None = None,
    detail: str | None = None,
) -> None:
    workspace.append(
        TimelineEntry(
            org_id=row.org_id,
            referral_id=row.id,
            at=at_news.time if at_news else workspace.now,
            event=str(event),
            actor=None if at_news else workspace.actor,
            detail=detail,
        )
    )


def _named_in_create(command: ReferralCreate) -> list[Need]:
    needs = [
        Need(Patient, (command.patient_uuid,), missing=ProblemCode.PATIENT_NOT_FOUND),
        Need(
            ReferralPartner,
            (command.referral_partner_uuid,),
            missing=ProblemCode.REFERRAL_PARTNER_NOT_FOUND,
        ),
    ]
    if command.referring_provider_uuid is not None:
        uuid = command.referring_provider_uuid
        needs.append(Need(Provider, (uuid,), missing=ProblemCode.PROVIDER_NOT_FOUND))
    if command.id is not None:
        needs.append(Need(Referral, (command.id,)))
    return needs


def _named_in_send(command: ReferralSend) -> list[Need]:
    return [
        Need(
            Referral,
            (command.referral_uuid,),
            writes=True,
            missing=ProblemCode.REFERRAL_NOT_FOUND,
            versioned=True,
        )
    ]


def _sent_along(command: ReferralSend, workspace: Workspace) -> Sequence[Need]:
    """What the frozen package is made of; it must still be there."""
    row = workspace.find(Referral, command.referral_uuid)
    if row is None:
        return ()
    patient, partner, *provider = _pointed_to(row)
    return [
        Need(patient.model, patient.key, missing=ProblemCode.PATIENT_NOT_FOUND),
        Need(partner.model, partner.key, missing=ProblemCode.REFERRAL_PARTNER_NOT_FOUND),
        Need(Practice, missing=ProblemCode.PRACTICE_NOT_FOUND),
        *provider,
    ]


def _heard_about(news: EreferralNews) -> list[Need]:
    return [Need(Referral, (news.data.referral_uuid,), writes=True)]


def _names_to_show(news: EreferralNews, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(Referral, news.data.referral_uuid)
    return () if row is None else _pointed_to(row)


def _pointed_to(row: Referral) -> list[Need]:
    needs = [Need(Patient, (row.patient_id,)), Need(ReferralPartner, (row.referral_partner_id,))]
    if row.referring_provider_id is not None:
        needs.append(Need(Provider, (row.referring_provider_id,)))
    return needs


HANDLERS: Handlers = {
    "referral.create": Handler(ReferralCreate, create, needs=_named_in_create),
    "referral.send": Handler(ReferralSend, send, needs=_named_in_send, then_needs=_sent_along),
}

EVENT_HANDLERS: Handlers = {
    str(event): Handler(
        EreferralNews, hear_ereferral, needs=_heard_about, then_needs=_names_to_show
    )
    for event in EventType
    if event.resource == "ereferral"
}
