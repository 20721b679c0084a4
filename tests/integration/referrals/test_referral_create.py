"""Making a referral: a draft with references."""

from typing import Any
from uuid import UUID

import pytest

from tests.support.services.referrals import Org

CODES = [
    {"system": "http://hl7.org/fhir/sid/icd-10", "code": "K04.0", "display": "Pulpitis"},
    {"system": "http://example.com/codes", "code": "x", "display": None},
]


async def test_a_new_referral_is_a_draft_that_shows_every_field(org: Org) -> None:
    """References with the names of now, what was given, and null for what has not happened."""
    patient = await org.patient(name="Paul Pace")
    partner = await org.partner(contact_type="lab", practice_name="Zirconia Lab")
    provider = await org.provider(name="Dr. Rose Rand")
    data = await org.referral(
        patient_uuid=patient["id"],
        referral_partner_uuid=partner["id"],
        referring_provider_uuid=provider["id"],
        priority="urgent",
        reason="  Crown on 14\r\nShade A2 ",
        reason_codes=CODES,
        teeth=["14", "A"],
        notes="",
        respond_by="2026-12-24T18:00:00+01:00",
    )
    id_ = UUID(data.pop("id"))
    assert id_.version == 7
    digits = str(id_)[-12:].upper()
    assert data.pop("reference") == f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
    assert data.pop("created_at") == data.pop("updated_at")
    assert data == {
        "version": 1,
        "patient": {"uuid": patient["id"], "name": "Paul Pace"},
        "referral_partner": {"uuid": partner["id"], "name": "Zirconia Lab"},
        "referring_provider": {"uuid": provider["id"], "name": "Dr. Rose Rand"},
        "priority": "urgent",
        "reason": "Crown on 14\nShade A2",
        "reason_codes": CODES,
        "teeth": ["14", "A"],
        "notes": None,
        "respond_by": "2026-12-24T17:00:00Z",
        "status": "draft",
        "fulfilment_status": None,
        "dispatch_status": None,
        "ereferral_uuid": None,
        "sent_at": None,
        "scheduled_at": None,
        "overdue": False,
        "cancel_reason": None,
        "information_requested": None,
        "follows": None,
        "followed_by": None,
    }


async def test_get_shows_the_same_and_the_timeline_from_its_creation(org: Org) -> None:
    """What happened, when, by whom, with which words; the actor is who the client says, or null."""
    made = await org.ask(
        "referral.create",
        headers={"actor": "user-17"},
        reason="R",
        patient_uuid=(await org.patient())["id"],
        referral_partner_uuid=(await org.partner())["id"],
    )
    read = await org.ask("referral.get", referral_uuid=made.data["id"])
    timeline = read.data.pop("timeline")
    assert (read.status, read.data) == (200, made.data)
    assert timeline == [
        {
            "at": made.data["created_at"],
            "event": "referral.created",
            "actor": "user-17",
            "detail": None,
            "reason_code": None,
            "scheduled_at": None,
        }
    ]


async def test_a_reference_shows_the_name_of_now_also_of_what_is_archived(org: Org) -> None:
    """Other resources keep showing their reference, and operations that do not name it work."""
    patient = await org.patient(name="Paul Pace")
    partner = await org.ereferral_partner()
    draft = await org.referral(patient_uuid=patient["id"], referral_partner_uuid=partner["id"])
    await org.patient(
        patient_uuid=patient["id"], name="Paula Pace", observed_at="2026-02-01T00:00:00Z"
    )
    await org.ask("patient.archive", patient_uuid=patient["id"], observed_at="2026-03-01T00:00:00Z")
    await org.ask("referral_partner.archive", referral_partner_uuid=partner["id"], base_version=1)
    read = await org.ask("referral.get", referral_uuid=draft["id"])
    assert read.data["patient"] == {"uuid": patient["id"], "name": "Paula Pace"}
    assert read.data["referral_partner"] == {"uuid": partner["id"], "name": "Ann Archer"}
    assert read.data["referring_provider"] is None
    assert read.data["version"] == 1


@pytest.mark.parametrize(
    "partner",
    [
        {"is_active": False},
        {"accepts_ereferral": False},
        {"contact_type": "other", "first_name": None},
    ],
)
async def test_a_draft_may_be_for_any_partner_that_is_not_archived(
    org: Org, partner: dict[str, Any]
) -> None:
    """What a partner can take is asked at sending."""
    made = await org.partner(**partner)
    assert (await org.referral(referral_partner_uuid=made["id"]))["status"] == "draft"


@pytest.mark.parametrize(
    "respond_by", ["1900-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-12-24T00:00:00Z"]
)
async def test_every_time_to_respond_by_is_held_exactly(org: Org, respond_by: str) -> None:
    """Any time of the years 1 to 9999."""
    draft = await org.referral(respond_by=respond_by)
    assert draft["respond_by"] == respond_by
    read = await org.ask("referral.get", referral_uuid=draft["id"])
    assert read.data["respond_by"] == respond_by
