"""Intake: referrals from outside, staged until a person takes them in or rejects them.

Source: docs/contract/wire.md#intake.
"""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from contracts.directory import Patient
from contracts.events import Event, EventSource
from contracts.intake_row import MOST_ROWS, AnyScalar, FieldName, IdText, IntakeRow
from contracts.operations import Service, command, listing, query
from contracts.referral import ReferralFields
from contracts.referral_attribution import AttributionRole
from contracts.replies import ReplyStatus
from contracts.shapes import (
    Command,
    FieldWarning,
    Lax,
    ListQuery,
    Query,
    Reference,
    Resource,
    Shape,
    Update,
)
from contracts.text import Line, Notes, RequiredLine, RequiredReason, SearchText
from contracts.values import DIGEST_PATTERN, Date, Email, Time, Uuid


class IntakeStatus(StrEnum):
    """What has become of a row."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    LINKED = "linked"
    REJECTED = "rejected"


class AcceptedAs(StrEnum):
    """What an accepted row is made into."""

    PATIENT = "patient"
    CONTACT = "contact"


class RejectReason(StrEnum):
    """Why a row was not taken in."""

    SPAM = "spam"
    DUPLICATE = "duplicate"
    NOT_ELIGIBLE = "not_eligible"
    NOT_REACHED = "not_reached"
    OTHER = "other"


class Likeness(StrEnum):
    """How sure it is that a row and a patient are one person."""

    STRONG = "strong"
    WEAK = "weak"


class LikenessReason(StrEnum):
    """What a row and a patient have in common; the last one alone is weak."""

    SAME_PHONE = "same_phone"
    SAME_EMAIL = "same_email"
    SAME_SURNAME_AND_BIRTH_DATE = "same_surname_and_birth_date"
    SAME_NAME = "same_name"


Fingerprint = Annotated[str, Field(pattern=DIGEST_PATTERN)]
"""A digest by which a sender knows its own submissions again."""


class IntakeSubmit(Command):
    """`intake.submit` → 202. All rows are one group: all are staged, or none.

    `fingerprint`: a second submission with the same one on the same UTC day is the first one,
    unless all its rows were rejected meanwhile. Without it every message is one of its own.
    """

    rows: Annotated[list[IntakeRow], Field(min_length=1, max_length=MOST_ROWS)]
    suspected_spam: bool = False
    fingerprint: Fingerprint | None = None


class IntakeAttribution(Shape):
    """What brought the person: exactly one of the four references.

    Without a role it is the primary one, or a secondary one where the patient has a primary.
    """

    attribution_role: Annotated[AttributionRole, Lax] | None = None
    source_note: Notes = None
    referral_source_uuid: Uuid | None = None
    referral_partner_uuid: Uuid | None = None
    provider_uuid: Uuid | None = None
    referring_patient_uuid: Uuid | None = None


class IntakeReferral(ReferralFields):
    """A draft to make. What is left out of `reason` and `notes` the row's description says.

    The partner may be left out where the row's project is mapped to one.
    """

    referral_partner_uuid: Uuid | None = None
    referring_provider_uuid: Uuid | None = None
    reason: RequiredReason | None = None


class _TakingIn(Update):
    """What accepting and linking have in common.

    `attribution` left out: the source to which the row's form is mapped; null: none. `referral` may
    be left out only where the row has no description.
    """

    intake_uuid: Uuid
    attribution: IntakeAttribution | None = None
    referral: IntakeReferral | None = None


class IntakeAccept(_TakingIn):
    """`intake.accept` → 200: a new patient of that id, what brought them, and a draft.

    As a contact it is a new contact alone: nothing brought them, and there is no draft.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    # `as` on the wire, which is no name in Python.
    as_: Annotated[AcceptedAs, Lax] = Field(AcceptedAs.PATIENT, alias="as")
    patient_uuid: Uuid | None = None


class IntakeLink(_TakingIn):
    """`intake.link` → 200: a patient who is there, what brought them, and a draft."""

    patient_uuid: Uuid


class IntakeReject(Update):
    """`intake.reject` → 200."""

    intake_uuid: Uuid
    reason: Annotated[RejectReason, Lax]
    note: Notes = None


