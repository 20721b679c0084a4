"""Contacts: one link at most; who refers whom; on what a change is based, and when it was made."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Refusal
from services.referrals.rules.contact import check_one_link
from services.referrals.rules.contact_referral import (
    check_base,
    check_pair,
    next_change,
    whole_second,
)

NOW = datetime(2026, 11, 22, 4, 0, 7, 999_999, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)
MOMENTS = st.integers(0, 10**16).map(lambda n: NOW + timedelta(microseconds=n))


@pytest.mark.parametrize(
    ("links", "refused"),
    [
        ((None, None, None), []),
        ((ONE, None, None), []),
        ((None, None, ONE), []),
        ((ONE, ONE, None), ["patient_uuid", "referral_partner_uuid"]),
        ((None, ONE, OTHER), ["referral_partner_uuid", "provider_uuid"]),
        ((ONE, ONE, ONE), ["patient_uuid", "referral_partner_uuid", "provider_uuid"]),
    ],
)
def test_a_contact_has_one_link_or_none(links: tuple[UUID | None, ...], refused: list[str]) -> None:
    """Of several each is named."""
    given_links = dict(
        zip(("patient_uuid", "referral_partner_uuid", "provider_uuid"), links, strict=True)
    )
    found: list[str | int] = []
    try:
        check_one_link(given_links)
    except Refusal as refusal:
        found = [error.loc[0] for error in refusal.problem.errors]
    assert found == refused


def test_nobody_refers_themselves() -> None:
    """Two contacts that are each other's are fine."""
    check_pair(ONE, OTHER)
    check_pair(OTHER, ONE)
    with pytest.raises(Refusal) as refused:
        check_pair(ONE, UUID(int=1))
    assert [error.type for error in refused.value.problem.errors] == ["own_referrer"]


SECOND = datetime(2026, 11, 22, 4, 0, 7, tzinfo=UTC)
EARLIER = datetime(2026, 11, 22, 4, 0, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("updated_in_db_at", "base_version", "is_current"),
    [
        (SECOND, None, True),
        (None, 3, True),
        (SECOND, 3, True),
        (None, None, False),
        (EARLIER, None, False),
        (NOW, None, False),
        (None, 2, False),
        (SECOND, 2, False),
        (EARLIER, 3, False),
    ],
)
def test_a_change_is_based_on_what_is_held(
    updated_in_db_at: datetime | None, base_version: int | None, is_current: bool
) -> None:
    """By its time, by its version; where both are given both have to be right, and none is not."""
    told = None
    try:
        check_base(
            updated_in_db_at=updated_in_db_at, base_version=base_version, held_at=SECOND, version=3
        )
    except Refusal as refusal:
        told = (refusal.problem.code.value, refusal.problem.current_version)
    assert told == (None if is_current else ("version_conflict", 3))


@pytest.mark.parametrize(
    ("held_at", "now", "changed_at"),
    [
        ("04:00:06", "04:00:07.999999", "04:00:07"),
        ("04:00:07", "04:00:07.999999", "04:00:08"),
        ("04:00:07", "04:00:08", "04:00:08"),
        ("04:00:59", "04:00:07", "04:01:00"),
    ],
)
def test_a_change_is_a_second_after_the_last_at_least(
    held_at: str, now: str, changed_at: str
) -> None:
    """Also where the clock has not come so far, or went back."""

    def at(time: str) -> datetime:
        return datetime.fromisoformat(f"2026-11-22T{time}+00:00")

    assert next_change(at(held_at), at(now)) == at(changed_at)


@given(made=MOMENTS, steps=st.lists(st.timedeltas(timedelta(-5), timedelta(5)), max_size=30))
def test_times_of_changes_rise_by_whole_seconds_whatever_the_clock_does(
    made: datetime, steps: list[timedelta]
) -> None:
    """No two states of one record have the same time; none has a part of a second."""
    now, times = made, [whole_second(made)]
    for step in steps:
        now += step
        times.append(next_change(times[-1], now))
    assert all(time.microsecond == 0 for time in times)
    assert all(later - sooner >= timedelta(seconds=1) for sooner, later in pairwise(times))
    assert times[-1] >= whole_second(now)
