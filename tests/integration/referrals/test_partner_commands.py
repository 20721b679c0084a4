"""Referral partners: what create, update, archive and get do."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from messaging.replies.client import Reply
from tests.support.refusals import errors, problem
from tests.support.services.referrals import Org, Referrals

EVERYTHING = {
    "contact_type": "practice",
    "first_name": "Ann",
    "last_name": "Archer",
    "practice_name": "Archer Endodontics",
    "npi": "1234567893",
    "specialty": "Endodontics",
    "email": "Desk@EXAMPLE.com",
    "phone": "020 7946 0958",
    "fax": "+1 202 555 0143",
    "address_line1": "1 High Street",
    "address_line2": "Floor 2",
    "city": "London",
    "state": "Greater London",
    "postal_code": "SW1A 1AA",
    "country": "GB",
    "notes": "Call first.\r\nThen fax.",
    "is_active": False,
    "accepts_ereferral": True,
    "ereferral_endpoint": "HTTPS://Portal.Example:8443/./fhir?x=%20",
    "preferred_contact_method": "portal",
}
HELD = {
    **EVERYTHING,
    "email": "Desk@example.com",
    "phone": "+442079460958",
    "fax": "+12025550143",
    "notes": "Call first.\nThen fax.",
}
UNSET = dict.fromkeys(
    [
        *("practice_name", "npi", "specialty", "email", "phone", "fax", "address_line1"),
        *("address_line2", "city", "state", "postal_code", "notes", "ereferral_endpoint"),
        "preferred_contact_method",
    ]
)
IDENTITY = {"id", "version", "created_at", "updated_at"}


async def test_a_new_partner_shows_every_field(org: Org) -> None:
    """What was given in its normal form, and what every resource has."""
    data = await org.partner(**EVERYTHING)
    assert {name: value for name, value in data.items() if name not in IDENTITY} == HELD
    assert data["version"] == 1
    assert UUID(data["id"]).version == 7
    assert data["created_at"] == data["updated_at"]
    assert data["created_at"].endswith("Z")


async def test_what_is_not_given_is_null_or_its_default(org: Org) -> None:
    """Every field of a resource is always present; unset is null."""
    data = await org.partner()
    assert {name: value for name, value in data.items() if name not in IDENTITY} == {
        **UNSET,
        "contact_type": "provider",
        "first_name": "Ann",
        "last_name": "Archer",
        "country": "US",
        "is_active": True,
        "accepts_ereferral": False,
    }


async def test_get_shows_what_create_and_update_showed(org: Org) -> None:
    """One shape, everywhere."""
    made = await org.partner(**EVERYTHING)
    read = await org.ask("referral_partner.get", referral_partner_uuid=made["id"])
    assert (read.status, read.data) == (200, made)
    updated = await org.ask(
        "referral_partner.update", referral_partner_uuid=made["id"], base_version=1, city="Leeds"
    )
    read = await org.ask("referral_partner.get", referral_partner_uuid=made["id"])
    assert (read.status, read.data) == (200, updated.data)


async def test_a_create_may_bring_its_own_id_once(org: Org, referrals: Referrals) -> None:
    """Ids are taken per org: the second create with it is `already_exists`, in another org not."""
    own = str(uuid4())
    assert (await org.partner(id=own))["id"] == own
    again = await org.ask("referral_partner.create", id=own, first_name="B", last_name="B")
    assert problem(again, 409, "already_exists")["errors"] == []
    assert (await referrals.org().partner(id=own))["id"] == own


@pytest.mark.parametrize(
    "fields",
    [
        {"contact_type": "practice", "practice_name": "P", "first_name": None},
        {"contact_type": "practice", "last_name": "Archer", "first_name": None},
        {"contact_type": "lab", "practice_name": "P", "last_name": None},
        {"contact_type": "other", "last_name": "Archer"},
        {"npi": "1234567893"},
        {"ereferral_endpoint": "https://portal.example/", "accepts_ereferral": False},
    ],
)
async def test_a_partner_that_keeps_the_rules_is_made(org: Org, fields: dict[str, Any]) -> None:
    """Anyone but a provider needs one name; an NPI may be used twice."""
    await org.partner(**fields)
    await org.partner(**fields)


async def test_an_update_changes_the_fields_given_and_no_other(org: Org) -> None:
    """PATCH: null clears, what is left out stays; the version rises by one."""
    made = await org.partner(**EVERYTHING)
    updated = await org.ask(
        "referral_partner.update",
        referral_partner_uuid=made["id"],
        base_version=1,
        email=None,
        specialty="Periodontics",
        notes="",
    )
    assert updated.status == 200
    expected = {**made, "email": None, "specialty": "Periodontics", "notes": None, "version": 2}
    assert {**updated.data, "updated_at": made["updated_at"]} == expected
    assert updated.data["updated_at"] > made["updated_at"]
    assert updated.data["created_at"] == made["created_at"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"first_name": "Ann"},
        {"first_name": "  Ann ", "email": None, "notes": " "},
        {"phone": "+1 (202) 555-0143", "country": "US"},
        {"contact_type": "provider", "is_active": True},
    ],
)
async def test_an_update_that_changes_nothing_is_no_change(
    org: Org, referrals: Referrals, fields: dict[str, Any]
) -> None:
    """200, the same version and time, and no event."""
    made = await org.partner(phone="+12025550143")
    updated = await org.ask(
        "referral_partner.update", referral_partner_uuid=made["id"], base_version=1, **fields
    )
    assert (updated.status, updated.data) == (200, made)
    assert await referrals.heard.event_types(org) == ["referral_partner.created"]


async def test_a_number_is_read_in_the_country_that_the_partner_then_has(org: Org) -> None:
    """National numbers of an update that changes the country belong to the new one."""
    made = await org.partner(country="US")
    updated = await org.ask(
        "referral_partner.update",
        referral_partner_uuid=made["id"],
        base_version=1,
        phone="020 7946 0958",
        country="GB",
    )
    assert updated.data["phone"] == "+442079460958"


async def test_an_archived_partner_stays_as_it_was_for_nobody_to_see(
    org: Org, referrals: Referrals
) -> None:
    """204 with null; gone from the lists; its event shows the last state under the new version."""
    made = await org.partner(city="Leeds")
    archived = await org.ask(
        "referral_partner.archive", referral_partner_uuid=made["id"], base_version=1
    )
    assert archived == Reply(204, None, None)
    assert (await org.ask("referral_partner.list")).data["items"] == []
    event = (await referrals.heard.events(org))[-1].body
    assert event["type"] == "referral_partner.archived"
    assert event["aggregateversion"] == 2
    assert {**event["data"], "updated_at": made["updated_at"]} == {**made, "version": 2}


@pytest.mark.parametrize(
    "operation",
    ["referral_partner.destroy", "referral_partner", "Referral_partner.create", "patient.get"],
)
async def test_an_operation_that_the_queue_does_not_have_is_unknown(
    org: Org, operation: str, referrals: Referrals
) -> None:
    """400, also for a query that was sent where commands go."""
    answered = await referrals.client.call("referrals.commands", operation, {"org_id": org.id})
    problem(answered, 400, "unknown_operation")


async def test_no_text_of_a_refusal_quotes_a_value(org: Org) -> None:
    """Neither title, nor detail, nor an error; a field's own wrong name is shown as ASCII."""
    secret = "Kanarienvogel"
    wrong_name: dict[str, Any] = {"größe": 1}
    answered = await org.ask(
        "referral_partner.create",
        first_name=[secret],
        contact_type=secret,
        npi=secret,
        email=secret,
        phone=secret,
        country=secret,
        ereferral_endpoint=secret,
        is_active=secret,
        id=secret,
        preferred_contact_method=secret,
        city="\u202e" + secret,
        **wrong_name,
    )
    assert len(errors(answered)) == 12
    assert secret not in str(answered)
    assert ("gr\\xf6\\xdfe", "extra_forbidden") in errors(answered)
