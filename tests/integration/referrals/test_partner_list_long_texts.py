"""Partners whose texts are too long for the list's index are listed and found like any other."""

from random import Random
from typing import Any

import pytest
import pytest_asyncio

from tests.support.services.referrals import Org, Referrals

LONGEST = 200


def _long(seed: int) -> str:
    """200 characters of four bytes each that do not compress: ideographs beyond the first plane."""
    random = Random(seed)
    return "".join(chr(random.randrange(0x20000, 0x2A6DE)) for _ in range(LONGEST))


@pytest_asyncio.fixture(scope="module")
async def org(referrals: Referrals) -> Org:
    """One org for the module: nothing here changes what `made` has made."""
    return referrals.org()


@pytest_asyncio.fixture(scope="module")
async def made(org: Org) -> dict[str, dict[str, Any]]:
    """By name: one with the longest of everything, one with a long specialty, and a short one."""
    return {
        "longest": await org.partner(
            first_name=_long(1),
            last_name=_long(2),
            practice_name=_long(3),
            specialty=_long(4),
            npi="1234567893",
        ),
        "special": await org.partner(specialty="É" * LONGEST),
        "short": await org.partner(first_name="Zoe", practice_name="Quay Dental", specialty="Endo"),
        "plain": await org.partner(first_name="Abe", last_name="Adams"),
    }


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, ["plain", "special", "short", "longest"]),
        ({"search": _long(1)[-100:]}, ["longest"]),
        ({"search": _long(1)[-1] + " " + _long(2)[0]}, ["longest"]),
        ({"search": _long(3)[7:11]}, ["longest"]),
        ({"search": "4567"}, ["longest"]),
        ({"search": "arch"}, ["special", "short"]),
        ({"search": "QUAY D"}, ["short"]),
        ({"search": "%"}, []),
        ({"specialty": _long(4)}, ["longest"]),
        ({"specialty": "é" * LONGEST}, ["special"]),
        ({"specialty": "ENDO"}, ["short"]),
        ({"specialty": "endodontics"}, []),
        ({"search": "a", "specialty": "é" * LONGEST}, ["special"]),
        ({"search": _long(2)[:9], "specialty": _long(4), "is_active": True}, ["longest"]),
        ({"search": _long(2)[:9], "is_active": False}, []),
        ({"search": _long(2)[:9], "contact_type": "lab"}, []),
    ],
    ids=range(16),
)
async def test_long_and_short_are_found_alike(
    org: Org, made: dict[str, dict[str, Any]], fields: dict[str, Any], names: list[str]
) -> None:
    """By name, practice, NPI and specialty, with the true total and in the order of their names."""
    answered = await org.ask("referral_partner.list", **fields)
    assert answered.status == 200
    assert [item["id"] for item in answered.data["items"]] == [made[name]["id"] for name in names]
    assert answered.data["total"] == len(names)


async def test_a_partner_grows_and_shrinks(org: Org, made: dict[str, dict[str, Any]]) -> None:
    """What was found by its row is found by the index afterwards, and the other way round."""
    partner = await org.partner(first_name="Mo", last_name="Short", is_active=False)
    named = {"referral_partner_uuid": partner["id"]}
    for version, practice in enumerate([_long(5), "Quiet Dental", _long(6)], start=1):
        updated = await org.ask(
            "referral_partner.update", **named, base_version=version, practice_name=practice
        )
        assert updated.status == 200, updated
        found = await org.ask("referral_partner.list", search=practice[:100], is_active=False)
        assert [item["id"] for item in found.data["items"]] == [partner["id"]]
    gone = await org.ask("referral_partner.list", search="quiet dental")
    assert gone.data["total"] == 0
    archived = await org.ask("referral_partner.archive", **named, base_version=4)
    assert archived.status == 204
    found = await org.ask("referral_partner.list", search=_long(6)[:100])
    assert found.data["total"] == 0
