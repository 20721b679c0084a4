"""`ereferral.dispatch`: how a frozen package is taken in."""

from typing import Any
from uuid import UUID

import pytest

from contracts.ereferral import DISPATCH_EREFERRAL, EreferralDispatch
from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from contracts.shapes import Reference
from services.ereferral_dispatch.models import EarlyCancel, Ereferral, Lane, Package
from services.ereferral_dispatch.rules.routing import ContactPoint
from tests.support.samples.packages import (
    EREFERRAL_ID,
    ORG_ID,
    PATIENT_ID,
    REFERRAL_ID,
    sample_package,
    sample_partner,
    sample_referral,
)
from tests.unit.services.ereferral_dispatch.handlers.rows import (
    EARLIER,
    FALLBACK,
    LATER,
    NOW,
    ereferral,
    lane,
    lane_of,
    store,
)


def body(package: EreferralDispatch | None = None) -> dict[str, Any]:
    """A package as it travels, without its org."""
    return (package or sample_package()).model_dump(mode="json", exclude={"org_id"})


def test_a_package_is_queued_for_its_first_channel() -> None:
    """202 in version 1, with all that later attempts need."""
    decided = store().decide(DISPATCH_EREFERRAL, **body())
    assert (decided.status, decided.id, decided.data.version) == (202, EREFERRAL_ID, 1)
    assert decided.data.status is EreferralStatus.QUEUED
    assert decided.data.channel is ContactMethod.PORTAL
    assert decided.data.referral_partner.name == "Alex Example"
    row, package, *lanes = decided.added
    assert isinstance(row, Ereferral) and row.referral_id == REFERRAL_ID
    assert row.plan == [
        ContactPoint(ContactMethod.PORTAL, "https://portal.example.org/fhir"),
        ContactPoint(ContactMethod.EMAIL, "referrals@example.org"),
        ContactPoint(ContactMethod.FAX, "+12025550112"),
        ContactPoint(ContactMethod.PHONE, "+12025550111"),
    ]
    assert (row.position, row.lane_id) == (0, lane_of(ContactMethod.PORTAL))
    assert (row.due_at, row.attempts_made, row.received) == (NOW, 0, [])
    assert isinstance(package, Package)
    kept = EreferralDispatch.model_validate_json(package.body)
    # The offset in which `respond_by` came stays with it: it says whose day is meant.
    assert kept == sample_package().model_copy(update={"respond_by_offset_minutes": 0})
    assert [one.id for one in lanes] == [lane_of(channel) for channel in FALLBACK]
    assert [one.due_at for one in lanes] == [NOW, None, None, None]
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("ereferral.queued", str(EREFERRAL_ID))
    assert event["data"]["referral_uuid"] == str(REFERRAL_ID)
    assert not {"call", "response"} & event["data"].keys()
    assert decided.patients == {PATIENT_ID}


def test_the_preferred_channel_comes_first_and_each_once() -> None:
    """Then the fallbacks that have an address."""
    partner = sample_partner(preferred_contact_method=ContactMethod.FAX, phone=None)
    decided = store().decide(DISPATCH_EREFERRAL, **body(sample_package(partner=partner)))
    assert [point.channel for point in decided.added[0].plan] == ["fax", "portal", "email"]
    alone = store(fallback=()).decide(DISPATCH_EREFERRAL, **body())
    assert [point.channel for point in alone.added[0].plan] == ["portal"]


def test_a_partner_without_an_address_gets_nothing() -> None:
    """422; no lane is made."""
    partner = sample_partner(ereferral_endpoint="tel:none", email=None, fax=None, phone=None)
    problem = store().refuse(DISPATCH_EREFERRAL, **body(sample_package(partner=partner)))
    assert problem.code == "no_usable_contact_point"


@pytest.mark.parametrize("field", ["patient", "referral_partner", "referring_provider"])
def test_a_package_that_contradicts_itself_is_refused(field: str) -> None:
    """Told before anything is looked for: also where the e-referral is there."""
    other = sample_referral(**{field: Reference(uuid=UUID(int=7), name="Somebody Else")})
    problem = store(ereferral()).refuse(DISPATCH_EREFERRAL, **body(sample_package(referral=other)))
    assert [(error.loc, error.type) for error in problem.errors] == [
        (["referral", field, "uuid"], "reference_mismatch")
    ]


def test_an_ereferral_is_dispatched_once() -> None:
    """409 under its id, whatever became of it."""
    for status in (EreferralStatus.QUEUED, EreferralStatus.CANCELLED):
        problem = store(ereferral(status=status)).refuse(DISPATCH_EREFERRAL, **body())
        assert problem.code == "already_exists"


@pytest.mark.parametrize(("due", "looked_at"), [(None, NOW), (LATER, NOW), (EARLIER, EARLIER)])
def test_a_lane_that_is_there_is_looked_at_now(due: Any, looked_at: Any) -> None:
    """Not later than it would have been; the lanes of the fallbacks are left alone."""
    held = store(lane(ContactMethod.PORTAL, due_at=due), lane(ContactMethod.FAX, due_at=LATER))
    decided = held.decide(DISPATCH_EREFERRAL, **body())
    assert held.row(Lane, lane_of(ContactMethod.PORTAL)).due_at == looked_at
    assert held.row(Lane, lane_of(ContactMethod.FAX)).due_at == LATER
    made = [row.channel for row in decided.added if isinstance(row, Lane)]
    assert made == ["email", "phone"]


def test_a_cancel_that_was_there_first_ends_it_at_once() -> None:
    """Queued and cancelled, each a version with its event: nothing is ever sent."""
    early = EarlyCancel(
        org_id=ORG_ID, ereferral_id=EREFERRAL_ID, reason="Moved away", requested_at=EARLIER
    )
    decided = store(early).decide(DISPATCH_EREFERRAL, **body())
    assert (decided.status, decided.data.status, decided.data.version) == (202, "cancelled", 2)
    assert decided.event_types == ["ereferral.queued", "ereferral.cancelled"]
    row = decided.added[0]
    assert (row.cancel_reason, row.cancel_requested_at) == ("Moved away", EARLIER)
    assert row.due_at is None
    assert decided.changes == {}
