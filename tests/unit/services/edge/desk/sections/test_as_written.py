"""The letter of a form as it is written."""

import base64
from typing import Any

import pytest

from services.edge.desk.forms import Form
from services.edge.desk.sections import as_written, writing
from services.edge.problems import HttpProblem
from tests.support.services.page_alone import alone, listed, shown_alone

PATIENT = {"id": "p-1", "name": "Paul Pace", "date_of_birth": "1990-01-02"}
PARTNER = {
    "id": "x-1",
    "contact_type": "practice",
    "first_name": None,
    "last_name": None,
    "practice_name": "Endo",
}
TYPED = [
    ("_patient", "p-1"),
    ("_referral", "0192f0c1-0000-7000-8000-000000000001"),
    ("referral_partner_uuid", "x-1"),
    ("reason", "Root canal"),
    ("teeth", ""),
    ("teeth", "14"),
    ("priority", "urgent"),
    ("code0_system", "http://www.ada.org/cdt"),
    ("code0_code", "D3330"),
    ("notes", ""),
]
ANSWERS: dict[str, Any] = {
    "patient.get": PATIENT,
    "practice.get": {"name": "Family Dental", "time_zone": "America/Chicago"},
    "referral_partner.get": PARTNER,
}


async def test_the_letter_says_what_stands_in_the_form() -> None:
    """As a package of it, unsaved; an answer is due 14 days on, as if it were sent now."""
    asked: dict[str, Any] = {}

    def preview(**fields: Any) -> Any:
        asked.update(fields)
        return {"pdf": base64.b64encode(b"%PDF-").decode()}

    visit = alone({**ANSWERS, "ereferral.preview": preview})
    visit.form = Form(TYPED)
    assert await as_written.PAGE.show(visit) == {"body": b"%PDF-"}
    assert asked["patient"] == PATIENT and asked["partner"] == PARTNER
    assert asked["referring_provider"] is None
    referral = asked["referral"]
    assert referral["id"] == "0192f0c1-0000-7000-8000-000000000001"
    assert referral["patient"] == {"uuid": "p-1", "name": "Paul Pace"}
    assert referral["referral_partner"] == {"uuid": "x-1", "name": "Endo"}
    assert (referral["reason"], referral["teeth"]) == ("Root canal", ["14"])
    assert referral["reason_codes"] == [{"system": "http://www.ada.org/cdt", "code": "D3330"}]
    assert referral["priority"] == "urgent" and "notes" not in referral
    assert referral["respond_by"] == "2026-12-13T15:00:00+00:00"


async def test_a_form_that_says_too_little_has_no_letter_yet() -> None:
    """No partner and no reason: nobody is asked."""
    visit = alone(ANSWERS)
    visit.form = Form([("_patient", "p-1"), ("referral_partner_uuid", ""), ("reason", " ")])
    with pytest.raises(HttpProblem) as raised:
        await as_written.PAGE.show(visit)
    assert raised.value.status == 422
    assert [one.loc[1] for one in raised.value.detail] == ["referral_partner_uuid", "reason"]


async def test_the_form_has_a_button_that_shows_the_letter_beside_it() -> None:
    """In the frame beside it, without JavaScript, and whatever is still missing; the reference in
    the letter is the one that the referral will have."""
    partner = {
        **PARTNER,
        "specialty": None,
        "accepts_ereferral": False,
        "is_active": True,
        "country": "US",
        "preferred_contact_method": None,
        **dict.fromkeys(("created_at", "updated_at"), "2026-11-29T12:00:00Z"),
        "id": "0192f0c1-0000-7000-8000-00000000000a",
        "version": 1,
    }
    answers = {**ANSWERS, "referral_partner.list": listed(partner)}
    visit = alone(answers, query={"patient_uuid": "p-1"})
    page = await shown_alone(writing.NEW, visit)
    form = page.form("referral.create")
    assert form.value("id") == form.value("_referral") != ""
    assert form.value("_patient") == "p-1"
    button = page.html.partition("data-letter")[0].rpartition("<button")[2]
    assert 'formaction="/desk/org_1/referrals/new/letter' in button
    assert 'form="writing"' in button and 'formtarget="letter"' in button
    assert "formnovalidate" in button
    assert '<iframe class="letter" name="letter"' in page.html
