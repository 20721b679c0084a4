"""Making a referral: a draft with references, and everything that refuses it."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.referrals_service import Org, Referrals
from tests.refusals import errors, problem

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
    assert UUID(data.pop("id")).version == 7
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
        "overdue": False,
        "cancel_reason": None,
    }


async def test_get_shows_the_same_and_the_timeline_from_its_creation(org: Org) -> None:
    """`at`, `event`, `actor` and `detail`; the actor is who the client says, or null."""
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


async def test_what_a_create_names_is_looked_for_in_its_order(
    org: Org, referrals: Referrals
) -> None:
    """404 for the patient, then the partner, then the provider; then 409 for its own id."""
    other = referrals.org()
    anothers = {
        "patient_uuid": (await other.patient())["id"],
        "referral_partner_uuid": (await other.partner())["id"],
        "referring_provider_uuid": (await other.provider())["id"],
    }
    given: dict[str, Any] = {
        "id": (await org.referral())["id"],
        "reason": "R",
        **{name: str(uuid4()) for name in anothers},
    }
    archived = await org.patient(observed_at="2026-01-01T00:00:00Z")
    await org.ask(
        "patient.archive", patient_uuid=archived["id"], observed_at="2026-01-02T00:00:00Z"
    )
    for patient in (given["patient_uuid"], anothers["patient_uuid"], archived["id"]):
        answered = await org.ask("referral.create", **{**given, "patient_uuid": patient})
        problem(answered, 404, "patient_not_found")

    given["patient_uuid"] = (await org.patient())["id"]
    gone = await org.partner()
    await org.ask("referral_partner.archive", referral_partner_uuid=gone["id"], base_version=1)
    for partner in (given["referral_partner_uuid"], anothers["referral_partner_uuid"], gone["id"]):
        answered = await org.ask("referral.create", **{**given, "referral_partner_uuid": partner})
        problem(answered, 404, "referral_partner_not_found")

    given["referral_partner_uuid"] = (await org.partner())["id"]
    never = str(uuid4())
    await org.ask("provider.archive", provider_uuid=never, observed_at="2026-01-02T00:00:00Z")
    for provider in (
        *(given["referring_provider_uuid"], anothers["referring_provider_uuid"], never),
    ):
        answered = await org.ask(
            "referral.create", **{**given, "referring_provider_uuid": provider}
        )
        problem(answered, 404, "provider_not_found")

    given["referring_provider_uuid"] = (await org.provider())["id"]
    problem(await org.ask("referral.create", **given), 409, "already_exists")
    given["id"] = str(uuid4())
    assert (await org.ask("referral.create", **given)).data["id"] == given["id"]


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"reason": None}, {("reason", "string_type")}),
        ({"reason": " "}, {("reason", "text_empty")}),
        ({"priority": None}, {("priority", "enum")}),
        ({"priority": "high"}, {("priority", "enum")}),
        ({"teeth": ["33"]}, {("teeth.0", "string_pattern_mismatch")}),
        ({"reason_codes": [{"code": "x"}]}, {("reason_codes.0.system", "missing")}),
        ({"respond_by": "2026-12-24"}, {("respond_by", "time_format")}),
        ({"patient_uuid": "1"}, {("patient_uuid", "uuid_parsing")}),
        ({"status": "active"}, {("status", "extra_forbidden")}),
    ],
)
async def test_a_referral_that_breaks_a_rule_is_not_made(
    org: Org, fields: dict[str, Any], refused: set[tuple[str, str]]
) -> None:
    """422, before the 404 of an unknown patient."""
    given: dict[str, Any] = {
        "reason": "R",
        "patient_uuid": str(uuid4()),
        "referral_partner_uuid": str(uuid4()),
        **fields,
    }
    assert errors(await org.ask("referral.create", **given)) == refused


@pytest.mark.parametrize(
    "respond_by", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-12-24T00:00:00Z"]
)
async def test_every_time_to_respond_by_is_held_exactly(org: Org, respond_by: str) -> None:
    """Any time of the years 1 to 9999."""
    draft = await org.referral(respond_by=respond_by)
    assert draft["respond_by"] == respond_by
    read = await org.ask("referral.get", referral_uuid=draft["id"])
    assert read.data["respond_by"] == respond_by


async def test_a_referral_of_another_org_is_not_there(org: Org, referrals: Referrals) -> None:
    """404, like one that does not exist."""
    draft = await referrals.org().referral()
    for uuid in (draft["id"], str(uuid4())):
        answered = await org.ask("referral.get", referral_uuid=uuid)
        problem(answered, 404, "referral_not_found")
