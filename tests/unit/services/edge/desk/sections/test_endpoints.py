"""The address for e-referrals as people write one."""

import pytest

from services.edge.desk.forms import Form
from services.edge.desk.sections import partners
from services.edge.desk.sections.endpoints import Unclear, meant_endpoint
from services.edge.desk.visit import RefusedForm
from services.edge.problems import HttpProblem
from tests.support.services.page_alone import alone, shown_alone

PARTNER = {
    "id": "0192f0c1-0000-7000-8000-000000000001",
    **dict.fromkeys(partners.FIELDS),
    "contact_type": "lab",
    "practice_name": "Wrong Address Lab",
    "country": "US",
    "is_active": True,
    "accepts_ereferral": True,
    "ereferral_endpoint": "mailto:nobody@refused.example.com",
    "fax": "+12025550188",
    "version": 1,
    "created_at": "2026-11-29T12:00:00Z",
    "updated_at": "2026-11-29T12:00:00Z",
}


@pytest.mark.parametrize(
    ("written", "preferred", "meant"),
    [
        ("lab@partner.example.com", None, "mailto:lab@partner.example.com"),
        (" lab+x@partner.example.com ", "fax", "mailto:lab+x@partner.example.com"),
        ("50%@partner.example.com", "email", "mailto:50%25@partner.example.com"),
        ("portal.example.com/fhir", "portal", "https://portal.example.com/fhir"),
        ("portal.example.com:8443", "portal", "https://portal.example.com:8443"),
        ("(202) 555-0188", "fax", "fax:+12025550188"),
        ("202-555-0144 ext. 12", "phone", "tel:+12025550144;ext=12"),
        ("mailto:lab@partner.example.com", "fax", "mailto:lab@partner.example.com"),
        ("HTTPS://portal.example.com", None, "HTTPS://portal.example.com"),
        ("tel:nobody", None, "tel:nobody"),
        ("", None, ""),
    ],
)
def test_what_is_meant_is_what_is_sent(written: str, preferred: str | None, meant: str) -> None:
    """A scheme that is there stays; its faults are the service's to tell."""
    assert meant_endpoint(written, preferred, "US") == meant


@pytest.mark.parametrize(
    ("written", "preferred"),
    [
        ("202-555-0188", None),
        ("portal.example.com", None),
        ("portal.example.com", "email"),
        ("the lab next door", "portal"),
        ("lab@", None),
        ("12", "fax"),
        ("202-555-0188 ext. 3", "fax"),
        ("ftp://portal.example.com", "portal"),
    ],
)
def test_what_could_be_several_is_asked_back(written: str, preferred: str | None) -> None:
    """No guess: a letter about a patient would go there."""
    with pytest.raises(Unclear):
        meant_endpoint(written, preferred, "US")


async def test_the_page_sends_it_as_a_uri_and_says_what_to_write() -> None:
    """In words without URIs, beside the field; nothing was sent."""
    fields = {"ereferral_endpoint": "lab@partner.example.com", "preferred_contact_method": None}
    (action,) = [one for one in partners.ONE.does if one.operation == "referral_partner.update"]
    assert action.prepare is not None
    visit = alone({"referral_partner.get": PARTNER}, path={"referral_partner_uuid": "x"})
    sent = await action.prepare(visit, {**fields, "country": "US"})
    assert sent["ereferral_endpoint"] == "mailto:lab@partner.example.com"
    assert await action.prepare(visit, {"notes": "x"}) == {"notes": "x"}
    with pytest.raises(HttpProblem) as raised:
        await action.prepare(visit, {"ereferral_endpoint": "the lab"})
    form = Form([("ereferral_endpoint", "the lab")])
    visit.refused = RefusedForm("referral_partner.update", "partner", form, raised.value, "k")
    shown = await shown_alone(partners.ONE, visit)
    assert "An e-mail address, such as lab@partner.example.com," in shown.text
    assert "scheme" not in shown.text
    assert 'value="the lab"' in shown.html


async def test_the_page_says_where_letters_go() -> None:
    """By which way, and to which address: another field than the one that counts may hold one."""
    visit = alone({"referral_partner.get": PARTNER}, path={"referral_partner_uuid": "x"})
    shown = await shown_alone(partners.ONE, visit)
    assert "As saved, letters go by E-mail nobody@refused.example.com Fax +1 202-555-0188" in (
        shown.text
    )
