"""A referral as it is shown: to whoever asks, and in every event."""

from dataclasses import dataclass

from contracts.letter import letter_reference
from contracts.referral import ReasonCode
from contracts.referral import Referral as Resource
from contracts.shapes import Reference, reference, resource_fields
from messaging.handlers.workspace import Need, Workspace
from services.referrals.handlers.partner import partner_name
from services.referrals.models.directory import Patient, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral


@dataclass(frozen=True, slots=True)
class Names:
    """What those are called now whom a referral points to."""

    patient: str | None
    referral_partner: str | None
    referring_provider: str | None


def referral_resource(row: Referral, names: Names) -> Resource:
    """A referral as a list shows it."""
    return Resource.model_construct(
        **resource_fields(row),
        reference=letter_reference(row.id),
        patient=Reference.model_construct(uuid=row.patient_id, name=names.patient),
        referral_partner=Reference.model_construct(
            uuid=row.referral_partner_id, name=names.referral_partner
        ),
        referring_provider=reference(row.referring_provider_id, names.referring_provider),
        priority=row.priority,
        reason=row.reason,
        reason_codes=None
        if row.reason_codes is None
        else [ReasonCode.model_construct(**code) for code in row.reason_codes],
        teeth=row.teeth,
        notes=row.notes,
        respond_by=row.respond_by,
        status=row.status,
        fulfilment_status=row.fulfilment_status,
        dispatch_status=row.dispatch_status,
        ereferral_uuid=row.ereferral_id,
        sent_at=row.sent_at,
        scheduled_at=row.scheduled_at,
        overdue=row.overdue,
        cancel_reason=row.cancel_reason,
    )


def pointed_to(row: Referral) -> list[Need]:
    """The rows whose names it shows."""
    needs = [Need(Patient, (row.patient_id,)), Need(ReferralPartner, (row.referral_partner_id,))]
    if row.referring_provider_id is not None:
        needs.append(Need(Provider, (row.referring_provider_id,)))
    return needs


def shown(row: Referral, workspace: Workspace) -> Resource:
    """As it is now. Raises LookupError where what it points to was not asked for."""
    workspace.concerns(row.patient_id)
    patient = workspace.find(Patient, row.patient_id)
    partner = workspace.find(ReferralPartner, row.referral_partner_id)
    provider = referring_provider(row, workspace)
    return referral_resource(
        row,
        Names(
            patient=patient.name if patient else None,
            referral_partner=partner_name(partner) if partner else None,
            referring_provider=provider.name if provider else None,
        ),
    )


def referring_provider(row: Referral, workspace: Workspace) -> Provider | None:
    """Who refers, where somebody was named."""
    uuid = row.referring_provider_id
    return None if uuid is None else workspace.find(Provider, uuid)
