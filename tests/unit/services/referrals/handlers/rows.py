"""Fictional rows of one org, and a store that holds them: the same call always gives the same."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Enum, inspect

from contracts.problems import Problem
from messaging.testing import Store
from services.referrals.handlers import COMMAND_HANDLERS, EVENT_HANDLERS
from services.referrals.home import PUBLISHING
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.contact import Contact, ContactReferral
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.models.intake import Intake, IntakeFingerprint, IntakeMapEntry
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral, TimelineEntry
from services.referrals.models.source import ReferralSource, ReferralSourceCost, SourceFigures

ORG = "org_sample"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 4, 4, tzinfo=UTC)
PATIENT, OTHER_PATIENT, PARTNER, OTHER_PARTNER, SOURCE, OTHER_SOURCE, COST, ATTRIBUTION = (
    UUID(int=n) for n in range(1, 9)
)
PROVIDER, PRACTICE, REFERRAL, EREFERRAL, NOBODY = (UUID(int=n) for n in range(9, 14))
CONTACT, OTHER_CONTACT, THIRD_CONTACT, CONTACT_REFERRAL = (UUID(int=n) for n in range(14, 18))
INTAKE, OTHER_INTAKE, GROUP, OTHER_GROUP = (UUID(int=n) for n in range(18, 22))
NEW = UUID("0192d4e0-7b1a-7c3d-8e4f-123456789abc")

RowT = TypeVar("RowT")


def store(*rows: Any, **said: Any) -> Store:
    """The service's own handlers on these rows; `said`: what came with the message."""
    handlers = {**COMMAND_HANDLERS, **EVENT_HANDLERS}
    return Store(handlers, PUBLISHING, *rows, **{"org_id": ORG, "now": NOW, **said})


def wrong_fields(problem: Problem) -> set[tuple[str, str]]:
    """Each refused field with its type. Fails where it is another refusal."""
    assert problem.code == "validation_error"
    return {(".".join(map(str, error.loc)), error.type) for error in problem.errors}


def _row(model: type[RowT], fields: dict[str, Any], changes: dict[str, Any]) -> RowT:
    types = {column.key: column.type for column in inspect(model).columns}
    versioned = {"version": 3, "created_at": EARLIER, "updated_at": EARLIER}
    if "deleted_at" in types:
        versioned["deleted_at"] = None
    given = {"org_id": ORG, **versioned, **fields, **changes}
    # As a loaded row has them: what is one of a closed list is its member.
    return model(
        **{
            name: kind.enum_class(value)
            if isinstance(kind := types[name], Enum) and kind.enum_class and value is not None
            else value
            for name, value in given.items()
        }
    )


def patient(id_: UUID = PATIENT, **changes: Any) -> Patient:
    """Paula Pace, last observed on 20 November."""
    fields = {
        "name": "Paula Pace",
        "date_of_birth": date(1984, 3, 9),
        "phone": "+12025550143",
        "phone_given": None,
        "phone_country": None,
        "email": None,
        "sort_name": "paula pace",
        "search_text": "paula pace\n+12025550143",
        "observed_at": EARLIER,
    }
    return _row(Patient, {"id": id_, **fields}, changes)


def provider(**changes: Any) -> Provider:
    """Dr. Rose, of the practice."""
    fields = {
        "id": PROVIDER,
        "name": "Dr. Rose",
        "npi": None,
        "sort_name": "dr. rose",
        "search_text": "dr. rose",
        "observed_at": EARLIER,
    }
    return _row(Provider, fields, changes)


def practice(**changes: Any) -> Practice:
    """The practice, in the United States."""
    optional = ("npi", "phone", "fax", "email", "address_line1", "address_line2")
    address = ("city", "state", "postal_code")
    fields = {
        **dict.fromkeys((*optional, *address)),
        "id": PRACTICE,
        "name": "Sample Dental",
        "country": "US",
        "time_zone": None,
        "observed_at": EARLIER,
    }
    return _row(Practice, fields, changes)


def partner(id_: UUID = PARTNER, **changes: Any) -> ReferralPartner:
    """Alex Example, an endodontist who takes e-referrals by mail."""
    optional = ("npi", "phone", "fax", "address_line1", "address_line2", "city", "state")
    fields = {
        **dict.fromkeys((*optional, "postal_code", "notes", "preferred_contact_method")),
        "id": id_,
        "contact_type": "provider",
        "first_name": "Alex",
        "last_name": "Example",
        "practice_name": None,
        "specialty": "Endodontics",
        "email": "alex@example.org",
        "country": "US",
        "is_active": True,
        "accepts_ereferral": True,
        "ereferral_endpoint": "mailto:alex@example.org",
        "sort_name": "alex example",
        "name_text": "alex example",
        "search_text": "alex example",
        "specialty_text": "endodontics",
    }
    return _row(ReferralPartner, fields, changes)


def source(id_: UUID = SOURCE, **changes: Any) -> ReferralSource:
    """A billboard, the org's second source."""
    fields = {
        "id": id_,
        "name": "Billboard",
        "category": "signage",
        "description": None,
        "is_active": True,
        "linked_patient_id": None,
        "linked_referral_partner_id": None,
        "sort_order": 2,
        "search_text": "billboard",
    }
    return _row(ReferralSource, fields, changes)


def figures(id_: UUID = SOURCE, patients: int = 0, cost: str = "0.00") -> SourceFigures:
    """What a source brought and cost."""
    return SourceFigures(
        org_id=ORG, referral_source_id=id_, patient_count=patients, total_cost=Decimal(cost)
    )


