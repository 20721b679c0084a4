"""The handlers of outbound referrals."""

from collections.abc import Sequence
from typing import Any

from contracts.clock import early_errors, time_errors
from contracts.ereferral import (
    CANCEL_EREFERRAL,
    DISPATCH_EREFERRAL,
    EreferralCancel,
    EreferralDispatch,
)
from contracts.problems import ProblemCode, invalid
from contracts.referral import (
    CANCEL_REFERRAL,
    CREATE_REFERRAL,
    RECORD_REFERRAL_RESPONSE,
    REFERRAL_CANCELLED,
    REFERRAL_CREATED,
    REFERRAL_RESPONSE_RECORDED,
    REFERRAL_SENT,
    REFERRAL_UPDATED,
    SEND_REFERRAL,
    UPDATE_REFERRAL,
    FulfilmentStatus,
    ReferralCancel,
    ReferralCreate,
    ReferralRecordResponse,
    ReferralSend,
    ReferralStatus,
    ReferralUpdate,
    check_recorded_response,
)
from contracts.referral import Referral as Resource
from contracts.replies import ReplyStatus
from contracts.values import offset_minutes
from messaging.handlers.handler import handles
from messaging.handlers.workspace import (
    Done,
    Need,
    Workspace,
    changed_fields,
    own_id,
    row_to_change,
)
from services.referrals.handlers.answer import Answer, take_answer
from services.referrals.handlers.named import named_patient
from services.referrals.handlers.package import frozen
from services.referrals.handlers.partner import partner_resource
from services.referrals.handlers.referral_resource import (
    pointed_to,
    referring_provider,
    shown,
)
from services.referrals.handlers.sending_on import (
    around_sent_on,
    check_sent_on,
    note_sent_on,
    sent_on,
)
from services.referrals.handlers.timeline import (
    add_entry,
    find_recorded_responses,
    recorded_responses,
)
from services.referrals.handlers.versions import next_version
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral
from services.referrals.rules.referral import (
    check_can_be_answered,
    check_can_be_cancelled,
    check_can_be_sent,
    check_can_be_updated,
    check_takes_a_response,
    fulfilment_after_cancel,
    respond_by,
    response_effect,
)

_COLUMNS = {
    "referral_partner_uuid": "referral_partner_id",
    "referring_provider_uuid": "referring_provider_id",
}


def create(command: ReferralCreate, workspace: Workspace) -> Done[Resource]:
    check_sent_on(command, workspace)
    row = Referral(
        org_id=workspace.org_id,
        id=command.id or workspace.new_id(),
        patient_id=command.patient_uuid,
        referral_partner_id=command.referral_partner_uuid,
        referring_provider_id=command.referring_provider_uuid,
        priority=command.priority,
        reason=command.reason,
        reason_codes=_stored("reason_codes", command.reason_codes),
        teeth=command.teeth,
        notes=command.notes,
        respond_by=command.respond_by,
        respond_by_offset_minutes=offset_minutes(command.respond_by),
        status=ReferralStatus.DRAFT,
        dispatch_version=0,
        overdue=False,
        follows_id=command.follows_uuid,
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
    )
    workspace.add(Referral, row.id, row=row)
    resource = shown(row, workspace)
    add_entry(row, workspace, REFERRAL_CREATED.name, actor=workspace.actor)
    workspace.publish(REFERRAL_CREATED, resource)
    note_sent_on(row, workspace)
    return Done(ReplyStatus.CREATED, resource, row.id)