class IntakeReopen(Update):
    """`intake.reopen` → 200; of a rejected row."""

    intake_uuid: Uuid


class IntakeGet(Query):
    """`intake.get` → 200 with its group and the patients that it may be."""

    intake_uuid: Uuid


class IntakeList(ListQuery):
    """`intake.list` → 200, oldest first."""

    status: Annotated[IntakeStatus, Lax] | None = None
    source: IdText = None
    search: SearchText | None = None
    suspected_spam: bool | None = None


class IntakeSubmitted(Shape):
    """The group that was staged, and its rows in their order."""

    group_uuid: Uuid
    intake_uuids: list[Uuid]


class Intake(Resource):
    """A row as a list shows it.

    `row_number` counts the rows of its group from 1. `possible_repeat_of` is an earlier group with
    the same fingerprint. `patient`, or `contact`, is whom it was taken in as, with what was made
    beside a patient. `warnings` are of fields that did not parse: those are kept in `extra` as they
    came. `decided_by`: the actor, where one was named. `emptied_at`: since when what it said is not
    kept any more.
    """

    group_uuid: Uuid
    row_number: int
    status: Annotated[IntakeStatus, Lax]
    first_name: RequiredLine
    surname: RequiredLine
    org_type_id: Line
    source: Line = None
    referral_role: Line = None
    project: Line = None
    description: Notes = None
    date_of_birth: Date | None = None
    telephone: Line = None
    mobile: Line = None
    email: Email = None
    extra: dict[FieldName, AnyScalar]
    warnings: list[FieldWarning]
    suspected_spam: bool
    possible_repeat_of: Uuid | None = None
    reason: Annotated[RejectReason, Lax] | None = None
    note: Notes = None
    patient: Reference | None = None
    contact: Reference | None = None
    referral_attribution_uuid: Uuid | None = None
    referral_uuid: Uuid | None = None
    decided_at: Time | None = None
    decided_by: Line = None
    emptied_at: Time | None = None


class IntakeGroupRow(Shape):
    """A row of a group, as one of the others shows it."""

    uuid: Uuid
    row_number: int
    status: Annotated[IntakeStatus, Lax]
    referral_role: Line = None
    first_name: RequiredLine
    surname: RequiredLine


class IntakeCandidate(Shape):
    """A patient whom a row may be about, and why."""

    patient: Patient
    likeness: Annotated[Likeness, Lax]
    reasons: list[Annotated[LikenessReason, Lax]]


class IntakeDetail(Intake):
    """A row with its whole group, the patients that it may be, and what its form is mapped to."""

    group: list[IntakeGroupRow]
    candidates: list[IntakeCandidate]
    mapped_source: Reference | None = None
    mapped_partner: Reference | None = None


SUBMIT_INTAKE: Final = command(
    "intake.submit", Service.REFERRALS, IntakeSubmit, IntakeSubmitted, ReplyStatus.ACCEPTED
)
ACCEPT_INTAKE: Final = command("intake.accept", Service.REFERRALS, IntakeAccept, Intake)
LINK_INTAKE: Final = command("intake.link", Service.REFERRALS, IntakeLink, Intake)
REJECT_INTAKE: Final = command("intake.reject", Service.REFERRALS, IntakeReject, Intake)
REOPEN_INTAKE: Final = command("intake.reopen", Service.REFERRALS, IntakeReopen, Intake)
GET_INTAKE: Final = query("intake.get", Service.REFERRALS, IntakeGet, IntakeDetail)
LIST_INTAKE: Final = listing("intake.list", Service.REFERRALS, IntakeList, Intake)

INTAKE_RECEIVED: Final = Event("intake.received", EventSource.REFERRALS, Intake)
INTAKE_ACCEPTED: Final = Event("intake.accepted", EventSource.REFERRALS, Intake)
INTAKE_LINKED: Final = Event("intake.linked", EventSource.REFERRALS, Intake)
INTAKE_REJECTED: Final = Event("intake.rejected", EventSource.REFERRALS, Intake)
INTAKE_REOPENED: Final = Event("intake.reopened", EventSource.REFERRALS, Intake)
