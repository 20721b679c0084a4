"""The page of one referral, and the list of all."""

import re

from tests.support.services.desk_practice import Practice


async def test_the_letter_is_shown_and_kept(practice: Practice) -> None:
    """A PDF that our own pages alone may frame; as a download it is called by its reference."""
    referral = await practice.delivered()
    visitor = await practice.visitor()
    path = f"/referrals/{referral['id']}/letter"
    letter = await visitor.open(path)
    assert letter.status == 200
    assert letter.headers["content-type"] == "application/pdf"
    assert "frame-ancestors 'self'" in letter.headers["content-security-policy"]
    assert letter.html.startswith("%PDF")
    named = f'filename="{referral["reference"]}.pdf"'
    assert letter.headers["content-disposition"] == f"inline; {named}"
    kept = await visitor.open(f"{path}?download=1")
    assert kept.headers["content-disposition"] == f"attachment; {named}"
    draft = await practice.org.referral()
    preview = await visitor.open(f"/referrals/{draft['id']}/letter")
    assert preview.html.startswith("%PDF")


async def test_a_declined_referral_is_sent_on_as_a_linked_draft(practice: Practice) -> None:
    """With all that the first one says; each shows the other, and the draft is sent from there."""
    referral = await practice.delivered(
        "Dora Declined", teeth=["3", "14"], priority="urgent", notes="Prefers mornings."
    )
    await practice.answered(referral, "rejected")
    portal = practice.both.dispatch.portal.endpoint("other")
    other = await practice.org.partner(
        contact_type="practice",
        practice_name="Other Endo",
        accepts_ereferral=True,
        ereferral_endpoint=portal,
    )
    visitor = await practice.visitor()
    opened = await visitor.open("/tasks/declined")
    draft = await visitor.press(
        opened.form("referral.create"), referral_partner_uuid=other["id"], reason="Pulpitis"
    )
    assert "The draft is made." in draft.text
    uuid = draft.url.rpartition("/")[2].partition("?")[0]
    data = (await practice.org.ask("referral.get", referral_uuid=uuid)).data
    assert data["teeth"] == ["3", "14"]
    assert (data["priority"], data["notes"]) == ("urgent", "Prefers mornings.")
    assert (data["reason"], data["follows"]["uuid"]) == ("Pulpitis", referral["id"])
    sent = await visitor.press(draft.form("referral.send"))
    assert "Released: it is sent now." in sent.text
    first = await visitor.open(f"/referrals/{referral['id']}")
    assert "Sent on as" in first.text
    assert f"/desk/{practice.org.id}/referrals/{uuid}" in first.links


async def test_a_question_is_answered_and_a_decline_taken_back(practice: Practice) -> None:
    """Each from the page; the timeline says by whom."""
    referral = await practice.delivered("Rita Reopen")
    await practice.answered(referral, "rejected")
    visitor = await practice.visitor(actor="kim")
    path = f"/referrals/{referral['id']}"
    again = await visitor.press(
        (await visitor.open(path)).form("referral.reopen"), note="They meant another patient."
    )
    assert "It is open again." in again.text
    assert "Opened again just now" in again.text
    assert "kim They meant another patient." in again.text


async def test_an_unknown_outcome_is_resolved(practice: Practice) -> None:
    """It arrived: the partner said so on the phone."""
    referral = await practice.unknown()
    visitor = await practice.visitor()
    done = await visitor.press(
        (await visitor.open("/tasks/unknown")).form("ereferral.resolve"), outcome="delivered"
    )
    assert "Nothing waits here any more." in done.text
    await practice.both.ereferral(practice.org, referral, "delivered")


async def test_a_link_that_is_renewed_is_shown_once(practice: Practice) -> None:
    """On the page itself, and in no address; the same click again has no second one."""
    referral = await practice.failed()
    visitor = await practice.visitor()
    page = await visitor.open(f"/referrals/{referral['id']}")
    form = page.form("answer_link.renew")
    shown = await visitor.press(form, follow=False)
    assert shown.status == 200
    (url,) = re.findall(r"https://handoff\.example\.com/r/[^\s<]+", shown.html)
    (code,) = re.findall(r"<strong>(\d{3} ?\d{3})</strong>", shown.html)
    again = await visitor.press(form, follow=False)
    assert "This link was shown already" in again.text and code not in again.html
    later = await visitor.open(f"/referrals/{referral['id']}")
    assert url not in later.html and code not in later.html


async def test_the_list_is_narrowed_and_paged(practice: Practice) -> None:
    """By what is chosen, all at once; a name that nobody has finds nothing and says what to do."""
    org = practice.org
    partner = await org.ereferral_partner(first_name="Olga", last_name="Ortho")
    for number in range(53):
        patient = await org.patient(name=f"Patient {number:02}")
        await org.referral(
            patient_uuid=patient["id"],
            referral_partner_uuid=partner["id"],
            priority="urgent" if number == 7 else "routine",
        )
    visitor = await practice.visitor()
    first = await visitor.open("/referrals")
    assert "Referrals 53" in first.text
    assert "Page 1 of 2" in first.text
    assert "Patient 52" in first.text and "Patient 02" not in first.text
    second = await visitor.open("/referrals?page=2")
    assert "Patient 02" in second.text and "Page 2 of 2" in second.text
    urgent = await visitor.open("/referrals?priority=urgent&status=draft")
    assert "Referrals 1" in urgent.text and "Patient 07" in urgent.text
    found = await visitor.open("/referrals?search=tient+07")
    assert "Referrals 1" in found.text
    none = await visitor.open("/referrals?search=Nobody")
    assert "No referral is like that." in none.text
    wrong = await visitor.open("/referrals?status=made-up")
    assert wrong.status == 422
