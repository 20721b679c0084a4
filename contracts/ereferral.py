"""E-referrals: a frozen referral on its way to one partner, and the attempts to bring it there."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, Strict

from contracts.directory import Patient, Practice, Provider
from contracts.events import Event, EventSource
from contracts.letter import ComposedLetter, LetterReference
from contracts.operations import Service, command, command_or_null, listing, query
from contracts.phones import DialledNumber
from contracts.referral import Answered, EreferralStatus, Referral, ResponseReason
from contracts.referral import Response as Response
from contracts.referral_partner import ContactMethod, ReferralPartner
from contracts.replies import ReplyStatus
from contracts.shapes import Command, Lax, ListQuery, Query, Reference, Resource, Shape
from contracts.text import RequiredReason
from contracts.values import Time, Uuid


class EreferralPackage(Shape):
    """A package: everything about a referral as it was when it was sent.

    `respond_by_offset_minutes`: the offset from UTC in which the referral's `respond_by` was named,
    where that is not the one it has here; left out where none was. It says whose day is meant if
    the practice has no `time_zone`.
    """

    referral: Referral
    patient: Patient
    practice: Practice
    referring_provider: Provider | None = None
    partner: ReferralPartner
    respond_by_offset_minutes: Annotated[int, Field(gt=-1_440, lt=1_440)] | None = Field(
        None, exclude_if=lambda minutes: minutes is None
    )


class EreferralDispatch(EreferralPackage, Command):
    """`ereferral.dispatch` → 202 `queued`, with the package that was frozen."""

    dispatch_uuid: Uuid


class EreferralPreview(EreferralPackage, Query):
    """`ereferral.preview` → 200 with the letter of a package. Nothing is stored."""


class EreferralLetter(Query):
    """`ereferral.letter` → 200 with the letter that was composed last, or would be now."""

    ereferral_uuid: Uuid


class EreferralCancel(Command):
    """`ereferral.cancel` → 200 when it is cancelled, 202 while that is still to be done.

    In any state; before its dispatch was heard: it will end `cancelled`.
    """

    ereferral_uuid: Uuid
    reason: RequiredReason


class EreferralGet(Query):
    """`ereferral.get` → 200 with attempts."""

    ereferral_uuid: Uuid


class EreferralList(ListQuery):
    """`ereferral.list` → 200 without attempts, newest first; what needs a person oldest first."""

    status: Annotated[EreferralStatus, Lax] | None = None
    referral_partner_uuid: Uuid | None = None
    referral_uuid: Uuid | None = None
    needs_person: bool | None = None


class AttemptOutcome(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    SENT = "sent"
    TRANSIENT_FAILURE = "transient_failure"
    PERMANENT_FAILURE = "permanent_failure"
    OUTCOME_UNKNOWN = "outcome_unknown"


class SuccessCode(StrEnum):
    """How an attempt succeeded, where no status says it."""

    REACHED = "reached"
    """Somebody was reached by a call."""
    FAX_COMPLETED = "fax_completed"
    """The partner's machine took the fax, as the fax provider reports it."""
    OPENED = "opened"
    """The partner opened the link in the letter, and knew its code."""


class FailureCode(StrEnum):
    """Why an attempt did not succeed, where no status says it."""

    NAME_NOT_RESOLVED = "name_not_resolved"
    ADDRESS_BLOCKED = "address_blocked"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECTION_LOST = "connection_lost"
    NETWORK_UNREACHABLE = "network_unreachable"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_INVALID = "certificate_invalid"
    TIMED_OUT = "timed_out"
    NO_ANSWER = "no_answer"
    AUTHENTICATION_FAILED = "authentication_failed"
    RECIPIENT_REFUSED = "recipient_refused"
    CHANNEL_NOT_AVAILABLE = "channel_not_available"
    WORKER_LOST = "worker_lost"
    INTERNAL_FAULT = "internal_fault"
    STOPPED = "stopped"
    WITHDRAWN = "withdrawn"
    LINE_BUSY = "line_busy"
    CONGESTION = "congestion"
    BAD_NUMBER = "bad_number"
    WRONG_NUMBER = "wrong_number"
    FAX_FAILED = "fax_failed"


OutcomeCode = Annotated[
    str,
    Field(
        pattern=r"^(http_[1-5]\d\d|smtp_[2-5]\d\d|" + "|".join([*SuccessCode, *FailureCode]) + ")$"
    ),
]
"""A partner's own status (`http_503`, `smtp_550`), or a member of FailureCode or SuccessCode."""


class Attempt(Shape):
    """One attempt. `finished_at`, `outcome` and `code` are null while it runs, `address` of a call
    for which the partner has no number."""

    number: int
    channel: Annotated[ContactMethod, Lax]
    address: str | None = None
    started_at: Time
    finished_at: Time | None = None
    outcome: Annotated[AttemptOutcome, Lax] | None = None
    code: OutcomeCode | None = None
    detail: str | None = None


class OpenCall(Shape):
    """The call that an e-referral asks for, as `ereferral.get` shows it.

    `number`: in E.164; an extension, where there is one, as RFC 3966 has it, `;ext=12` behind it.
    Null where the partner has none: it has to be found. `script`: null where what the e-referral
    was made of is not kept any more.
    """

    number: DialledNumber | None
    script: str | None


