"""Outbound referrals: a patient sent to a partner, in FHIR R4's terms (ServiceRequest, Task)."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from contracts.events import Event, EventSource
from contracts.operations import Service, command, listing, query
from contracts.replies import ReplyStatus
from contracts.shapes import (
    Command,
    Lax,
    ListQuery,
    Query,
    Reference,
    Resource,
    Shape,
    Update,
)
from contracts.text import Line, Notes, RequiredLine, RequiredReason
from contracts.values import NamedTime, Time, Uuid

REASON_CODES_LIMIT = 20
_LEFT_OUT: Any = None
"""In an update, of a field that may be left out and may not be null: nobody looks at it."""
TEETH = frozenset([str(n) for n in range(1, 33)] + [chr(c) for c in range(ord("A"), ord("T") + 1)])


class Priority(StrEnum):
    """FHIR RequestPriority."""

    ROUTINE = "routine"
    URGENT = "urgent"
    ASAP = "asap"
    STAT = "stat"


class ReferralStatus(StrEnum):
    """FHIR RequestStatus, as far as a referral uses it."""

    DRAFT = "draft"
    ACTIVE = "active"
    COMPLETED = "completed"
    REVOKED = "revoked"


class FulfilmentStatus(StrEnum):
    """FHIR TaskStatus: how far the partner is."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Response(StrEnum):
    """A partner's answer to a referral, in the terms of FHIR TaskStatus."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    FAILED = "failed"


class EreferralStatus(StrEnum):
    """Where an e-referral stands on its way to the partner."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    RETRY_SCHEDULED = "retry_scheduled"
    HELD = "held"
    AWAITING_CALL = "awaiting_call"
    SENT = "sent"
    DELIVERED = "delivered"
    OUTCOME_UNKNOWN = "outcome_unknown"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReasonCode(Shape):
    """A FHIR Coding."""

    system: RequiredLine
    code: RequiredLine
    display: Line = None


Tooth = Annotated[str, Field(pattern=r"^([1-9]|[12][0-9]|3[0-2]|[A-T])$")]
"""ADA universal numbering: 1 to 32 permanent, A to T primary."""


class ReferralFields(Shape):
    """What the referring practice says."""

    priority: Annotated[Priority, Lax] = Priority.ROUTINE
    reason_codes: Annotated[list[ReasonCode], Field(max_length=REASON_CODES_LIMIT)] | None = None
    teeth: Annotated[list[Tooth], Field(max_length=len(TEETH))] | None = None
    notes: Notes = None
    respond_by: NamedTime | None = None


class ReferralCreate(ReferralFields, Command):
    """`referral.create` → 201, a draft.

    `follows_uuid`: the referral of the same patient that is sent on by it, to another partner: one
    that was declined, failed, could not be delivered or is overdue.
    """

    id: Uuid | None = None
    patient_uuid: Uuid
    referral_partner_uuid: Uuid
    referring_provider_uuid: Uuid | None = None
    reason: RequiredReason
    follows_uuid: Uuid | None = None


class ReferralUpdate(ReferralFields, Update):
    """`referral.update` → 200. A draft's alone; never the patient."""

    referral_uuid: Uuid
    referral_partner_uuid: Uuid = _LEFT_OUT
    referring_provider_uuid: Uuid | None = None
    reason: RequiredReason = _LEFT_OUT

    @classmethod
    def identity(cls) -> set[str]:
        return {"referral_uuid"}


class ReferralSend(Update):
    """`referral.send` → 202; what is sent is frozen at that moment."""

    referral_uuid: Uuid


class ReferralCancel(Update):
    """`referral.cancel` → 200; of a draft or an active one."""

    referral_uuid: Uuid
    reason: RequiredReason


class RecordedResponse(Shape):
    """A partner's answer as somebody writes it down."""

    response: Annotated[Response, Lax]
    note: Notes = None


class ReferralRecordResponse(RecordedResponse, Command):
    """`referral.record_response` → 200. `occurred_at`: when the partner answered, if not now."""

    referral_uuid: Uuid
    occurred_at: Time | None = None


