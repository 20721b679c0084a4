"""The meaning of a cancel, by where an e-referral stands, and which channels tell the partner."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from services.ereferral_dispatch.rules.cancelling import (
    AllTold,
    AskForCall,
    CancelStep,
    NobodyLeft,
    TellAt,
    Telling,
    cancel_step,
    next_to_tell,
)

PORTAL, EMAIL, FAX, PHONE = (
    ContactMethod.PORTAL,
    ContactMethod.EMAIL,
    ContactMethod.FAX,
    ContactMethod.PHONE,
)
ALL = [PORTAL, EMAIL, FAX, PHONE]

WAITING = [
    EreferralStatus.QUEUED,
    EreferralStatus.RETRY_SCHEDULED,
    EreferralStatus.HELD,
    EreferralStatus.AWAITING_CALL,
    EreferralStatus.FAILED,
]


@pytest.mark.parametrize("status", WAITING)
def test_what_certainly_never_left_is_cancelled_at_once(status: EreferralStatus) -> None:
    """Not begun, or certain that nothing left: cancelled, and nothing is sent."""
    assert cancel_step(status, Message.REFERRAL, maybe_received=False) is CancelStep.CANCEL_NOW


@pytest.mark.parametrize(
    "status",
    [*WAITING, EreferralStatus.DELIVERED, EreferralStatus.SENT, EreferralStatus.OUTCOME_UNKNOWN],
)
def test_who_has_it_or_may_have_it_is_told(status: EreferralStatus) -> None:
    """May have been received, or was: the partner is told."""
    assert cancel_step(status, Message.REFERRAL, maybe_received=True) is CancelStep.TELL_PARTNER


@pytest.mark.parametrize("maybe_received", [False, True])
def test_an_attempt_under_way_decides_at_its_outcome(maybe_received: bool) -> None:
    """In progress: what an earlier attempt did does not matter yet."""
    step = cancel_step(EreferralStatus.IN_PROGRESS, Message.REFERRAL, maybe_received=maybe_received)
    assert step is CancelStep.DECIDE_AT_OUTCOME


@pytest.mark.parametrize("maybe_received", [False, True])
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (EreferralStatus.CANCELLED, Message.REFERRAL),
        (EreferralStatus.CANCELLED, Message.CANCELLATION),
        (EreferralStatus.QUEUED, Message.CANCELLATION),
        (EreferralStatus.IN_PROGRESS, Message.CANCELLATION),
        (EreferralStatus.RETRY_SCHEDULED, Message.CANCELLATION),
        (EreferralStatus.AWAITING_CALL, Message.CANCELLATION),
    ],
)
def test_a_second_cancel_does_nothing(
    status: EreferralStatus, message: Message, maybe_received: bool
) -> None:
    """What is cancelled, and what is being cancelled, is so already."""
    step = cancel_step(status, message, maybe_received=maybe_received)
    assert step is CancelStep.NOTHING


@pytest.mark.parametrize(
    ("channels", "received", "told", "not_told", "expected"),
    [
        # Every channel that may have it hears of it, in the order of the plan.
        (ALL, {0}, set(), set(), TellAt(0)),
        (ALL, {0, 1}, set(), set(), TellAt(0)),
        (ALL, {0, 1}, {0}, set(), TellAt(1)),
        (ALL, {0, 1}, {0, 1}, set(), AllTold()),
        (ALL, {3}, {3}, set(), AllTold()),
        # The others first, though one could not be told; then one call stands in for it.
        (ALL, {0, 1}, set(), {0}, TellAt(1)),
        (ALL, {0, 1}, {1}, {0}, TellAt(3)),
        (ALL, {0, 1}, {1, 3}, {0}, AllTold()),
        (ALL, {0, 3}, set(), {0}, TellAt(3)),
        (ALL, {0, 3}, {3}, {0}, AllTold()),
        # Whoever calls has to find a number where none is known.
        ([PORTAL, EMAIL], {0}, set(), {0}, AskForCall()),
        # A wrong number: any other channel of the partner's stands in.
        (ALL, {0}, set(), {0, 3}, TellAt(1)),
        (ALL, {0}, set(), {0, 1, 3}, TellAt(2)),
        (ALL, {0}, {2}, {0, 1, 3}, AllTold()),
        (ALL, {0}, set(), {0, 1, 2, 3}, NobodyLeft()),
        ([*ALL[:2], PHONE], {0, 1}, {1}, {0, 2}, NobodyLeft()),
    ],
)
def test_who_is_told_next(
    channels: list[ContactMethod], received: Any, told: Any, not_told: Any, expected: Any
) -> None:
    """The channels that may have it, then a call, then any other."""
    assert next_to_tell(Telling(channels, received, told, not_told)) == expected


@given(
    channels=st.permutations(ALL).flatmap(
        lambda order: st.integers(1, 4).map(lambda count: order[:count])
    ),
    data=st.data(),
)
def test_it_is_cancelled_only_when_each_that_may_have_it_was_told_or_somebody_instead(
    channels: list[ContactMethod], data: st.DataObject
) -> None:
    """Nobody is told twice, and it ends."""
    channels = list(channels)
    positions = st.integers(0, len(channels) - 1)
    received = data.draw(st.frozensets(positions, min_size=1))
    told: set[int] = set()
    not_told: set[int] = set()
    for _ in range(2 * len(ALL)):
        step = next_to_tell(Telling(channels, received, told, not_told))
        match step:
            case AskForCall():
                assert received & not_told and PHONE not in channels
                channels.append(PHONE)
            case TellAt(position=position):
                assert position not in told | not_told
                (told if data.draw(st.booleans()) else not_told).add(position)
            case AllTold():
                untold = received - told
                assert not untold or any(channels[p] is PHONE or p not in received for p in told)
                return
            case NobodyLeft():
                assert told | not_told == set(range(len(channels))) and received & not_told
                return
    raise AssertionError("it never ends")
