"""Fictional packages for tests and pictures: the same call always gives the same package."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from contracts.directory import Patient, Practice, Provider
from contracts.ereferral import EreferralDispatch
from contracts.referral import FulfilmentStatus, Priority, ReasonCode, Referral, ReferralStatus
from contracts.referral_partner import ContactMethod, ContactType, ReferralPartner
from contracts.shapes import Reference
from letters.letter import Message
from services.ereferral_dispatch.consignment import Consignment

ORG_ID = "org_sample"
EREFERRAL_ID = UUID("01930000-0000-7000-8000-00000000e001")
REFERRAL_ID = UUID("01930000-0000-7000-8000-0123456789ab")
PATIENT_ID = UUID("01930000-0000-7000-8000-00000000a001")
PARTNER_ID = UUID("01930000-0000-7000-8000-00000000b001")
PROVIDER_ID = UUID("01930000-0000-7000-8000-00000000c001")
PRACTICE_ID = UUID("01930000-0000-7000-8000-00000000d001")
SENT_AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
CANCEL_REASON = "The patient Sample Patient has moved away."
RESPOND_BY = datetime(2026, 12, 4, 15, 30, tzinfo=UTC)

_RESOURCE: dict[str, Any] = {"version": 1, "created_at": SENT_AT, "updated_at": SENT_AT}


def sample_patient(**changes: Any) -> Patient:
    """A patient with every field."""
    return Patient(
        **{
            **_RESOURCE,
            "id": PATIENT_ID,
            "name": "Sample Patient",
            "date_of_birth": date(1984, 3, 9),
            "phone": "+12025550143",
            "email": "patient@example.com",
            "observed_at": SENT_AT,
            **changes,
        }
    )


def sample_practice(**changes: Any) -> Practice:
    """The practice that refers."""
    return Practice(
        **{
            **_RESOURCE,
            "id": PRACTICE_ID,
            "name": "Sample Family Dental",
            "npi": "1234567893",
            "phone": "+12025550101",
            "fax": "+12025550102",
            "email": "office@example.com",
            "address_line1": "100 Example Street",
            "address_line2": "Suite 200",
            "city": "Springfield",
            "state": "IL",
            "postal_code": "62701",
            "observed_at": SENT_AT,
            **changes,
        }
    )


def sample_provider(**changes: Any) -> Provider:
    """The practitioner who refers."""
    return Provider(
        **{
            **_RESOURCE,
            "id": PROVIDER_ID,
            "name": "Dr. Robin Sample",
            "npi": "1093817465",
            "observed_at": SENT_AT,
            **changes,
        }
    )


def sample_partner(**changes: Any) -> ReferralPartner:
    """The specialist who is asked, with an address for every channel."""
    return ReferralPartner(
        **{
            **_RESOURCE,
            "id": PARTNER_ID,
            "contact_type": ContactType.PROVIDER,
            "first_name": "Alex",
            "last_name": "Example",
            "practice_name": "Example Endodontics",
            "npi": "1245319599",
            "specialty": "Endodontics",
            "email": "referrals@example.org",
            "phone": "+12025550111",
            "fax": "+12025550112",
            "address_line1": "200 Sample Avenue",
            "city": "Springfield",
            "state": "IL",
            "postal_code": "62702",
            "accepts_ereferral": True,
            "ereferral_endpoint": "https://portal.example.org/fhir",
            **changes,
        }
    )


def sample_referral(**changes: Any) -> Referral:
    """A referral that was sent."""
    return Referral(
        **{
            **_RESOURCE,
            "id": REFERRAL_ID,
            "patient": Reference(uuid=PATIENT_ID, name="Sample Patient"),
            "referral_partner": Reference(uuid=PARTNER_ID, name="Alex Example"),
            "referring_provider": Reference(uuid=PROVIDER_ID, name="Dr. Robin Sample"),
            "priority": Priority.ROUTINE,
            "reason": "Root canal evaluation, lower right first molar.",
            "reason_codes": [
                ReasonCode(
                    system="http://hl7.org/fhir/sid/icd-10-cm",
                    code="K04.01",
                    display="Reversible pulpitis",
                )
            ],
            "teeth": ["30"],
            "notes": "Cold sensitivity for two weeks, no swelling. Periapical film taken.",
            "respond_by": RESPOND_BY,
            "status": ReferralStatus.ACTIVE,
            "fulfilment_status": FulfilmentStatus.REQUESTED,
            "ereferral_uuid": EREFERRAL_ID,
            "sent_at": SENT_AT,
            **changes,
        }
    )


def sample_package(
    *,
    referral: Referral | None = None,
    patient: Patient | None = None,
    practice: Practice | None = None,
    referring_provider: Provider | None = None,
    partner: ReferralPartner | None = None,
) -> EreferralDispatch:
    """What was frozen at sending; each part not given is the sample one."""
    return EreferralDispatch(
        org_id=ORG_ID,
        dispatch_uuid=EREFERRAL_ID,
        referral=referral or sample_referral(),
        patient=patient or sample_patient(),
        practice=practice or sample_practice(),
        referring_provider=referring_provider or sample_provider(),
        partner=partner or sample_partner(),
    )


def sample_consignment(**changes: Any) -> Consignment:
    """The sample package on its way by e-mail; `changes` are the consignment's own fields."""
    return Consignment(
        **{
            "org_id": ORG_ID,
            "ereferral_id": EREFERRAL_ID,
            "channel": ContactMethod.EMAIL,
            "address": "referrals@example.org",
            "package": sample_package(),
            "attempted_at": datetime.now(UTC),
            **changes,
        }
    )


def sample_cancellation(**changes: Any) -> Consignment:
    """The sample consignment's cancellation, four days later."""
    return sample_consignment(
        **{
            "message": Message.CANCELLATION,
            "cancel_reason": CANCEL_REASON,
            "cancelled_at": datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
            **changes,
        }
    )
