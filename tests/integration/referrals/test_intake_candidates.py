"""The patients whom a row may be about: likeliest first, at most ten, and people decide."""

from typing import Any
from uuid import UUID

import pytest

from messaging.trail.audit import about_patient
from tests.integration.referrals.marketing import Marketing
from tests.integration.referrals.test_intake import ALICE, shown, submitted
from tests.support.services.referrals import Referrals

BORN = "1984-03-09"
ROW: dict[str, Any] = {
    **ALICE,
    "date_of_birth": BORN,
    "telephone": "+1 202-555-0143",
    "mobile": "+1 202-555-0144",
    "email": "alice@example.org",
}


async def candidates(org: Marketing, row: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Who is found for a row: name, likeness, reasons."""
    (intake,) = await submitted(org, row)
    found = (await shown(org, intake))["candidates"]
    return [(one["patient"]["name"], one["likeness"], one["reasons"]) for one in found]


@pytest.mark.parametrize(
    ("fields", "likeness", "reasons"),
    [
        ({"phone": "+1 202-555-0143"}, "strong", ["same_phone"]),
        ({"phone": "+1 202-555-0144"}, "strong", ["same_phone"]),
        ({"email": "ALICE@example.org"}, "strong", ["same_email"]),
        (
            {"name": "Ann SMITH", "date_of_birth": BORN},
            "strong",
            ["same_surname_and_birth_date"],
        ),
        ({"name": "smith", "date_of_birth": BORN}, "strong", ["same_surname_and_birth_date"]),
        ({"name": "alice smith"}, "weak", ["same_name"]),
        (
            {"name": "Alice Smith", "date_of_birth": BORN, "phone": "+1 202-555-0143"},
            "strong",
            ["same_name", "same_phone", "same_surname_and_birth_date"],
        ),
    ],
)
async def test_each_likeness_is_found_with_its_reasons(
    org: Marketing, fields: dict[str, Any], likeness: str, reasons: list[str]
) -> None:
    """However either was written, capitals or not."""
    given = {"name": "Paul Pace", **fields}
    await org.patient(**given)
    assert await candidates(org, ROW) == [(given["name"], likeness, reasons)]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Alice Jones", "date_of_birth": BORN},
        {"name": "Alice Goldsmith", "date_of_birth": BORN},
        {"name": "Ann Smith", "date_of_birth": "1984-03-10"},
        {"name": "Alice Smithers"},
        {"phone": "+1 202-555-0145", "email": "alice@example.com"},
    ],
)
async def test_who_has_nothing_in_common_is_not_found(
    org: Marketing, fields: dict[str, Any]
) -> None:
    """Nor is who has half of it."""
    await org.patient(**{"name": "Paul Pace", **fields})
    assert await candidates(org, ROW) == []


async def test_ten_at_most_and_the_likeliest_first(org: Marketing) -> None:
    """A strong one comes before any number of weak ones, and more in common before less."""
    for _ in range(11):
        await org.patient(name="Alice Smith")
    await org.patient(name="By Mail", email="alice@example.org")
    await org.patient(name="By Both", email="alice@example.org", phone="+1 202-555-0143")
    found = await candidates(org, ROW)
    assert [name for name, _, _ in found] == ["By Both", "By Mail", *["Alice Smith"] * 8]
    assert [likeness for _, likeness, _ in found] == ["strong"] * 2 + ["weak"] * 8


async def test_who_is_archived_or_another_orgs_is_not_found(
    org: Marketing, referrals: Referrals
) -> None:
    """Nor anybody for a row that was taken in: there is nothing left to choose."""
    await referrals.org().patient(name="Alice Smith")
    gone = await org.patient(name="Alice Smith")
    archived = await org.ask(
        "patient.archive", patient_uuid=gone["id"], observed_at="2026-01-06T08:00:00Z"
    )
    assert archived.status == 204
    (intake,) = await submitted(org, ROW)
    assert (await shown(org, intake))["candidates"] == []
    assert (await org.ask("intake.accept", intake_uuid=intake, base_version=1)).status == 200
    assert (await shown(org, intake))["candidates"] == []
    (again,) = await submitted(org, ROW)
    assert [one["likeness"] for one in (await shown(org, again))["candidates"]] == ["strong"]


async def test_the_trail_knows_whose_data_was_shown(org: Marketing, referrals: Referrals) -> None:
    """A candidate is shown with all that is held of them."""
    patient = await org.patient(name="Alice Smith")
    (intake,) = await submitted(org)
    await shown(org, intake)
    engine = referrals.service.system_engine
    trail = await about_patient(engine, org.id, UUID(patient["id"]))
    assert [one.operation for one in trail] == ["patient.put", "intake.get"]