def cost(**changes: Any) -> ReferralSourceCost:
    """What the billboard cost in November."""
    fields = {
        "id": COST,
        "referral_source_id": SOURCE,
        "amount": Decimal("120.00"),
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 11, 30),
        "notes": None,
    }
    return _row(ReferralSourceCost, fields, changes)


def attribution(id_: UUID = ATTRIBUTION, **changes: Any) -> ReferralAttribution:
    """The billboard brought the patient."""
    fields = {
        "id": id_,
        "patient_id": PATIENT,
        "attribution_role": "primary",
        "source_note": None,
        "referral_source_id": SOURCE,
        "referral_partner_id": None,
        "provider_id": None,
        "referring_patient_id": None,
        "attributed_at": EARLIER,
    }
    return _row(ReferralAttribution, fields, changes)


def contact(id_: UUID = CONTACT, **changes: Any) -> Contact:
    """The Pace household, linked to nobody, last observed on 20 November."""
    fields = {
        "name": "Pace household",
        "patient_id": None,
        "referral_partner_id": None,
        "provider_id": None,
        "sort_name": "pace household",
        "search_text": "pace household",
        "observed_at": EARLIER,
    }
    return _row(Contact, {"id": id_, **fields}, changes)


def contact_referral(**changes: Any) -> ContactReferral:
    """The Pace household sent another contact."""
    fields = {
        "id": CONTACT_REFERRAL,
        "referred_by_id": CONTACT,
        "referred_to_id": OTHER_CONTACT,
    }
    return _row(ContactReferral, fields, changes)


def referral(**changes: Any) -> Referral:
    """A draft to Alex Example."""
    optional = ("referring_provider_id", "reason_codes", "teeth", "notes", "respond_by")
    later = (
        *("fulfilment_status", "dispatch_status", "ereferral_id", "sent_at", "scheduled_at"),
        *("information_requested", "reopened_at", "follows_id", "followed_by_id"),
    )
    fields = {
        **dict.fromkeys((*optional, *later, "cancel_reason")),
        "id": REFERRAL,
        "patient_id": PATIENT,
        "referral_partner_id": PARTNER,
        "priority": "routine",
        "reason": "Root canal evaluation",
        "status": "draft",
        "dispatch_version": 0,
        "overdue": False,
    }
    return _row(Referral, fields, changes)


def sent_referral(**changes: Any) -> Referral:
    """One that was sent on 20 November and is due on 25 November."""
    sent = {
        "status": "active",
        "fulfilment_status": "requested",
        "ereferral_id": EREFERRAL,
        "sent_at": EARLIER,
        "respond_by": LATER,
    }
    return referral(**{**sent, **changes})


def response_entry() -> TimelineEntry:
    """A response that was recorded before."""
    return TimelineEntry(
        org_id=ORG,
        referral_id=REFERRAL,
        at=EARLIER,
        dispatch_version=0,
        event="referral.response_recorded",
        actor=None,
        detail="accepted",
    )


def intake(id_: UUID = INTAKE, **changes: Any) -> Intake:
    """Alice Smith, received from form 1 on 20 November, without a wish of her own."""
    optional = ("project", "description", "date_of_birth", "telephone", "mobile", "email")
    decided = ("reason", "note", "decided_at", "decided_by")
    later = ("possible_repeat_of", *decided, "emptied_at")
    made = ("patient_id", "contact_id", "attribution_id", "referral_id")
    fields: dict[str, Any] = {
        **dict.fromkeys((*optional, *later, *made)),
        "id": id_,
        "group_id": GROUP,
        "row_number": 1,
        "status": "received",
        "first_name": "Alice",
        "surname": "Smith",
        "org_type_id": "1",
        "source": "1",
        "referral_role": "2",
        "extra": {"ethnicity": "35"},
        "warnings": [],
        "suspected_spam": False,
        "search_text": "alice smith",
    }
    return _row(Intake, fields, changes)


def rejected_intake(id_: UUID = INTAKE, **changes: Any) -> Intake:
    """One that was found to be spam."""
    rejected = {"status": "rejected", "reason": "spam", "decided_at": EARLIER}
    return intake(id_, **{**rejected, **changes})


def fingerprint(**changes: Any) -> IntakeFingerprint:
    """The group came with this one, on 20 November."""
    fields: dict[str, Any] = {
        "org_id": ORG,
        "fingerprint": "f1",
        "group_id": GROUP,
        "received_at": EARLIER,
    }
    return IntakeFingerprint(**{**fields, **changes})


def mapped_source(
    source: str = "1", role: str = "", to: UUID = SOURCE, **changes: Any
) -> IntakeMapEntry:
    """A form is the billboard."""
    fields = {
        "kind": "source",
        "outside_id": source,
        "referral_role": role,
        "id": UUID(int=sum(map(ord, f"{source} {role}")) + 1_000),
        "referral_source_id": to,
        "referral_partner_id": None,
    }
    return _row(IntakeMapEntry, fields, changes)


def mapped_project(project: str = "7", to: UUID = PARTNER, **changes: Any) -> IntakeMapEntry:
    """A project is Alex Example."""
    fields = {
        "kind": "project",
        "outside_id": project,
        "referral_role": "",
        "id": UUID(int=sum(map(ord, project)) + 2_000),
        "referral_source_id": None,
        "referral_partner_id": to,
    }
    return _row(IntakeMapEntry, fields, changes)