def update(command: ReferralUpdate, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(Referral, command.referral_uuid)
    check_can_be_updated(row.status)
    before = shown(row, workspace)
    changes = command.changes()
    for name, value in changes.items():
        setattr(row, _COLUMNS.get(name, name), _stored(name, value))
    if "respond_by" in changes:
        row.respond_by_offset_minutes = offset_minutes(command.respond_by)
    changed = changed_fields(before, shown(row, workspace))
    if not changed:
        return Done(ReplyStatus.OK, before, row.id)
    next_version(row, workspace)
    after = shown(row, workspace)
    add_entry(
        row,
        workspace,
        REFERRAL_UPDATED.name,
        actor=workspace.actor,
        detail=", ".join(changed),
    )
    workspace.publish(REFERRAL_UPDATED, after, changed=changed)
    return Done(ReplyStatus.OK, after, row.id)


def send(command: ReferralSend, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(Referral, command.referral_uuid)
    partner = partner_resource(workspace.get(ReferralPartner, row.referral_partner_id))
    check_can_be_sent(row.status, partner)
    row.status = ReferralStatus.ACTIVE
    row.fulfilment_status = FulfilmentStatus.REQUESTED
    row.ereferral_id = workspace.new_id()
    row.sent_at = workspace.now
    row.respond_by = respond_by(row.respond_by, workspace.now)
    next_version(row, workspace)
    resource = shown(row, workspace)
    add_entry(row, workspace, REFERRAL_SENT.name, actor=workspace.actor)
    workspace.publish(REFERRAL_SENT, resource)
    workspace.send(
        DISPATCH_EREFERRAL,
        EreferralDispatch.model_construct(
            org_id=workspace.org_id,
            dispatch_uuid=row.ereferral_id,
            **frozen(
                row,
                resource,
                workspace.get(Patient, row.patient_id),
                workspace.get(Practice),
                referring_provider(row, workspace),
                partner,
            ),
        ),
        subject=row.id,
    )
    return Done(ReplyStatus.ACCEPTED, resource, row.id)


def cancel(command: ReferralCancel, workspace: Workspace) -> Done[Resource]:
    """End it; of one that was sent, dispatch is told: behind the package, in the outbox's order."""
    row = workspace.get(Referral, command.referral_uuid)
    check_can_be_cancelled(row.status)
    row.status = ReferralStatus.REVOKED
    row.fulfilment_status = fulfilment_after_cancel(row.fulfilment_status)
    row.cancel_reason = command.reason
    row.overdue = False
    row.information_requested = None
    next_version(row, workspace)
    resource = shown(row, workspace)
    add_entry(
        row,
        workspace,
        REFERRAL_CANCELLED.name,
        actor=workspace.actor,
        detail=command.reason,
    )
    workspace.publish(REFERRAL_CANCELLED, resource)
    if row.ereferral_id is not None:
        workspace.send(
            CANCEL_EREFERRAL,
            EreferralCancel(
                org_id=workspace.org_id, ereferral_uuid=row.ereferral_id, reason=command.reason
            ),
            subject=row.id,
        )
    return Done(ReplyStatus.OK, resource, row.id)


def record_response(command: ReferralRecordResponse, workspace: Workspace) -> Done[Resource]:
    """Take a partner's answer; every one that is not refused joins the timeline."""
    row = workspace.get(Referral, command.referral_uuid)
    if errors := time_errors("occurred_at", command.occurred_at, workspace.now):
        raise invalid(errors)
    effect = response_effect(row.status, row.fulfilment_status, command.response)
    check_can_be_answered(row.status, row.fulfilment_status, effect)
    recorded = find_recorded_responses(row, workspace)
    check_takes_a_response(effect, len(recorded))
    if errors := early_errors("occurred_at", command.occurred_at, row.created_at):
        raise invalid(errors)
    answer = Answer(
        command.response,
        command.note,
        command.reason_code,
        command.scheduled_at,
        command.occurred_at,
    )
    recorded.append(
        add_entry(
            row,
            workspace,
            REFERRAL_RESPONSE_RECORDED.name,
            at=command.occurred_at,
            actor=workspace.actor,
            answer=answer,
        )
    )
    return Done(ReplyStatus.OK, take_answer(row, workspace, answer, effect), row.id)


def _stored(name: str, value: Any) -> Any:
    """A field's value as its column takes it."""
    if name == "reason_codes" and value is not None:
        return [code.model_dump() for code in value]
    return value


def _needs_of_create(command: ReferralCreate) -> list[Need]:
    return [
        named_patient(command.patient_uuid),
        *_partner_and_provider(command),
        *sent_on(command),
        *own_id(Referral, command.id),
    ]


def _needs_of_update(command: ReferralUpdate) -> list[Need]:
    return [*_needs_of_change(command), *_partner_and_provider(command)]


def _partner_and_provider(command: ReferralCreate | ReferralUpdate) -> list[Need]:
    """Those that the command names; an update may leave out either, and clear the provider."""
    needs = []
    if "referral_partner_uuid" in command.model_fields_set:
        uuid = command.referral_partner_uuid
        missing = ProblemCode.REFERRAL_PARTNER_NOT_FOUND
        needs.append(Need(ReferralPartner, (uuid,), missing=missing))
    if command.referring_provider_uuid is not None:
        uuid = command.referring_provider_uuid
        needs.append(Need(Provider, (uuid,), missing=ProblemCode.PROVIDER_NOT_FOUND))
    return needs


def _needs_of_change(command: ReferralUpdate | ReferralSend | ReferralCancel) -> list[Need]:
    return [row_to_change(Referral, command.referral_uuid, ProblemCode.REFERRAL_NOT_FOUND)]


def _needs_of_response(command: ReferralRecordResponse) -> list[Need]:
    uuid = command.referral_uuid
    return [Need(Referral, (uuid,), writes=True, missing=ProblemCode.REFERRAL_NOT_FOUND)]


def _names_and_responses(command: ReferralRecordResponse, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(Referral, command.referral_uuid)
    return () if row is None else [*pointed_to(row), recorded_responses(row.id)]


def _names_to_show(
    command: ReferralUpdate | ReferralCancel, workspace: Workspace
) -> Sequence[Need]:
    row = workspace.find(Referral, command.referral_uuid)
    return () if row is None else pointed_to(row)


def _sent_along(command: ReferralSend, workspace: Workspace) -> Sequence[Need]:
    """What the frozen package is made of; it must still be there."""
    row = workspace.find(Referral, command.referral_uuid)
    if row is None:
        return ()
    patient, partner, *provider = pointed_to(row)
    return [
        Need(patient.model, patient.key, missing=ProblemCode.PATIENT_NOT_FOUND),
        Need(partner.model, partner.key, missing=ProblemCode.REFERRAL_PARTNER_NOT_FOUND),
        Need(Practice, missing=ProblemCode.PRACTICE_NOT_FOUND),
        *provider,
    ]


HANDLERS = [
    handles(CREATE_REFERRAL, create, needs=_needs_of_create, then_needs=around_sent_on),
    handles(UPDATE_REFERRAL, update, needs=_needs_of_update, then_needs=_names_to_show),
    handles(SEND_REFERRAL, send, needs=_needs_of_change, then_needs=_sent_along),
    handles(CANCEL_REFERRAL, cancel, needs=_needs_of_change, then_needs=_names_to_show),
    handles(
        RECORD_REFERRAL_RESPONSE,
        record_response,
        needs=_needs_of_response,
        then_needs=_names_and_responses,
        check=check_recorded_response,
    ),
]
