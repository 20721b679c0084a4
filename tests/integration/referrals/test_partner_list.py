"""The list of partners: filters, search, sort and pages."""

from typing import Any
from uuid import UUID

import pytest

from tests.support.services.referrals import Org, Referrals


async def names(org: Org, **asked: Any) -> list[str]:
    """The practice names on the page that was asked for, in their order."""
    answered = await org.ask("referral_partner.list", **asked)
    assert answered.status == 200, answered
    return [item["practice_name"] for item in answered.data["items"]]


async def practice(org: Org, name: str, **fields: Any) -> dict[str, Any]:
    """A new partner that is a practice of this name."""
    given = {"contact_type": "practice", "first_name": None, "last_name": None, **fields}
    return await org.partner(practice_name=name, **given)


async def test_an_item_is_what_get_shows_and_an_org_without_partners_has_none(org: Org) -> None:
    """One shape everywhere; the frame of a list is always whole."""
    empty = await org.ask("referral_partner.list")
    assert empty.data == {"items": [], "page": 1, "page_size": 50, "total": 0}
    made = await org.partner(specialty="Endodontics")
    listed = await org.ask("referral_partner.list")
    assert listed.data == {"items": [made], "page": 1, "page_size": 50, "total": 1}


async def test_the_list_is_sorted_by_display_name_in_lower_case_by_code_point_then_by_id(
    org: Org,
) -> None:
    """A provider is called `first last`, others by practice, else by last name."""
    await org.partner(id=str(UUID(int=1)), first_name="zoe", last_name="Adams")
    await org.partner(id=str(UUID(int=2)), first_name="Éva", last_name="Barr")
    await org.partner(
        id=str(UUID(int=3)), contact_type="lab", practice_name="Zirconia Lab", last_name="Aaa"
    )
    await org.partner(id=str(UUID(int=4)), contact_type="other", first_name=None, last_name="adams")
    await org.partner(id=str(UUID(int=6)), practice_name="Aaa", first_name="BOB", last_name="bell")
    await org.partner(id=str(UUID(int=5)), first_name="Bob", last_name="Bell")
    await org.partner(id=str(UUID(int=7)), first_name="Bob", last_name="Bell-Ay")
    await org.partner(id=str(UUID(int=8)), first_name="Bob-Ay", last_name="Bell")
    answered = await org.ask("referral_partner.list")
    order = [UUID(item["id"]).int for item in answered.data["items"]]
    # adams · bob bell · bob bell · bob bell-ay · bob-ay bell · zirconia lab · zoe adams · éva barr
    assert order == [4, 5, 6, 7, 8, 3, 1, 2]


