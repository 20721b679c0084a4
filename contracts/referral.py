"""Outbound referrals: a patient sent to a partner, in FHIR R4's terms (ServiceRequest, Task)."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)
from pydantic_core import PydanticCustomError

from contracts.events import Event, EventSource
from contracts.letter import ComposedLetter, LetterReference
from contracts.operations import Service, command, listing, query
from contracts.problems import FieldError, invalid
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
from contracts.text import Line, Notes, RequiredLine, RequiredReason, SearchText
from contracts.values import NamedPlannedTime, NamedTime, PlannedTime, Time, Uuid

REASON_CODES_LIMIT = 20
RESPOND_WITHIN = timedelta(days=14)
"""From the sending on, where nothing else is wished."""
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


class ResponseReason(StrEnum):
    """Why a partner rejected a referral."""

    NOT_OUR_SPECIALTY = "not_our_specialty"
    NO_CAPACITY = "no_capacity"
    INSURANCE = "insurance"
    PATIENT_NOT_REACHED = "patient_not_reached"
    PATIENT_DECLINED = "patient_declined"
    MORE_INFORMATION = "more_information"
    OTHER = "other"


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


def parse_tooth(value: str) -> str:
    """A tooth in ADA's universal numbering. Raises PydanticCustomError."""
    if value not in TEETH:
        raise PydanticCustomError(
            "string_pattern_mismatch",
            'Must be a tooth in universal numbering, as a string: "1" to "32", or "A" to "T"',
        )
    return value


Tooth = Annotated[
    str,
    AfterValidator(parse_tooth),
    WithJsonSchema({"type": "string", "pattern": "^([1-9]|[12][0-9]|3[0-2]|[A-T])$"}),
]
"""ADA universal numbering: 1 to 32 permanent, A to T primary."""


class ReferralFields(Shape):
    """What the referring practice says."""

    priority: Annotated[Priority, Lax] = Priority.ROUTINE
    reason_codes: Annotated[list[ReasonCode], Field(max_length=REASON_CODES_LIMIT)] | None = None
    teeth: Annotated[list[Tooth], Field(max_length=len(TEETH))] | None = None
    notes: Notes = None
    respond_by: NamedPlannedTime | None = None


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


_GOES_WITH = {"reason_code": Response.REJECTED, "scheduled_at": Response.ACCEPTED}
"""What an answer may hold with one response alone."""


class RecordedResponse(Shape):
    """A partner's answer as somebody writes it down.

    `reason_code`: why, with `rejected` alone. `scheduled_at`: the appointment, with `accepted`
    alone.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [
                {
                    "if": {"required": [name], "properties": {name: {"type": "string"}}},
                    "then": {"properties": {"response": {"const": response.value}}},
                }
                for name, response in _GOES_WITH.items()
            ]
        }
    )

    response: Annotated[Response, Lax]
    note: Notes = None
    reason_code: Annotated[ResponseReason, Lax] | None = None
    scheduled_at: PlannedTime | None = None


def check_recorded_response(given: RecordedResponse) -> None:
    """Raises Refusal `validation_error` where a field goes with another response."""
    errors = [
        FieldError(loc=[name], type="not_with_this_response", msg=f"Goes with {response} alone")
        for name, response in _GOES_WITH.items()
        if getattr(given, name) is not None and given.response is not response
    ]
    if errors:
        raise invalid(errors)


class ReferralRecordResponse(RecordedResponse, Command):
    """`referral.record_response` → 200. `occurred_at`: when the partner answered, if not now."""

    referral_uuid: Uuid
    occurred_at: Time | None = None


class ReferralGet(Query):
    """`referral.get` → 200 with the timeline."""

    referral_uuid: Uuid


class ReferralPreview(Query):
    """`referral.preview` → 200 with the letter that a draft would be sent with. Nothing is kept."""

    referral_uuid: Uuid


class ReferralList(ListQuery):
    """`referral.list` → 200, newest first.

    `sent_on`: whether one follows that is not cancelled. `search`: the patient's name, the
    partner's display name, the reference.
    """

    patient_uuid: Uuid | None = None
    referral_partner_uuid: Uuid | None = None
    status: Annotated[ReferralStatus, Lax] | None = None
    fulfilment_status: Annotated[FulfilmentStatus, Lax] | None = None
    dispatch_status: Annotated[EreferralStatus, Lax] | None = None
    overdue: bool | None = None
    information_requested: bool | None = None
    sent_on: bool | None = None
    priority: Annotated[Priority, Lax] | None = None
    search: SearchText | None = None


class Referral(Resource):
    """A referral as a list shows it.

    `reference`: the letter's, from the draft on; a package may come without it. `scheduled_at`: the
    appointment that the partner named last. `dispatch_status` is the e-referral's, as last heard;
    `overdue` means active, requested, and `respond_by` past. `information_requested`: the partner's
    question that waits for an answer. `follows`: what was sent on by this one; `followed_by`: by
    which one this was.
    """

    reference: LetterReference | None = None
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
    scheduled_at: Time | None = None
    overdue: bool = False
    cancel_reason: RequiredReason | None = None
    information_requested: Notes = None
    follows: Reference | None = None
    followed_by: Reference | None = None


class Answered(Shape):
    """What an event tells of the partner's answer that it is about; else it has none of these."""

    LEFT_OUT_WHERE_UNSET: ClassVar[tuple[str, ...]] = (
        "response",
        "response_note",
        "response_reason_code",
        "response_scheduled_at",
        "response_occurred_at",
    )

    response: Annotated[Response, Lax] | None = None
    response_note: str | None = None
    response_reason_code: Annotated[ResponseReason, Lax] | None = None
    response_scheduled_at: Time | None = None
    response_occurred_at: Time | None = None

    @model_serializer(mode="wrap")
    def _without_what_it_is_not_about(self, shown: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = shown(self)
        left_out = self.LEFT_OUT_WHERE_UNSET
        return {
            name: value
            for name, value in fields.items()
            if value is not None or name not in left_out
        }


class ReferralChange(Answered, Referral):
    """A referral as its events show it: a list item, and the answer that the event is about.

    The answer comes with `referral.response_recorded`; `response_occurred_at` where the partner
    answered before it was recorded.
    """


class TimelineEntry(Shape):
    """One thing that happened to a referral; `actor` is an opaque id or null.

    `reason_code` and `scheduled_at` are a partner's answer's.
    """

    at: Time
    event: str
    actor: str | None = None
    detail: str | None = None
    reason_code: Annotated[ResponseReason, Lax] | None = None
    scheduled_at: Time | None = None


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
PREVIEW_REFERRAL: Final = query(
    "referral.preview", Service.REFERRALS, ReferralPreview, ComposedLetter
)


def referral_event(name: str) -> Event[Referral]:
    """All but an answer's show a list item, which is encoded once for them and their replies."""
    return Event(name, EventSource.REFERRALS, ReferralChange)


REFERRAL_CREATED: Final = referral_event("referral.created")
REFERRAL_UPDATED: Final = referral_event("referral.updated")
REFERRAL_SENT: Final = referral_event("referral.sent")
REFERRAL_CANCELLED: Final = referral_event("referral.cancelled")
REFERRAL_RESPONSE_RECORDED: Final = Event(
    "referral.response_recorded", EventSource.REFERRALS, ReferralChange
)
REFERRAL_DISPATCH_CHANGED: Final = referral_event("referral.dispatch_changed")
REFERRAL_OVERDUE: Final = referral_event("referral.overdue")
