"""E-referrals, attempts and partners' channels as they are shown."""

from typing import Any

from contracts.ereferral import Attempt as AttemptResource
from contracts.ereferral import CallTask, EreferralChange, Response
from contracts.ereferral import Ereferral as Resource
from contracts.ereferral_staff import PartnerChannel
from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from contracts.shapes import Reference
from services.ereferral_dispatch.models import Attempt, Ereferral, Lane


def ereferral_resource(row: Ereferral) -> Resource:
    """An e-referral as a list shows it."""
    return Resource.model_construct(**_shown(row))


def ereferral_change(row: Ereferral, call: CallTask | None = None) -> EreferralChange:
    """An e-referral as its events show it."""
    return EreferralChange.model_construct(
        **_shown(row),
        response=None if row.response is None else Response(row.response),
        response_note=row.response_note,
        response_occurred_at=row.response_occurred_at,
        call=call,
    )


def _shown(row: Ereferral) -> dict[str, Any]:
    point = row.plan[row.position]
    status = EreferralStatus(row.status)
    waits_until = {
        EreferralStatus.RETRY_SCHEDULED: row.due_at,
        EreferralStatus.AWAITING_CALL: row.call_due_at,
    }
    return {
        "id": row.id,
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "referral_uuid": row.referral_id,
        "referral_partner": Reference(uuid=row.referral_partner_id, name=row.referral_partner_name),
        "status": status,
        "channel": ContactMethod(point["channel"]),
        "address": point["address"] or None,
        "possible_repeat": row.possible_repeat,
        "next_attempt_at": waits_until.get(status),
    }


def attempt_resource(row: Attempt) -> AttemptResource:
    """An attempt as `ereferral.get` shows it."""
    shown = {name: getattr(row, name) for name in AttemptResource.model_fields}
    return AttemptResource.model_construct(**{**shown, "address": row.address or None})


def channel_resource(lane: Lane) -> PartnerChannel:
    """A lane as the events about its being held show it."""
    return PartnerChannel.model_construct(
        id=lane.id,
        version=lane.version,
        created_at=lane.created_at,
        updated_at=lane.updated_at,
        referral_partner=Reference(uuid=lane.referral_partner_id, name=lane.referral_partner_name),
        channel=ContactMethod(lane.channel),
        address=lane.address,
        held=lane.held_at is not None,
        held_at=lane.held_at,
    )