class ReferralGet(Query):
    """`referral.get` → 200 with the timeline."""

    referral_uuid: Uuid


class ReferralList(ListQuery):
    """`referral.list` → 200, newest first."""

    patient_uuid: Uuid | None = None
    referral_partner_uuid: Uuid | None = None
    status: Annotated[ReferralStatus, Lax] | None = None
    fulfilment_status: Annotated[FulfilmentStatus, Lax] | None = None
    dispatch_status: Annotated[EreferralStatus, Lax] | None = None
    overdue: bool | None = None
    information_requested: bool | None = None


class Referral(Resource):
    """A referral as a list shows it.

    `dispatch_status` is the e-referral's, as last heard; `overdue` means active, requested, and
    `respond_by` past. `information_requested`: the partner's question that waits for an answer.
    `follows`: what was sent on by this one; `followed_by`: by which one this was.
    """

    patient: Reference
    referral_partner: Reference
    referring_provider: Reference | None = None
    priority: Annotated[Priority, Lax]
    reason: RequiredReason
    reason_codes: Annotated[list[ReasonCode], Field(max_length=REASON_CODES_LIMIT)] | None = None
    teeth: Annotated[list[RequiredLine], Field(max_length=len(TEETH))] | None = None
    notes: Notes = None
    respond_by: NamedTime | None = None
    status: Annotated[ReferralStatus, Lax]
    fulfilment_status: Annotated[FulfilmentStatus, Lax] | None = None
    dispatch_status: Annotated[EreferralStatus, Lax] | None = None
    ereferral_uuid: Uuid | None = None
    sent_at: Time | None = None
    overdue: bool = False
    cancel_reason: RequiredReason | None = None
    information_requested: Notes = None
    follows: Reference | None = None
    followed_by: Reference | None = None


class TimelineEntry(Shape):
    """One thing that happened to a referral; `actor` is an opaque id or null."""

    at: Time
    event: str
    actor: str | None = None
    detail: str | None = None


class ReferralDetail(Referral):
    """A referral with its timeline, oldest first."""

    timeline: list[TimelineEntry] = Field(default_factory=list)


CREATE_REFERRAL: Final = command(
    "referral.create", Service.REFERRALS, ReferralCreate, Referral, ReplyStatus.CREATED
)
UPDATE_REFERRAL: Final = command("referral.update", Service.REFERRALS, ReferralUpdate, Referral)
SEND_REFERRAL: Final = command(
    "referral.send", Service.REFERRALS, ReferralSend, Referral, ReplyStatus.ACCEPTED
)
CANCEL_REFERRAL: Final = command("referral.cancel", Service.REFERRALS, ReferralCancel, Referral)
RECORD_REFERRAL_RESPONSE: Final = command(
    "referral.record_response", Service.REFERRALS, ReferralRecordResponse, Referral
)
GET_REFERRAL: Final = query("referral.get", Service.REFERRALS, ReferralGet, ReferralDetail)
LIST_REFERRALS: Final = listing("referral.list", Service.REFERRALS, ReferralList, Referral)

REFERRAL_CREATED: Final = Event("referral.created", EventSource.REFERRALS, Referral)
REFERRAL_UPDATED: Final = Event("referral.updated", EventSource.REFERRALS, Referral)
REFERRAL_SENT: Final = Event("referral.sent", EventSource.REFERRALS, Referral)
REFERRAL_CANCELLED: Final = Event("referral.cancelled", EventSource.REFERRALS, Referral)
REFERRAL_RESPONSE_RECORDED: Final = Event(
    "referral.response_recorded", EventSource.REFERRALS, Referral
)
REFERRAL_DISPATCH_CHANGED: Final = Event(
    "referral.dispatch_changed", EventSource.REFERRALS, Referral
)
REFERRAL_OVERDUE: Final = Event("referral.overdue", EventSource.REFERRALS, Referral)
