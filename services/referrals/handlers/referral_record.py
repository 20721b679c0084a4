"""A referral's row: how it is shown, its next version, its timeline, and a partner's answer to it.

What the commands, the news of e-referrals and the overdue sweep have in common.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from contracts.referral import (
    REFERRAL_RESPONSE_RECORDED,
    EreferralStatus,
    FulfilmentStatus,
    Priority,
    ReasonCode,
    ReferralStatus,
    Response,
)
from contracts.referral import Referral as Resource
from contracts.shapes import Reference, reference
from messaging.handlers.workspace import Need, Workspace
from services.referrals.handlers.changes import next_version
from services.referrals.handlers.partner import partner_name
from services.referrals.models.directory import Patient, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral, TimelineEntry
from services.referrals.rules.referral import status_after

_BY_EVENT = ("referral_id", "event")

StatusT = TypeVar("StatusT", FulfilmentStatus, EreferralStatus)


@dataclass(frozen=True, slots=True)
class Names:
    """What those are called now whom a referral points to."""

    patient: str | None
    referral_partner: str | None
    referring_provider: str | None


def referral_resource(row: Referral, names: Names) -> Resource:
    """A referral as a list shows it."""
    return Resource.model_construct(
        id=row.id,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        patient=Reference.model_construct(uuid=row.patient_id, name=names.patient),
        referral_partner=Reference.model_construct(
            uuid=row.referral_partner_id, name=names.referral_partner
        ),
        referring_provider=reference(row.referring_provider_id, names.referring_provider),
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


def write_down(
    row: Referral,
    workspace: Workspace,
    event: str,
    *,
    at: datetime | None = None,
    dispatch_version: int = 0,
    actor: str | None = None,
    detail: str | None = None,
) -> TimelineEntry:
    """Add to the timeline; `at` is when it happened, if not now.

    `dispatch_version`: of the e-referral, where dispatch told it.
    """
    entry = TimelineEntry(
        org_id=row.org_id,
        referral_id=row.id,
        at=at or workspace.now,
        dispatch_version=dispatch_version,
        event=event,
        actor=actor,
        detail=detail,
    )
    workspace.append(entry)
    return entry


def responses(referral_id: UUID) -> Need:
    """The timeline's entries of responses that a command recorded."""
    return Need(TimelineEntry, (referral_id, REFERRAL_RESPONSE_RECORDED.name), by=_BY_EVENT)


def find_responses(row: Referral, workspace: Workspace) -> list[TimelineEntry]:
    """What `responses` asked for; whoever records one adds it, for later messages."""
    return workspace.find_all(TimelineEntry, _BY_EVENT, row.id, REFERRAL_RESPONSE_RECORDED.name)


def answer_detail(response: Response, note: str | None) -> str:
    """A partner's answer in the timeline, where after a cancel it is seen alone."""
    return response.value if note is None else f"{response.value}: {note}"


def take_response(row: Referral, workspace: Workspace, response: Response) -> Resource:
    """Move a referral to where a response leads, with its event; it is not overdue any more."""
    row.fulfilment_status = FulfilmentStatus(response.value)
    row.status = status_after(response)
    row.overdue = False
    next_version(row, workspace)
    resource = shown(row, workspace)
    workspace.publish(REFERRAL_RESPONSE_RECORDED, resource)
    return resource
