"""E-referrals, attempts and partners' channels as they are shown."""

from datetime import datetime
from typing import Any

from contracts.answer_link import AnswerLink as AnswerLinkResource
from contracts.ereferral import Attempt as AttemptResource
from contracts.ereferral import CallTask, EreferralChange
from contracts.ereferral import Ereferral as Resource
from contracts.ereferral_staff import PartnerChannel
from contracts.letter import letter_reference
from contracts.mail_relay import MailRelay as MailRelayResource
from contracts.referral import EreferralStatus
from contracts.shapes import Reference, resource_fields
from services.ereferral_dispatch.models import AnswerLink, Attempt, Ereferral, Lane, MailRelay


def ereferral_resource(row: Ereferral) -> Resource:
    """An e-referral as a list shows it."""
    return Resource.model_construct(**_shown(row))


def ereferral_change(
    row: Ereferral,
    call: CallTask | None = None,
    information: str | None = None,
    actor: str | None = None,
) -> EreferralChange:
    """An e-referral as its events show it; `actor` did it, where somebody did."""
    return EreferralChange.model_construct(
        **_shown(row),
        response=row.response,
        response_note=row.response_note,
        response_reason_code=row.response_reason_code,
        response_scheduled_at=row.response_scheduled_at,
        response_occurred_at=row.response_occurred_at,
        call=call,
        information=information,
        actor=actor,
    )


def _shown(row: Ereferral) -> dict[str, Any]:
    point = row.plan[row.position]
    return {
        **resource_fields(row),
        "reference": letter_reference(row.referral_id),
        "referral_uuid": row.referral_id,
        "referral_partner": Reference(uuid=row.referral_partner_id, name=row.referral_partner_name),
        "status": row.status,
        "channel": point.channel,
        "address": point.address or None,
        "possible_repeat": row.possible_repeat,
        "next_attempt_at": _next_attempt_at(row),
    }


def _next_attempt_at(row: Ereferral) -> datetime | None:
    """Only these two wait for a moment; what is queued waits for room in its lane."""
    if row.status is EreferralStatus.RETRY_SCHEDULED:
        return row.due_at
    return row.call_due_at if row.status is EreferralStatus.AWAITING_CALL else None


def attempt_resource(row: Attempt) -> AttemptResource:
    """An attempt as `ereferral.get` shows it."""
    shown = {name: getattr(row, name) for name in AttemptResource.model_fields}
    code = None if row.code is None else str(row.code)
    return AttemptResource.model_construct(
        **{**shown, "address": row.address or None, "code": code}
    )


def answer_link_resource(row: AnswerLink, ereferral: Ereferral) -> AnswerLinkResource:
    """An answer link as its events and lists show it: without what opens it."""
    return AnswerLinkResource.model_construct(
        **resource_fields(row),
        ereferral_uuid=ereferral.id,
        referral_uuid=ereferral.referral_id,
        referral_partner=Reference(
            uuid=ereferral.referral_partner_id, name=ereferral.referral_partner_name
        ),
        expires_at=row.expires_at,
        locked_at=row.locked_at,
    )


def channel_resource(lane: Lane) -> PartnerChannel:
    """A lane as the events about its being held show it."""
    return PartnerChannel.model_construct(
        **resource_fields(lane),
        referral_partner=Reference(uuid=lane.referral_partner_id, name=lane.referral_partner_name),
        channel=lane.channel,
        address=lane.address,
        held=lane.held_at is not None,
        held_at=lane.held_at,
    )


def relay_resource(row: MailRelay) -> MailRelayResource:
    """The mail relay as the events about its being held show it."""
    shown = {name: getattr(row, name) for name in MailRelayResource.model_fields if name != "held"}
    code = None if row.code is None else str(row.code)
    return MailRelayResource.model_construct(
        **{**shown, "code": code}, held=row.held_at is not None
    )
