"""Writing a referral: a draft with its letter beside it, or sent in the same click."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.services.both import Both
from tests.support.services.desk import Shown, Visitor, at_the_desk
from tests.support.services.edge import Caller, RunningEdge
from tests.support.services.referrals import Org

FAX = {"accepts_ereferral": True, "ereferral_endpoint": "tel:+12025550144"}


@pytest.fixture
def org(both: Both, caller: Caller) -> Org:
    """The caller's org, asked over the broker."""
    return both.referrals.org(caller.org_id)


async def _form_for(visitor: Visitor, patient: dict[str, Any]) -> Shown:
    return await visitor.open(f"/referrals/new?patient_uuid={patient['id']}")


async def _held(org: Org) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await org.ask("referral.list")).data["items"]
    return items


async def _shows_its_letter(visitor: Visitor, page: Shown, partner_uuid: str) -> None:
    """As it is written, in a frame of ours; nothing is saved, and a forged form shows none."""
    form = page.form("referral.create")
    path = f"/desk/{visitor.org_id}/referrals/new/letter"
    said = [(name, value) for name, value in form.said if name != "reason"]
    nothing_yet = await visitor.ask("POST", path, said)
    assert nothing_yet.status == 422
    assert "The letter cannot be shown yet Partner: Is missing Reason: Is missing" in (
        nothing_yet.text
    )
    assert "frame-ancestors 'self'" in nothing_yet.headers["content-security-policy"]
    said += [("referral_partner_uuid", partner_uuid), ("reason", "Root canal of 14")]
    letter = await visitor.ask("POST", path, said)
    assert (letter.status, letter.headers["content-type"]) == (200, "application/pdf")
    assert letter.html.startswith("%PDF")
    assert "frame-ancestors 'self'" in letter.headers["content-security-policy"]
    forged = [(name, "x" if name == "_csrf" else value) for name, value in said]
    assert (await visitor.ask("POST", path, forged)).status == 403
    assert (await visitor.ask("GET", path)).status == 404
    assert "There is no referral yet." in (await visitor.open("/referrals")).text


async def test_a_draft_is_written_and_then_sent(edge: RunningEdge, org: Org) -> None:
    """From the patient's name to the letter; what is saved is what was typed."""
    await org.practice(time_zone="America/Chicago")
    patient = await org.patient(name="Paul Pace")
    partner = await org.partner(**FAX, specialty="Endodontics")
    provider = await org.provider()
    visitor = await at_the_desk(edge, org.id)
    found = await visitor.open("/referrals/new?patient=pac")
    leads = next(link for link in found.links if "patient_uuid=" in link)
    page = await visitor.ask("GET", leads)
    assert "Ann Archer · Phone" in page.text
    await _shows_its_letter(visitor, page, partner["id"])
    drafted = await visitor.press(
        page.form("referral.create"),
        referral_partner_uuid=partner["id"],
        referring_provider_uuid=provider["id"],
        reason="Root canal of 14",
        teeth=["", "14", "A"],
        priority="urgent",
        respond_by="2027-01-15",
        code0_system="http://hl7.org/fhir/sid/icd-10-cm",
        code0_code="K04.0",
        code0_display="Pulpitis",
    )
    assert "The draft is made." in drafted.text
    (held,) = await _held(org)
    assert held["id"] == page.form("referral.create").value("id")
    assert drafted.url.startswith(f"/desk/{org.id}/referrals/{held['id']}/edit")
    assert held["patient"]["uuid"] == patient["id"]
    assert held["referral_partner"]["uuid"] == partner["id"]
    assert held["referring_provider"]["uuid"] == provider["id"]
    assert (held["reason"], held["priority"]) == ("Root canal of 14", "urgent")
    assert held["teeth"] == ["14", "A"]
    assert held["respond_by"] == "2027-01-16T05:59:00Z"
    code = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "K04.0", "display": "Pulpitis"}
    assert held["reason_codes"] == [code]
    letter = await visitor.open(f"/referrals/{held['id']}/letter")
    assert letter.headers["content-type"] == "application/pdf"
    form = drafted.form("referral.update")
    assert form.value("respond_by") == "2027-01-15"
    sent = await visitor.press(form, reason="Root canal of 15", teeth=[""], _also="referral.send")
    assert "Released: it is sent now." in sent.text
    (held,) = await _held(org)
    assert (held["status"], held["reason"], held["teeth"]) == ("active", "Root canal of 15", None)


async def test_one_click_sends_once(edge: RunningEdge, org: Org) -> None:
    """However often it is clicked: one referral, sent once."""
    await org.practice()
    patient, partner = await org.patient(), await org.partner(**FAX)
    visitor = await at_the_desk(edge, org.id)
    form = (await _form_for(visitor, patient)).form("referral.create")
    typed = {"referral_partner_uuid": partner["id"], "reason": "Root canal"}
    for _ in range(2):
        pressed = await visitor.press(form, **typed, _also="referral.send")
        assert "Released: it is sent now." in pressed.text
    (held,) = await _held(org)
    assert held["status"] == "active"