async def test_a_new_name_moves_a_partner_to_its_new_place(org: Org) -> None:
    """Also where only the type changes what it is called."""
    first = await practice(org, "A", first_name="Zoe", last_name="Zed")
    await practice(org, "M")
    assert await names(org) == ["A", "M"]
    await org.ask(
        "referral_partner.update",
        referral_partner_uuid=first["id"],
        base_version=1,
        contact_type="provider",
    )
    assert await names(org) == ["M", "A"]
    assert await names(org, search="zoe") == ["A"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["A", "B", "C", "D"]),
        ({"contact_type": "lab"}, ["C"]),
        ({"contact_type": "provider"}, []),
        ({"specialty": "endodontics"}, ["A", "B"]),
        ({"specialty": "  ENDODONTICS "}, ["A", "B"]),
        ({"specialty": "Endo"}, []),
        ({"specialty": "FUSSORTHOPÄDIE"}, ["C"]),
        ({"is_active": True}, ["A", "C", "D"]),
        ({"is_active": False}, ["B"]),
        ({"specialty": "endodontics", "is_active": True}, ["A"]),
        (
            {"contact_type": None, "specialty": None, "is_active": None, "search": None},
            list("ABCD"),
        ),
    ],
)
async def test_filters_leave_what_fits_all_of_them(
    org: Org, asked: dict[str, Any], found: list[str]
) -> None:
    """`specialty` is equality without regard to case; a filter that is null is none."""
    await practice(org, "A", specialty="Endodontics")
    await practice(org, "B", specialty="endodontics", is_active=False)
    await practice(org, "C", contact_type="lab", specialty="Fußorthopädie")
    await practice(org, "D")
    assert await names(org, **asked) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("archer", ["100% Smile"]),
        ("ARCH", ["100% Smile"]),
        ("ann", ["100% Smile"]),
        ("%", ["100% Smile"]),
        ("0%", ["100% Smile"]),
        ("_", ["a_b"]),
        ("a_b", ["a_b"]),
        ("a%b", []),
        ("a.b", []),
        ("\\", ["back\\slash"]),
        ("k\\s", ["back\\slash"]),
        ("ZAHNÄRZTE", ["Zahnärzte am Fluß"]),
        ("FLUSS", ["Zahnärzte am Fluß"]),
        ("a\u0308rzte", ["Zahnärzte am Fluß"]),
        ("οδοσ", ["ΟΔΟΣ ΣΑΣ"]),
        ("σας", ["ΟΔΟΣ ΣΑΣ"]),
        ("ΟΔΟΣ", ["ΟΔΟΣ ΣΑΣ"]),
        ("123456", ["100% Smile"]),
        ("7893", ["100% Smile"]),
        ("  smile ", ["100% Smile"]),
        ("'; drop", []),
        ("desk@example", []),
        ("12025550143", []),
    ],
)
async def test_a_search_finds_a_substring_of_a_name_or_the_npi(
    org: Org, search: str, found: list[str]
) -> None:
    """Without regard to case, in any script; `%`, `_` and a backslash are ordinary characters."""
    await practice(
        org,
        "100% Smile",
        first_name="Ann",
        last_name="Archer",
        npi="1234567893",
        email="desk@example.com",
        phone="+12025550143",
    )
    for name in ("a_b", "acb", "back\\slash", "Zahnärzte am Fluß", "ΟΔΟΣ ΣΑΣ"):
        await practice(org, name)
    assert await names(org, search=search) == found


async def test_pages_share_out_the_list_and_past_the_end_there_is_nothing(org: Org) -> None:
    """Every page tells the true total; together they hold each item once."""
    for name in "EDCBA":
        await practice(org, name)
    pages = [await names(org, page=page, page_size=2) for page in (1, 2, 3)]
    assert pages == [["A", "B"], ["C", "D"], ["E"]]
    for page in (4, 2**31, 2**62, 2**63 - 1):
        past = await org.ask("referral_partner.list", page=page, page_size=2)
        assert past.data == {"items": [], "page": page, "page_size": 2, "total": 5}
    assert await names(org, page_size=200) == ["A", "B", "C", "D", "E"]
    filtered = await org.ask("referral_partner.list", search="a", page=2, page_size=1)
    assert filtered.data == {"items": [], "page": 2, "page_size": 1, "total": 1}


async def test_a_list_shows_its_own_org_and_nothing_archived(
    org: Org, referrals: Referrals
) -> None:
    """Neither in the items, nor in the total, nor by a search."""
    await practice(referrals.org(), "Others")
    kept = await practice(org, "Kept")
    gone = await practice(org, "Gone")
    await org.ask("referral_partner.archive", referral_partner_uuid=gone["id"], base_version=1)
    listed = await org.ask("referral_partner.list")
    assert [item["id"] for item in listed.data["items"]] == [kept["id"]]
    assert listed.data["total"] == 1
    assert await names(org, search="o") == []


@pytest.mark.parametrize("search", ["FLUSS", "fluß", "οδοσ", "Οδος"])
async def test_sources_are_searched_by_the_same_rule(org: Org, search: str) -> None:
    """Both lists fold case alike: what one stores is what the other's search asks for."""
    for name in ("Am Fluß", "ΟΔΟΣ"):
        made = await org.ask("referral_source.create", name=name, category="signage")
        assert made.status == 201, made
    found = await org.ask("referral_source.list", search=search)
    assert found.data["total"] == 1
