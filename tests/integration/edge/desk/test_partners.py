"""The pages of partners: written down, changed by two people at once, archived, read alone."""

from typing import Any

from tests.support.services.desk import at_the_desk
from tests.support.services.edge import Caller, RunningEdge

PRACTICE: dict[str, Any] = {"contact_type": "practice", "practice_name": "Lakeside Oral Surgery"}


async def test_a_partner_is_written_down_and_changed(edge: RunningEdge, caller: Caller) -> None:
    """What is wrong stands beside its field, with all that was typed; then it is made, and the list
    says how it is reached."""
    visitor = await at_the_desk(edge, caller.org_id)
    assert "There is no partner yet." in (await visitor.open("/partners")).text
    form = (await visitor.open("/partners/new")).form("referral_partner.create")
    typed: dict[str, Any] = {**PRACTICE, "npi": "1234567890", "fax": "+12025550188", "email": ""}
    wrong = await visitor.press(form, **typed)
    assert wrong.status == 422
    assert 'id="partner-npi-wrong1"' in wrong.html
    kept = wrong.form("referral_partner.create")
    assert kept.value("practice_name") == "Lakeside Oral Surgery"
    made = await visitor.press(kept, npi="1234567893")
    assert "The partner is there." in made.text
    assert "letters go by Fax +1 202-555-0188" in made.text
    change = made.form("referral_partner.update")
    saved = await visitor.press(
        change, accepts_ereferral="true", ereferral_endpoint="tel:+12025550144"
    )
    assert "Saved." in saved.text
    listed = (await visitor.open("/partners?search=lakeside")).text
    assert "Lakeside Oral Surgery" in listed and "Takes e-referrals" in listed
    assert "Phone Fax" in listed
    held = (await caller.ask("GET", "/referral-partners")).data["items"][0]
    assert (held["npi"], held["email"], held["accepts_ereferral"]) == ("1234567893", None, True)


async def test_of_two_people_the_second_sees_what_the_first_wrote(
    edge: RunningEdge, caller: Caller
) -> None:
    """Nothing is lost: the second's words are kept, and a second click puts them in force."""
    partner = await caller.partner(city="Springfield")
    path = f"/partners/{partner['id']}"
    first = await at_the_desk(edge, caller.org_id)
    second = await at_the_desk(edge, caller.org_id)
    late = (await second.open(path)).form("referral_partner.update")
    early = (await first.open(path)).form("referral_partner.update")
    assert "Saved." in (await first.press(early, city="Peoria")).text
    refused = await second.press(late, city="Chicago")
    assert refused.status == 409
    assert "Somebody was quicker. It says now:" in refused.text and "City: Peoria" in refused.text
    again = refused.form("referral_partner.update")
    assert again.value("city") == "Chicago"
    assert "Saved." in (await second.press(again)).text
    held = (await caller.ask("GET", f"/referral-partners/{partner['id']}")).data
    assert held["city"] == "Chicago"


async def test_an_archived_partner_leaves_the_list(edge: RunningEdge, caller: Caller) -> None:
    """A double click has one effect, and the page that is open elsewhere says that it is gone."""
    partner = await caller.partner()
    visitor = await at_the_desk(edge, caller.org_id)
    form = (await visitor.open(f"/partners/{partner['id']}")).form("referral_partner.archive")
    for _ in range(2):
        gone = await visitor.press(form)
        assert "The partner is archived." in gone.text
        assert "There is no partner yet." in gone.text
    assert (await visitor.open(f"/partners/{partner['id']}")).status == 404


async def test_who_may_only_read_partners_sees_no_button(edge: RunningEdge, caller: Caller) -> None:
    """And is refused with 403 what they forge."""
    partner = await caller.partner()
    path = f"/partners/{partner['id']}"
    writer = await at_the_desk(edge, caller.org_id)
    reader = await at_the_desk(edge, caller.org_id, operations=["*.list", "*.get"])
    assert "New partner" not in (await reader.open("/partners")).text
    page = await reader.open(path)
    assert (page.status, "Archer" in page.text) == (200, True)
    assert not page.does("referral_partner.update") and not page.does("referral_partner.archive")
    assert (await reader.open("/partners/new")).status == 403
    csrf = page.forms[-1].value("_csrf")
    theirs = (await writer.open(path)).form("referral_partner.archive")
    theirs.said = [(name, csrf if name == "_csrf" else value) for name, value in theirs.said]
    assert (await reader.press(theirs)).status == 403
    assert (await caller.ask("GET", f"/referral-partners/{partner['id']}")).status == 200
