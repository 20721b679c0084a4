"""E-referrals as referrals hands them over: made up, valid, no two with the same letter."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from contracts.directory import Patient, Practice, Provider
from contracts.ereferral import EreferralDispatch
from contracts.referral import FulfilmentStatus, Priority, ReasonCode, Referral, ReferralStatus
from contracts.referral_partner import ContactMethod, ContactType, ReferralPartner
from contracts.shapes import Reference
from services.ereferral_dispatch.consignment import Consignment

OPERATION = "ereferral.dispatch"
SENT_AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
_IDS = UUID("2b6f4c1e-9d0a-5f37-8a51-6f0c9a4be210")
_RESOURCE: dict[str, Any] = {"version": 1, "created_at": SENT_AT, "updated_at": SENT_AT}
_FINDINGS = (
    "Irreversible pulpitis; please assess for root canal treatment.",
    "Impacted third molar with recurrent pericoronitis; please assess for removal.",
    "Generalized periodontitis, stage III; please assess and treat.",
    "Crowding of the upper front teeth; please assess.",
)
_CODES = (("K04.02", "Irreversible pulpitis"), ("K01.1", "Impacted teeth"))
_NOTES = (
    "Cold sensitivity for two weeks, lingering for more than thirty seconds; no swelling.",
    "Periapical film and bitewings were taken last week and will follow by mail.",
    "Takes lisinopril; allergic to penicillin.",
)


@dataclass(frozen=True, slots=True)
class DispatchCommand:
    """One `ereferral.dispatch`: its message id, the e-referral's id, and the body, about 2.5 kB."""

    message_id: UUID
    ereferral_id: UUID
    package: EreferralDispatch = field(repr=False)
    body: bytes = field(repr=False)


def dispatch_command(org_id: str, endpoint: str, number: int) -> DispatchCommand:
    """The `number`-th e-referral of the bench to the partner whose portal is at `endpoint`.

    The same arguments give the same command; another number gives another letter.
    """
    package = _package(Random(number), org_id, endpoint, number)
    message_id = uuid5(_IDS, f"message {number}")
    return DispatchCommand(message_id, package.dispatch_uuid, package, package.to_json())


def portal_consignment(package: EreferralDispatch) -> Consignment:
    """A package on its way to its partner's portal, as the worker hands it to the sender."""
    return Consignment(
        org_id=package.org_id,
        ereferral_id=package.dispatch_uuid,
        channel=ContactMethod.PORTAL,
        address=package.partner.ereferral_endpoint or "",
        package=package,
        attempted_at=SENT_AT,
    )


def _package(random: Random, org_id: str, endpoint: str, number: int) -> EreferralDispatch:
    patient = Patient(
        **_RESOURCE,
        id=uuid5(_IDS, f"patient {number}"),
        name=f"Bench Patient {number:06}",
        date_of_birth=(SENT_AT - timedelta(days=random.randrange(4_000, 30_000))).date(),
        phone="+12025550143",
        observed_at=SENT_AT,
    )
    partner = ReferralPartner(
        **_RESOURCE,
        id=uuid5(_IDS, f"partner {org_id} {endpoint}"),
        contact_type=ContactType.PRACTICE,
        practice_name="Bench Specialists",
        specialty="Endodontics",
        phone="+12025550111",
        address_line1="200 Sample Avenue",
        city="Springfield",
        state="IL",
        postal_code="62702",
        accepts_ereferral=True,
        ereferral_endpoint=endpoint,
    )
    return EreferralDispatch(
        org_id=org_id,
        dispatch_uuid=uuid5(_IDS, f"e-referral {number}"),
        referral=_referral(random, patient, partner, number),
        patient=patient,
        practice=_practice(org_id),
        referring_provider=Provider(
            **_RESOURCE,
            id=uuid5(_IDS, f"provider {org_id}"),
            name="Dr. Bench Dentist",
            npi="1093817465",
            observed_at=SENT_AT,
        ),
        partner=partner,
    )


def _practice(org_id: str) -> Practice:
    return Practice(
        **_RESOURCE,
        id=uuid5(_IDS, f"practice {org_id}"),
        name="Bench Family Dental",
        npi="1234567893",
        phone="+12025550101",
        fax="+12025550102",
        email="office@example.com",
        address_line1="100 Example Street",
        city="Springfield",
        state="IL",
        postal_code="62701",
        observed_at=SENT_AT,
    )


def _referral(random: Random, patient: Patient, partner: ReferralPartner, number: int) -> Referral:
    code, display = random.choice(_CODES)
    return Referral(
        **_RESOURCE,
        id=uuid5(_IDS, f"referral {number}"),
        patient=Reference(uuid=patient.id, name=patient.name),
        referral_partner=Reference(uuid=partner.id, name=partner.practice_name),
        priority=random.choice(list(Priority)),
        reason=random.choice(_FINDINGS),
        reason_codes=[
            ReasonCode(system="http://hl7.org/fhir/sid/icd-10-cm", code=code, display=display)
        ],
        teeth=[str(random.randrange(1, 33))],
        notes=" ".join(random.sample(_NOTES, k=random.randrange(1, 4))),
        respond_by=SENT_AT + timedelta(days=14),
        status=ReferralStatus.ACTIVE,
        fulfilment_status=FulfilmentStatus.REQUESTED,
        sent_at=SENT_AT,
    )
