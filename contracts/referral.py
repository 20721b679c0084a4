"""Outbound referrals: a patient sent to a partner, in FHIR R4's terms (ServiceRequest, Task)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.shapes import Command, Lax, Query, Reference, Resource, Shape, Update
from contracts.text import Line, Notes, RequiredLine, RequiredReason
from contracts.values import Time, Uuid

REASON_CODES_LIMIT = 20
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
    respond_by: Time | None = None


class ReferralCreate(ReferralFields, Command):
    """`referral.create` → 201, a draft."""

    id: Uuid | None = None
    patient_uuid: Uuid
    referral_partner_uuid: Uuid
    referring_provider_uuid: Uuid | None = None
    reason: RequiredReason


class ReferralSend(Update):
    """`referral.send` → 202; what is sent is frozen at that moment."""

    referral_uuid: Uuid


class ReferralGet(Query):
    """`referral.get` → 200 with the timeline."""

    referral_uuid: Uuid


class Referral(Resource):
    """A referral as a list shows it.

    `dispatch_status` is the e-referral's, as last heard; `overdue` means active, requested, and
    `respond_by` past.
    """

    patient: Reference
    referral_partner: Reference
    referring_provider: Reference | None = None
    priority: Annotated[Priority, Lax]
    reason: str
    reason_codes: list[ReasonCode] | None = None
    teeth: list[str] | None = None
    notes: str | None = None
    respond_by: Time | None = None
    status: Annotated[ReferralStatus, Lax]
    fulfilment_status: Annotated[FulfilmentStatus, Lax] | None = None
    dispatch_status: Annotated[EreferralStatus, Lax] | None = None
    ereferral_uuid: Uuid | None = None
    sent_at: Time | None = None
    overdue: bool = False
    cancel_reason: str | None = None


class TimelineEntry(Shape):
    """One thing that happened to a referral; `actor` is an opaque id or null."""

    at: Time
    event: str
    actor: str | None = None
    detail: str | None = None


class ReferralDetail(Referral):
    """A referral with its timeline, oldest first."""

    timeline: list[TimelineEntry] = Field(default_factory=list)
