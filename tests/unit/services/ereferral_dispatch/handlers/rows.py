"""Fictional rows of one org's e-referral, and a store that holds them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from messaging.testing import Store
from services.ereferral_dispatch.handlers import command_handlers
from services.ereferral_dispatch.home import PUBLISHING
from services.ereferral_dispatch.models import Attempt, Ereferral, Lane
from services.ereferral_dispatch.rules.routing import ContactPoint, lane_id
from tests.support.samples.packages import (
    EREFERRAL_ID,
    ORG_ID,
    PARTNER_ID,
    PATIENT_ID,
    REFERRAL_ID,
)

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FALLBACK = (ContactMethod.PORTAL, ContactMethod.EMAIL, ContactMethod.FAX, ContactMethod.PHONE)
ADDRESSES = {
    ContactMethod.PORTAL: "https://portal.example.org/fhir",
    ContactMethod.EMAIL: "referrals@example.org",
    ContactMethod.FAX: "+12025550112",
    ContactMethod.PHONE: "+12025550111",
}
PORTAL, EMAIL, FAX, PHONE = range(4)
"""Positions in the plan of `ereferral`."""


def store(*rows: Any, fallback: tuple[ContactMethod, ...] = FALLBACK, now: datetime = NOW) -> Store:
    """The service's own handlers on these rows."""
    return Store(command_handlers(fallback), PUBLISHING, *rows, org_id=ORG_ID, now=now)


def lane_of(channel: ContactMethod) -> UUID:
    """The id of the partner's lane by a channel."""
    return lane_id(ORG_ID, PARTNER_ID, ContactPoint(channel, ADDRESSES[channel]))


def ereferral(*channels: ContactMethod, **changes: Any) -> Ereferral:
    """One that is queued for the portal, of all four channels unless others are given."""
    plan = channels or FALLBACK
    position = changes.get("position", 0)
    fields = {
        "org_id": ORG_ID,
        "id": EREFERRAL_ID,
        "referral_id": REFERRAL_ID,
        "patient_id": PATIENT_ID,
        "referral_partner_id": PARTNER_ID,
        "referral_partner_name": "Alex Example",
        "status": EreferralStatus.QUEUED,
        "plan": [ContactPoint(channel, ADDRESSES[channel]) for channel in plan],
        "position": position,
        "lane_id": lane_of(plan[position]),
        "due_at": NOW,
        "attempts_made": 0,
        "tries": 0,
        "received": [],
        "told": [],
        "not_told": [],
        "possible_repeat": False,
        "message": Message.REFERRAL,
        "forced": False,
        "call_due_at": None,
        "cancel_requested_at": None,
        "cancel_reason": None,
        "response": None,
        "response_note": None,
        "response_reason_code": None,
        "response_scheduled_at": None,
        "response_occurred_at": None,
        "responses_taken": 0,
        "traceparent": None,
        "purged_at": None,
        "version": 3,
        "created_at": EARLIER,
        "updated_at": EARLIER,
    }
    return Ereferral(**{**fields, **changes})


def waiting_for_call(**changes: Any) -> Ereferral:
    """One whose first call was asked for."""
    waiting = {
        "status": EreferralStatus.AWAITING_CALL,
        "position": PHONE,
        "due_at": None,
        "call_due_at": EARLIER,
        "attempts_made": 1,
    }
    return ereferral(**{**waiting, **changes})


def attempt(number: int = 1, **changes: Any) -> Attempt:
    """A call that was asked for and not made."""
    fields = {
        "org_id": ORG_ID,
        "ereferral_id": EREFERRAL_ID,
        "number": number,
        "channel": ContactMethod.PHONE,
        "address": ADDRESSES[ContactMethod.PHONE],
        "token": UUID(int=number),
        "lease_until": None,
        "started_at": EARLIER,
        "sending_at": None,
        "finished_at": None,
        "outcome": None,
        "code": None,
        "detail": None,
        "may_have_been_received": False,
    }
    return Attempt(**{**fields, **changes})


def lane(channel: ContactMethod, **changes: Any) -> Lane:
    """The partner's lane by a channel, with nothing to do in it."""
    fields = {
        "org_id": ORG_ID,
        "id": lane_of(channel),
        "referral_partner_id": PARTNER_ID,
        "referral_partner_name": "Alex Example",
        "channel": channel,
        "address": ADDRESSES[channel],
        "due_at": None,
        "failures": 0,
        "failing_since": None,
        "held_at": None,
        "probe_at": None,
        "version": 0,
        "created_at": EARLIER,
        "updated_at": EARLIER,
    }
    return Lane(**{**fields, **changes})


def lanes() -> list[Lane]:
    """One by each channel."""
    return [lane(channel) for channel in FALLBACK]