class CallTask(Shape):
    """What a person needs for the call that an e-referral asks for.

    `number`: in E.164; an extension, where there is one, as RFC 3966 has it, `;ext=12` behind it.
    Null where the partner has none: it has to be found. `letter`: a PDF in base64.
    """

    number: DialledNumber | None
    script: str
    letter: str


class Ereferral(Resource):
    """An e-referral as a list shows it. `possible_repeat`: its letter says that it may be one.

    `reference`: the letter's. `next_attempt_at`: of a scheduled retry, or of a call that is due
    again later.
    """

    reference: LetterReference
    referral_uuid: Uuid
    referral_partner: Reference
    status: Annotated[EreferralStatus, Lax]
    channel: Annotated[ContactMethod, Lax] | None = None
    address: str | None = None
    possible_repeat: bool = False
    next_attempt_at: Time | None = None


class EreferralChange(Answered, Ereferral):
    """An e-referral as its events show it: a list item, and what the event is about.

    The answer comes with `ereferral.response_recorded`; `response_occurred_at` where the partner
    answered before it was recorded. `call` comes with `ereferral.call_requested`, `information`
    with `ereferral.information_requested` (the partner's question) and
    `ereferral.information_provided` (what it was told), `actor` with what somebody did: the opaque
    id that the message's header had.
    """

    LEFT_OUT_WHERE_UNSET: ClassVar[tuple[str, ...]] = (
        *Answered.LEFT_OUT_WHERE_UNSET,
        "call",
        "information",
        "actor",
    )

    call: CallTask | None = None
    information: str | None = None
    actor: str | None = None


class EreferralDetail(Ereferral):
    """An e-referral with its attempts, oldest first, and its call while it is `awaiting_call`."""

    call: OpenCall | None = None
    attempts: list[Attempt] = Field(default_factory=list)


class EreferralNews(BaseModel):
    """What a consumer needs of an `ereferral.*` event; new fields may come and are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    class State(BaseModel):
        """The e-referral as the event shows it, as far as it is needed."""

        model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

        referral_uuid: Uuid
        status: EreferralStatus
        channel: ContactMethod | None = None
        response: Response | None = None
        response_note: str | None = None
        response_reason_code: ResponseReason | None = None
        response_scheduled_at: Time | None = None
        response_occurred_at: Time | None = None
        information: str | None = None
        actor: str | None = None

    type: str
    subject: Uuid
    time: Time
    aggregateversion: Annotated[int, Strict()]
    data: State


DISPATCH_EREFERRAL: Final = command(
    "ereferral.dispatch",
    Service.EREFERRAL_DISPATCH,
    EreferralDispatch,
    Ereferral,
    ReplyStatus.ACCEPTED,
)
CANCEL_EREFERRAL: Final = command_or_null(
    "ereferral.cancel",
    Service.EREFERRAL_DISPATCH,
    EreferralCancel,
    Ereferral,
    {ReplyStatus.ACCEPTED: (Ereferral, None), ReplyStatus.OK: (Ereferral,)},
)
GET_EREFERRAL: Final = query(
    "ereferral.get", Service.EREFERRAL_DISPATCH, EreferralGet, EreferralDetail
)
LIST_EREFERRALS: Final = listing(
    "ereferral.list", Service.EREFERRAL_DISPATCH, EreferralList, Ereferral
)
GET_EREFERRAL_LETTER: Final = query(
    "ereferral.letter", Service.EREFERRAL_DISPATCH, EreferralLetter, ComposedLetter
)
PREVIEW_EREFERRAL: Final = query(
    "ereferral.preview", Service.EREFERRAL_DISPATCH, EreferralPreview, ComposedLetter
)

EREFERRAL_QUEUED: Final = Event("ereferral.queued", EventSource.EREFERRAL_DISPATCH, EreferralChange)
EREFERRAL_ATTEMPT_FAILED: Final = Event(
    "ereferral.attempt_failed", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
EREFERRAL_RETRY_SCHEDULED: Final = Event(
    "ereferral.retry_scheduled", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
EREFERRAL_HELD: Final = Event("ereferral.held", EventSource.EREFERRAL_DISPATCH, EreferralChange)
EREFERRAL_CALL_REQUESTED: Final = Event(
    "ereferral.call_requested", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
EREFERRAL_SENT: Final = Event("ereferral.sent", EventSource.EREFERRAL_DISPATCH, EreferralChange)
EREFERRAL_DELIVERED: Final = Event(
    "ereferral.delivered", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
EREFERRAL_OUTCOME_UNKNOWN: Final = Event(
    "ereferral.outcome_unknown", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
EREFERRAL_FAILED: Final = Event("ereferral.failed", EventSource.EREFERRAL_DISPATCH, EreferralChange)
EREFERRAL_CANCELLED: Final = Event(
    "ereferral.cancelled", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
EREFERRAL_RESPONSE_RECORDED: Final = Event(
    "ereferral.response_recorded", EventSource.EREFERRAL_DISPATCH, EreferralChange
)
