"""Things that a law begins with, made by the typed client. All of it is made up."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from client import ReferralsClient
from contracts.contact import PUT_CONTACT, Contact, ContactPut
from contracts.directory import PUT_PATIENT, PUT_PRACTICE, PatientPut, PracticePut
from contracts.referral import CREATE_REFERRAL, Referral, ReferralCreate
from contracts.referral_partner import (
    CREATE_REFERRAL_PARTNER,
    ReferralPartner,
    ReferralPartnerCreate,
)

OBSERVED_AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


async def partner(client: ReferralsClient, org_id: str, **given: Any) -> ReferralPartner:
    """A partner, Demo Oral Surgery unless said otherwise."""
    fields = {"contact_type": "practice", "practice_name": "Demo Oral Surgery", **given}
    request = ReferralPartnerCreate(org_id=org_id, **fields)
    return await client.call(CREATE_REFERRAL_PARTNER, request)


async def contact(client: ReferralsClient, org_id: str, name: str, **given: Any) -> Contact:
    """A contact of that name."""
    fields = {"contact_uuid": uuid4(), "observed_at": OBSERVED_AT, **given}
    put = await client.call(PUT_CONTACT, ContactPut(org_id=org_id, name=name, **fields))
    assert put is not None
    return put


async def practice(client: ReferralsClient, org_id: str) -> None:
    """The practice that refers."""
    request = PracticePut(org_id=org_id, name="Demo Family Dental", observed_at=OBSERVED_AT)
    await client.call(PUT_PRACTICE, request)


async def patient(client: ReferralsClient, org_id: str, name: str = "Demo Patient Eve") -> UUID:
    """A patient's id."""
    request = PatientPut(org_id=org_id, patient_uuid=uuid4(), name=name, observed_at=OBSERVED_AT)
    put = await client.call(PUT_PATIENT, request)
    assert put is not None
    return put.id


async def draft(client: ReferralsClient, org_id: str, to: UUID, **given: Any) -> Referral:
    """A draft of a new patient to that partner."""
    request = ReferralCreate(
        org_id=org_id,
        patient_uuid=await patient(client, org_id),
        referral_partner_uuid=to,
        reason="Impacted third molar",
        **given,
    )
    return await client.call(CREATE_REFERRAL, request)
