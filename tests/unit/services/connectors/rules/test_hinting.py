"""Appointments and the hints that they are."""

from datetime import date
from uuid import UUID

import pytest

from contracts.connecting import Hint
from services.connectors.alfadocs.rows import AppointmentRow
from services.connectors.rules.hinting import Visit, is_about, response_to, visits, windows

PARTNER = UUID("01930000-0000-7000-8000-00000000b001")
DAY = date(2026, 11, 20)


def appointment(state: str, *, day: str = "2026-11-20", operator: int = 5) -> AppointmentRow:
    return AppointmentRow(1, 7, operator, f"{day} 09:00:00", state)


@pytest.mark.parametrize(
    ("states", "hint"),
    [
        (("confirmed",), Hint.BOOKED),
        (("waiting",), Hint.BOOKED),
        (("in_care",), Hint.BOOKED),
        (("done",), Hint.CAME),
        (("absent",), Hint.MISSED),
        (("cancelled",), Hint.MISSED),
        (("cancelled", "confirmed"), Hint.BOOKED),
        (("done", "absent", "confirmed"), Hint.CAME),
    ],
)
def test_of_several_appointments_the_one_that_says_most_counts(
    states: tuple[str, ...], hint: Hint
) -> None:
    """Of one patient with one partner."""
    found = visits([appointment(state) for state in states], {"5": PARTNER})
    assert found == [Visit("7", PARTNER, DAY, hint)]


def test_operators_whom_nobody_mapped_are_passed_over() -> None:
    """Nor does a state count that AlfaDocs never named."""
    assert visits([appointment("done", operator=6)], {"5": PARTNER}) == []
    assert visits([appointment("dreamt")], {"5": PARTNER}) == []


def test_four_weeks_on_either_side_are_asked_for() -> None:
    """Each window has 28 days, both ends included; today is in the second one."""
    assert windows(DAY) == (
        (date(2026, 10, 23), date(2026, 11, 19)),
        (date(2026, 11, 20), date(2026, 12, 17)),
    )


@pytest.mark.parametrize(
    ("status", "created_at", "is_one"),
    [
        ("active", "2026-11-20T08:00:00Z", True),
        ("active", "2026-11-21T08:00:00Z", False),
        ("draft", "2026-11-01T08:00:00Z", False),
        ("completed", "2026-11-01T08:00:00Z", False),
        ("revoked", "2026-11-01T08:00:00Z", False),
    ],
)
def test_a_visit_is_about_a_referral_that_was_under_way(
    status: str, created_at: str, is_one: bool
) -> None:
    """One that was made after the visit cannot be why the patient came."""
    referral = {"status": status, "created_at": created_at}
    assert is_about(referral, Visit("7", PARTNER, DAY, Hint.CAME)) is is_one


@pytest.mark.parametrize(
    ("hint", "held", "response"),
    [
        (Hint.BOOKED, "requested", "accepted"),
        (Hint.BOOKED, "accepted", None),
        (Hint.CAME, "requested", "in-progress"),
        (Hint.CAME, "accepted", "in-progress"),
        (Hint.CAME, "in-progress", None),
        (Hint.CAME, "completed", None),
        (Hint.CAME, "rejected", None),
        (Hint.MISSED, "requested", None),
    ],
)
def test_a_hint_takes_a_referral_on_and_never_back_or_to_its_end(
    hint: Hint, held: str, response: str | None
) -> None:
    """Booked is accepted, came is in progress; a missed appointment is for a person."""
    assert response_to(hint, held) == response
