"""Contacts on real servers: what is shown, found and written down."""

from typing import Any
from uuid import UUID

from messaging.trail.audit import about_patient
from tests.integration.referrals.marketing import Marketing, uuid_and_name
from tests.support.services.referrals import Org, Referrals

MONDAY, TUESDAY = "2026-01-05T08:00:00Z", "2026-01-06T08:00:00Z"


async def names(org: Org, **asked: Any) -> list[str]:
    """The names that a page of the list shows."""
    listed = await org.ask("contact.list", **asked)
    assert listed.status == 200, listed
    return [item["name"] for item in listed.data["items"]]


async def test_a_contact_is_shown_as_it_was_put(org: Org) -> None:
    """In the reply, by get, in a list and in the event: the same."""
    provider = await org.provider()
    put = await org.contact(name="Rand Ltd.", provider_uuid=provider["id"])
    assert put == {
        "id": put["id"],
        "version": 1,
        "created_at": put["created_at"],
        "updated_at": put["created_at"],
        "name": "Rand Ltd.",
        "patient": None,
        "referral_partner": None,
        "provider": uuid_and_name(provider, "Dr. Rose Rand"),
        "observed_at": MONDAY,
    }
    assert (await org.ask("contact.get", contact_uuid=put["id"])).data == put
    assert (await org.ask("contact.list")).data == {
        "items": [put],
        "page": 1,
        "page_size": 50,
        "total": 1,
    }


async def test_a_contact_shows_the_name_that_its_link_has_now(org: Marketing) -> None:
    """Also of one that was archived since; a partner by their display name."""
    patient, partner = await org.patient(), await org.partner()
    one = await org.contact(patient_uuid=patient["id"])
    other = await org.contact(referral_partner_uuid=partner["id"])
    assert other["referral_partner"]["name"] == "Ann Archer"
    await org.patient(patient_uuid=patient["id"], name="Paula Pace", observed_at=TUESDAY)
    await org.archive_partner(partner)
    shown = (await org.ask("contact.get", contact_uuid=one["id"])).data
    assert (shown["patient"]["name"], shown["version"]) == ("Paula Pace", 1)
    shown = (await org.ask("contact.get", contact_uuid=other["id"])).data
    assert shown["referral_partner"] == uuid_and_name(partner, "Ann Archer")


async def test_contacts_are_listed_by_name_and_found_by_a_part_of_it(org: Org) -> None:
    """Without regard to case in any script; `%` is an ordinary character; archived ones are gone.

    Sorted in lower case by code point, and by id where two are called the same.
    """
    for name in ("Östlund", "archer & sons", "ΣΟΦΟΣ", "Zeit 100%", "Archer"):
        await org.contact(name=name)
    gone = await org.contact(name="Archer, gone")
    await org.ask("contact.archive", contact_uuid=gone["id"], observed_at=TUESDAY)
    assert await names(org) == ["Archer", "archer & sons", "Zeit 100%", "Östlund", "ΣΟΦΟΣ"]
    assert await names(org, page=2, page_size=2) == ["Zeit 100%", "Östlund"]
    assert await names(org, search="ARCHER") == ["Archer", "archer & sons"]
    assert await names(org, search="%") == ["Zeit 100%"]
    ids = [str(UUID(int=n)) for n in (2, 1)]
    for id_ in ids:
        await org.contact(contact_uuid=id_, name="Same")
    listed = await org.ask("contact.list", search="same")
    assert [item["id"] for item in listed.data["items"]] == sorted(ids)


async def test_whoever_sees_a_contact_that_is_a_patient_is_in_their_trail(
    org: Org, referrals: Referrals
) -> None:
    """Puts, archives, gets and lists; also whom they referred, and who referred them."""
    patient = await org.patient()
    contact = await org.contact(patient_uuid=patient["id"])
    other = await org.contact()
    await org.ask("contact.get", contact_uuid=contact["id"])
    await org.ask("contact.get", contact_uuid=other["id"])
    await org.ask("contact.list")
    pair = {"contact_uuid": other["id"], "referred_to_uuid": contact["id"]}
    made = await org.contact_referral(**pair)
    named = {"contact_uuid": other["id"], "contact_referral_uuid": made["id"]}
    await org.ask("contact_referral.get", **named)
    await org.ask("contact_referral.list", contact_uuid=other["id"])
    await org.ask("contact_referral.list", contact_uuid=contact["id"])
    await org.ask("contact_referral.archive", **named)
    await org.ask("contact.archive", contact_uuid=contact["id"], observed_at=TUESDAY)
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient["id"]))
    assert [one.operation for one in trail] == [
        "patient.put",
        "contact.put",
        "contact.get",
        "contact.list",
        "contact_referral.create",
        "contact_referral.get",
        "contact_referral.list",
        "contact_referral.archive",
        "contact.archive",
    ]