async def test_what_cannot_be_sent_is_saved(edge: RunningEdge, org: Org) -> None:
    """The page says why, in words that say what to do; the draft stands there once."""
    await org.practice()
    patient, partner = await org.patient(), await org.partner()
    visitor = await at_the_desk(edge, org.id)
    form = (await _form_for(visitor, patient)).form("referral.create")
    typed = {"referral_partner_uuid": partner["id"], "reason": "Root canal"}
    shown = await visitor.press(form, **typed, _also="referral.send")
    assert "Your draft is saved, but was not sent" in shown.text
    assert "The partner takes no e-referrals." in shown.text
    await visitor.press(shown.form("referral.update"))
    (held,) = await _held(org)
    assert (held["status"], held["version"]) == ("draft", 1)


async def test_what_is_wrong_stands_beside_its_field(edge: RunningEdge, org: Org) -> None:
    """And all that was typed is kept: the teeth and the codes too."""
    patient, partner = await org.patient(), await org.partner(**FAX)
    visitor = await at_the_desk(edge, org.id)
    form = (await _form_for(visitor, patient)).form("referral.create")
    wrong = await visitor.press(
        form,
        referral_partner_uuid=partner["id"],
        reason="",
        teeth=["", "3"],
        code0_system="http://www.ada.org/cdt",
        code0_display="Root canal",
        respond_by="2027-01-15",
    )
    assert wrong.status == 422
    assert 'id="writing-reason-wrong1"' in wrong.html
    kept = wrong.form("referral.create")
    assert [value for name, value in kept.said if name == "teeth"] == ["", "3"]
    assert kept.value("code0_system") == "http://www.ada.org/cdt"
    assert kept.value("code0_display") == "Root canal"
    assert kept.value("respond_by") == "2027-01-15"
    assert kept.value("referral_partner_uuid") == partner["id"]
    assert await _held(org) == []


async def test_an_open_referral_to_the_same_partner_is_told(edge: RunningEdge, org: Org) -> None:
    """Before anything is written, at the partner's name, and on the draft itself."""
    await org.practice()
    patient = await org.patient()
    partner, other = await org.partner(**FAX), await org.partner(**FAX, last_name="Other")
    first = await org.referral(patient_uuid=patient["id"], referral_partner_uuid=partner["id"])
    visitor = await at_the_desk(edge, org.id)
    page = await _form_for(visitor, patient)
    assert "Open for this patient already" in page.text
    assert "Ann Archer · Phone · ▲ one is open" in page.text
    assert "Ann Other · Phone · ▲" not in page.text
    second = await org.referral(patient_uuid=patient["id"], referral_partner_uuid=partner["id"])
    third = await org.referral(patient_uuid=patient["id"], referral_partner_uuid=other["id"])
    told = "This patient has an open referral to this partner already"
    assert told in (await visitor.open(f"/referrals/{second['id']}/edit")).text
    assert told not in (await visitor.open(f"/referrals/{third['id']}/edit")).text
    assert first["id"] != second["id"]


async def test_a_draft_that_was_sent_meanwhile_is_not_changed(edge: RunningEdge, org: Org) -> None:
    """The stale click says what was done, and by whom."""
    await org.practice()
    draft = await org.referral(referral_partner_uuid=(await org.partner(**FAX))["id"])
    visitor = await at_the_desk(edge, org.id)
    page = await visitor.open(f"/referrals/{draft['id']}/edit")
    version = draft["version"]
    await org.ask(
        "referral.send", referral_uuid=draft["id"], base_version=version, headers={"actor": "u-9"}
    )
    late = await visitor.press(page.form("referral.update"), reason="Something else")
    assert late.status == 409
    assert "This is no draft any more" in late.text
    assert "Released, to be sent · by u-9" in late.text
    assert (await _held(org))[0]["reason"] == "Root canal of tooth 14"


async def test_who_may_not_send_saves_a_draft_alone(edge: RunningEdge, org: Org) -> None:
    """No button, and 403 for a forged one: then there is no draft either."""
    patient, partner = await org.patient(), await org.partner(**FAX)
    may = ["*.list", "*.get", "referral.create"]
    visitor = await at_the_desk(edge, org.id, operations=may)
    page = await _form_for(visitor, patient)
    assert "Save and send" not in page.text
    typed = {"referral_partner_uuid": partner["id"], "reason": "Root canal"}
    form = page.form("referral.create")
    assert (await visitor.press(form, **typed, _also="referral.send")).status == 403
    assert (await visitor.press(form, **typed, _also="referral.cancel")).status in (400, 403)
    assert await _held(org) == []
    no_writer = await at_the_desk(edge, org.id, operations=["*.list", "*.get"])
    assert (await no_writer.open("/referrals/new")).status == 403


async def test_empty_pages_say_what_to_do(edge: RunningEdge, org: Org) -> None:
    """Without a patient, without one of that name, without a partner."""
    visitor = await at_the_desk(edge, org.id)
    assert "There is no patient yet." in (await visitor.open("/referrals/new")).text
    patient = await org.patient()
    missing = await visitor.open("/referrals/new?patient=nobody")
    assert "No patient is called that." in missing.text
    page = await _form_for(visitor, patient)
    assert "There is no active partner to refer to." in page.text
    unknown = await visitor.open(f"/referrals/new?patient_uuid={uuid4()}")
    assert "Whom is it about?" in unknown.text
