"""The audit trail on a page: who saw or changed a patient, for tokens that may."""

import re

import pytest

from tests.support.services.both import Both
from tests.support.services.desk import at_the_desk
from tests.support.services.edge import Caller, RunningEdge
from tests.support.services.referrals import Org

PHONE = {"accepts_ereferral": True, "ereferral_endpoint": "tel:+12025550144"}


@pytest.fixture
def org(both: Both, caller: Caller) -> Org:
    """The caller's org, asked over the broker."""
    return both.referrals.org(caller.org_id)


async def test_who_saw_and_changed_a_patient_is_told(
    both: Both, edge: RunningEdge, org: Org
) -> None:
    """Of both services, by name, newest first; another patient's entries are not among them, and
    that somebody looked is the next one."""
    patient = await org.patient(name="Paul Pace")
    other = await org.patient(name="Mary Moore")
    headers = {"actor": "u-9"}
    await org.ask("patient.get", patient_uuid=patient["id"], headers=headers)
    await org.ask("patient.get", patient_uuid=other["id"], headers={"actor": "u-elsewhere"})
    partner = await org.partner(**PHONE)
    uuids = {"patient_uuid": patient["id"], "referral_partner_uuid": partner["id"]}
    referral = await org.sent_referral(**uuids)
    await both.ereferral(org, referral, "awaiting_call")
    visitor = await at_the_desk(edge, org.id, actor="u-17")
    found = await visitor.open("/trail?patient=pace")
    leads = next(link for link in found.links if "patient_uuid=" in link)
    page = await visitor.ask("GET", leads)
    assert "Who saw or changed Paul Pace" in page.text
    assert re.search(r"u-9 (\S+ )?Patient read patient\.get", page.text)
    for said in ("Referral sent referral.send", "Delivery read ereferral.get"):
        assert said in page.text
    assert page.text.index("Referral sent") < page.text.index("Patient written")
    assert "u-elsewhere" not in page.text
    again = await visitor.ask("GET", leads)
    assert "This trail read patient_trail.get" in again.text
    assert "This trail of the letters read ereferral_trail.get" in again.text


async def test_it_needs_its_own_right(edge: RunningEdge, org: Org) -> None:
    """Who may not has no link and gets 403; who may see one service's alone is told so."""
    patient = await org.patient()
    path = f"/trail?patient_uuid={patient['id']}"
    clerk = await at_the_desk(edge, org.id, operations=["patient.*", "referral.*"])
    assert (await clerk.open(path)).status == 403
    assert not any(link.endswith("/trail") for link in (await clerk.open()).links)
    officer = await at_the_desk(edge, org.id, operations=["patient_trail.get"])
    shown = await officer.open(path)
    assert (shown.status, "Of referrals alone" in shown.text) == (200, True)


async def test_another_orgs_patient_has_no_entries(
    edge: RunningEdge, caller: Caller, org: Org
) -> None:
    """Nor has one who never was: both answers are the same."""
    patient = await org.patient()
    stranger = edge.caller()
    asked = [
        await stranger.ask("GET", f"/patients/{uuid}/{trail}")
        for uuid in (patient["id"], "01930000-0000-7000-8000-00000000a001")
        for trail in ("trail", "ereferral-trail")
    ]
    assert [(one.status, one.data) for one in asked] == [(200, {"entries": [], "total": 0})] * 4
    own = await caller.ask("GET", f"/patients/{patient['id']}/trail")
    assert [one["operation"] for one in own.data["entries"]] == ["patient.put"]
