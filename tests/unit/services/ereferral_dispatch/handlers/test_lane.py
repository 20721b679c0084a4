"""`partner_channel.release`: letting a partner's held channel go."""

from typing import Any
from uuid import UUID

import pytest

from contracts.ereferral_staff import RELEASE_PARTNER_CHANNEL
from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.models import Lane
from tests.support.samples.packages import PARTNER_ID
from tests.unit.services.ereferral_dispatch.handlers.rows import (
    EARLIER,
    LATER,
    NOW,
    lane,
    lane_of,
    store,
)

RELEASE = {"referral_partner_uuid": PARTNER_ID, "channel": "portal"}
HELD: dict[str, Any] = {
    "held_at": EARLIER,
    "probe_at": LATER,
    "failures": 20,
    "failing_since": EARLIER,
    "due_at": LATER,
    "version": 1,
}


def test_a_held_channel_goes_again_at_once() -> None:
    """200 with the channel, as a version with its event; its failures are forgotten."""
    decided = store(lane(ContactMethod.PORTAL, **HELD)).decide(RELEASE_PARTNER_CHANNEL, **RELEASE)
    id_ = lane_of(ContactMethod.PORTAL)
    assert (decided.status, decided.id, decided.data.id) == (200, id_, id_)
    assert (decided.data.held, decided.data.held_at, decided.data.version) == (False, None, 2)
    assert decided.changes == {
        (Lane, (id_,)): {
            "held_at": None,
            "probe_at": None,
            "failing_since": None,
            "failures": 0,
            "due_at": NOW,
            "version": 2,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("partner_channel.released", str(id_))
    assert event["data"]["address"] == "https://portal.example.org/fhir"
    assert decided.patients == set()


def test_every_held_address_of_the_channel_goes_and_no_other_channel() -> None:
    """A partner may have had another address by it; each lane has its own event."""
    other = lane(ContactMethod.PORTAL, id=UUID(int=1), address="https://old.example.org/", **HELD)
    fax = lane(ContactMethod.FAX, **HELD)
    free = lane(ContactMethod.PORTAL, id=UUID(int=2), address="https://free.example.org/")
    held = store(lane(ContactMethod.PORTAL, **HELD), other, fax, free)
    decided = held.decide(RELEASE_PARTNER_CHANNEL, **RELEASE)
    released = {(Lane, (lane_of(ContactMethod.PORTAL),)), (Lane, (UUID(int=1),))}
    assert decided.changes.keys() == released
    assert decided.event_types == ["partner_channel.released"] * 2
    assert (fax.held_at, free.version) == (EARLIER, 0)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "referral_partner_not_found"),
        (
            [lane(ContactMethod.PORTAL, referral_partner_id=UUID(int=9), **HELD)],
            "referral_partner_not_found",
        ),
        ([lane(ContactMethod.PORTAL)], "invalid_transition"),
        ([lane(ContactMethod.FAX, **HELD)], "invalid_transition"),
    ],
)
def test_what_is_not_held_cannot_be_let_go(rows: list[Lane], code: str) -> None:
    """A partner is known here by their lanes."""
    assert store(*rows).refuse(RELEASE_PARTNER_CHANNEL, **RELEASE).code == code
