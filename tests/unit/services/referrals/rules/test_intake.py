"""The reading of a row from outside: whatever it says, nothing of it is lost."""

import string
from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.intake import IntakeStatus
from contracts.intake_row import IntakeRow
from contracts.problems import Refusal
from services.referrals.rules.intake import (
    FORWARD,
    check_move,
    draft_notes,
    draft_reason,
    is_same_submission,
    read_row,
    row_search_text,
)

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NAMED = {"first_name": "Alice", "surname": "Smith", "org_type_id": 1}
TYPED = ("date_of_birth", "telephone", "mobile", "email")
PRINTABLE = string.ascii_letters + string.digits + string.punctuation

texts = st.text(PRINTABLE, min_size=1, max_size=30)
scalars = st.one_of(
    texts,
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
likely = st.one_of(
    scalars,
    st.dates(date(1900, 1, 1), date(2030, 1, 1)).map(str),
    st.sampled_from(["+12025550143", "(202) 555-0143", "a@example.org", "020 7946 0958"]),
)
others = st.dictionaries(
    st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=64).filter(
        lambda name: name not in IntakeRow.model_fields
    ),
    scalars,
    max_size=60,
)


@given(typed=st.dictionaries(st.sampled_from(TYPED), likely), others=others)
@pytest.mark.parametrize("country", ["US", "GB", None])
def test_no_field_of_a_row_is_lost(
    country: str | None, typed: dict[str, Any], others: dict[str, Any]
) -> None:
    """Each is typed, or in `extra` as it came and then, if it should be typed, with a warning."""
    row = IntakeRow.model_validate({**NAMED, **typed, **others})
    read = read_row(row, country, NOW)
    for name, value in others.items():
        assert read.extra[name] == value
        assert type(read.extra[name]) is type(value)
    for name, value in typed.items():
        assert (getattr(read, name) is None) is (name in read.extra)
        assert read.extra.get(name, value) == value
    unread = {name for name in typed if name in read.extra}
    assert {warning["field"] for warning in read.warnings} == unread
    assert read.extra.keys() == others.keys() | unread


@given(name=st.sampled_from(TYPED))
def test_an_empty_field_is_none(name: str) -> None:
    """A form sends each of its fields, filled in or not: that is no typo."""
    read = read_row(IntakeRow.model_validate({**NAMED, name: "  "}), "US", NOW)
    assert getattr(read, name) is None
    assert (read.extra, read.warnings) == ({}, [])


def test_an_empty_field_of_its_own_is_null() -> None:
    """That it was there is kept."""
    read = read_row(IntakeRow.model_validate({**NAMED, "town": " ", "street": None}), "US", NOW)
    assert read.extra == {"town": None, "street": None}


def test_a_birth_date_may_be_tomorrows() -> None:
    """In the east tomorrow has begun; the day after has nowhere."""
    for day, parsed in (("2026-11-23", date(2026, 11, 23)), ("2026-11-24", None)):
        row = IntakeRow.model_validate({**NAMED, "date_of_birth": day})
        assert read_row(row, "US", NOW).date_of_birth == parsed


def test_a_search_does_not_look_at_case() -> None:
    """In any script."""
    assert row_search_text("STRASSE Straße", None, "A@b.org") == "strasse strasse\na@b.org"


@pytest.mark.parametrize(("status", "to"), list(product(IntakeStatus, IntakeStatus)))
def test_only_four_moves_are_possible(status: IntakeStatus, to: IntakeStatus) -> None:
    """Of a received row to any other, and of a rejected one back."""
    possible = {
        ("received", "accepted"),
        ("received", "linked"),
        ("received", "rejected"),
        ("rejected", "received"),
    }
    assert (to in FORWARD[status]) is ((status.value, to.value) in possible)
    if (status.value, to.value) in possible:
        check_move(status, to, None)
        with pytest.raises(Refusal):
            check_move(status, to, NOW)
    else:
        with pytest.raises(Refusal) as refused:
            check_move(status, to, None)
        assert refused.value.problem.code == "invalid_transition"


R, A, X = IntakeStatus.RECEIVED, IntakeStatus.ACCEPTED, IntakeStatus.REJECTED


@pytest.mark.parametrize(
    ("received_at", "statuses", "is_same"),
    [
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), [R], True),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), [X, A], True),
        (datetime(2026, 11, 22, 0, 0, tzinfo=UTC), [X, X], False),
        (datetime(2026, 11, 21, 23, 59, tzinfo=UTC), [R], False),
    ],
)
def test_a_day_is_utcs(received_at: datetime, statuses: list[IntakeStatus], is_same: bool) -> None:
    """Whatever was done with the rows, unless all were rejected."""
    assert is_same_submission(received_at, NOW, statuses) is is_same


@pytest.mark.parametrize(
    ("given_reason", "description", "reason"),
    [
        (None, None, None),
        (None, "d", "d"),
        ("r", "d", "r"),
        ("r", None, "r"),
        (None, "d" * 2_001, "d" * 2_000),
    ],
)
def test_a_reason_is_given_or_taken_from_the_description(
    given_reason: str | None, description: str | None, reason: str | None
) -> None:
    """As much of it as a reason may have."""
    assert draft_reason(given_reason, description) == reason


@pytest.mark.parametrize(
    ("given_notes", "description", "notes"),
    [
        (None, "d" * 2_000, None),
        (None, "d" * 2_001, "d" * 2_001),
        ("n", "d" * 2_001, "n"),
        (None, None, None),
    ],
)
def test_notes_are_given_or_the_whole_description(
    given_notes: str | None, description: str | None, notes: str | None
) -> None:
    """Where the reason cuts it off."""
    assert draft_notes(given_notes, description) == notes
