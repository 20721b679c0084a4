"""The pages of the intake: a row beside the patients that it may be, and what becomes of it."""

from typing import Any

import pytest

from tests.support.services.both import Both
from tests.support.services.desk import at_the_desk
from tests.support.services.edge import Caller, RunningEdge
from tests.support.services.referrals import Org

MARY = {
    "first_name": "Mary",
    "surname": "Moore",
    "org_type_id": "1",
    "email": "mary@example.com",
    "description": "Toothache since Friday",
}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def org(both: Both, caller: Caller) -> Org:
    """The caller's org, asked over the broker."""
    return both.referrals.org(caller.org_id)


async def _came_in(org: Org, *rows: dict[str, Any]) -> list[str]:
    uuids: list[str] = (await org.ask("intake.submit", rows=list(rows))).data["intake_uuids"]
    return uuids


async def _row(org: Org, uuid: str) -> dict[str, Any]:
    row: dict[str, Any] = (await org.ask("intake.get", intake_uuid=uuid)).data
    return row


async def test_a_row_is_linked_to_whom_it_looks_like(edge: RunningEdge, org: Org) -> None:
    """With a draft for the partner chosen; then the next of its group opens."""
    patient = await org.patient(name="Mary Moore", email="mary@example.com")
    partner = await org.ereferral_partner()
    mary, bea = await _came_in(org, MARY, {**MARY, "first_name": "Bea", "email": None})
    visitor = await at_the_desk(edge, org.id)
    listed = await visitor.open("/intake")
    assert "Mary Moore" in listed.text and "Bea Moore" in listed.text
    page = await visitor.open(f"/intake/{mary}")
    assert "Very alike" in page.text and "same e-mail" in page.text
    form = page.form("intake.link")
    assert form.value("patient_uuid") == patient["id"]
    assert (form.value("source"), form.value("partner")) == ("none", "none")
    following = await visitor.press(form, partner=partner["id"])
    assert "Linked to the patient." in following.text
    assert following.url.startswith(f"/desk/{org.id}/intake/{bea}")
    row = await _row(org, mary)
    assert (row["status"], row["patient"]["uuid"]) == ("linked", patient["id"])
    draft = (await org.ask("referral.get", referral_uuid=row["referral_uuid"])).data
    assert (draft["status"], draft["reason"]) == ("draft", "Toothache since Friday")
    assert draft["referral_partner"]["uuid"] == partner["id"]


async def test_a_row_is_taken_in_as_somebody_new(edge: RunningEdge, org: Org) -> None:
    """A patient with what brought them, however often it is clicked; or a contact, a name alone."""
    source = (await org.ask("referral_source.create", name="Web", category="website")).data
    mary, bea = await _came_in(org, MARY, {**MARY, "first_name": "Bea"})
    visitor = await at_the_desk(edge, org.id)
    form = (await visitor.open(f"/intake/{mary}")).form("intake.accept")
    for _ in range(2):
        assert "Taken in." in (await visitor.press(form, source=source["id"])).text
    row = await _row(org, mary)
    assert row["status"] == "accepted" and row["referral_uuid"] is None
    found = await org.ask("referral_attribution.list", patient_uuid=row["patient"]["uuid"])
    assert [one["referral_source"]["uuid"] for one in found.data["items"]] == [source["id"]]
    other = (await visitor.open(f"/intake/{bea}")).form("intake.accept")
    as_contact: dict[str, Any] = {"as": "contact", "source": source["id"]}
    await visitor.press(other, **as_contact)
    row = await _row(org, bea)
    assert (row["contact"]["name"], row["patient"]) == ("Bea Moore", None)


async def test_another_patient_is_found_by_name(edge: RunningEdge, org: Org) -> None:
    """Where nobody looks like them."""
    patient = await org.patient(name="Paul Pace")
    (mary,) = await _came_in(org, MARY)
    visitor = await at_the_desk(edge, org.id)
    page = await visitor.open(f"/intake/{mary}")
    assert "No patient looks like them" in page.text and not page.does("intake.link")
    found = await visitor.open(f"/intake/{mary}?patient=pace")
    assert "Found by you" in found.text
    await visitor.press(found.form("intake.link"), patient_uuid=patient["id"])
    assert (await _row(org, mary))["patient"]["uuid"] == patient["id"]


async def test_a_rejected_row_can_wait_again(edge: RunningEdge, org: Org) -> None:
    """The list is empty then, and says where the others are."""
    (mary,) = await _came_in(org, MARY)
    visitor = await at_the_desk(edge, org.id)
    form = (await visitor.open(f"/intake/{mary}")).form("intake.reject")
    empty = await visitor.press(form, reason="duplicate", note="Called")
    assert "Rejected." in empty.text and "Nobody waits to be taken in." in empty.text
    page = await visitor.open(f"/intake/{mary}")
    assert "Why Sent twice Note Called" in page.text and not page.does("intake.accept")
    again = await visitor.press(page.form("intake.reopen"))
    assert "It waits again." in again.text and again.does("intake.accept")


async def test_the_second_of_two_people_sees_what_became_of_it(edge: RunningEdge, org: Org) -> None:
    """One effect; the late click says so, by whom and when, and shows no button any more."""
    (mary,) = await _came_in(org, MARY)
    kim, lee = [await at_the_desk(edge, org.id, actor=name) for name in ("kim", "lee")]
    page = await lee.open(f"/intake/{mary}")
    await kim.press((await kim.open(f"/intake/{mary}")).form("intake.accept"))
    late = await lee.press(page.form("intake.reject"), reason="spam")
    assert late.status == 409
    told = "Somebody was quicker. Meanwhile: Taken in, Mary Moore · by kim · just now"
    assert told in late.text
    assert not late.does("intake.reject")
    assert (await _row(org, mary))["status"] == "accepted"


async def test_what_somebody_outside_wrote_is_text(edge: RunningEdge, org: Org) -> None:
    """In the list, on the page, in its title; what did not parse stands there with why."""
    row = {**MARY, "surname": SCRIPT, "date_of_birth": "12/31/19xx", "note_1": SCRIPT}
    (uuid,) = await _came_in(org, row)
    visitor = await at_the_desk(edge, org.id)
    listed, page = await visitor.open("/intake"), await visitor.open(f"/intake/{uuid}")
    for shown in (listed, page):
        assert SCRIPT not in shown.html and SCRIPT in shown.text
    assert "12/31/19xx" in page.text and "▲" in page.text


async def test_who_may_only_look_at_the_intake_sees_no_button(edge: RunningEdge, org: Org) -> None:
    """And a forged one is 403."""
    (mary,) = await _came_in(org, MARY)
    writer = await at_the_desk(edge, org.id)
    reader = await at_the_desk(edge, org.id, operations=["intake.list", "intake.get"])
    page = await reader.open(f"/intake/{mary}")
    assert not any(page.does(f"intake.{one}") for one in ("accept", "link", "reject", "reopen"))
    form = (await writer.open(f"/intake/{mary}")).form("intake.reject")
    csrf = page.forms[-1].value("_csrf")
    form.said = [(name, csrf if name == "_csrf" else value) for name, value in form.said]
    assert (await reader.press(form, reason="spam")).status == 403
    assert (await _row(org, mary))["status"] == "received"
