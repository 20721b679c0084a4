"""Opened links: what they prove, and which answers they take."""

from datetime import UTC, datetime

import pytest

from contracts.referral import EreferralStatus, Response
from letters.letter import Message
from services.ereferral_dispatch.rules.opening import (
    answers_taken,
    is_withdrawn,
    proves_arrival,
    takes_a_question,
)

S, R = EreferralStatus, Response
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "received", "certainly_not"),
    [
        (S.SENT, True, True),
        (S.OUTCOME_UNKNOWN, True, True),
        (S.AWAITING_CALL, True, True),
        (S.QUEUED, True, False),
        (S.RETRY_SCHEDULED, True, False),
        (S.HELD, True, False),
        (S.FAILED, True, False),
        (S.IN_PROGRESS, False, False),
        (S.DELIVERED, False, False),
        (S.CANCELLED, False, False),
    ],
)
def test_what_an_opening_proves(
    status: EreferralStatus, received: bool, certainly_not: bool
) -> None:
    """Of what nothing has left of, the letter still goes out: somebody read the link to them."""
    assert proves_arrival(status, maybe_received=True) is received
    assert proves_arrival(status, maybe_received=False) is certainly_not


@pytest.mark.parametrize(
    ("status", "message", "asked_at", "withdrawn"),
    [
        (S.CANCELLED, Message.REFERRAL, None, True),
        (S.QUEUED, Message.CANCELLATION, NOW, True),
        (S.IN_PROGRESS, Message.REFERRAL, NOW, True),
        (S.FAILED, Message.CANCELLATION, None, True),
        (S.SENT, Message.REFERRAL, None, False),
    ],
)
def test_a_cancel_withdraws_it_at_once(
    status: EreferralStatus, message: Message, asked_at: datetime | None, withdrawn: bool
) -> None:
    """Though the partner may still have to be told of it."""
    assert is_withdrawn(status, message, asked_at) is withdrawn


@pytest.mark.parametrize(
    ("last", "taken", "asks"),
    [
        (None, [R.ACCEPTED, R.REJECTED, R.IN_PROGRESS, R.COMPLETED, R.FAILED], True),
        (R.ACCEPTED, [R.ACCEPTED, R.IN_PROGRESS, R.COMPLETED, R.FAILED], True),
        (R.REJECTED, [R.IN_PROGRESS, R.COMPLETED, R.FAILED], False),
        (R.IN_PROGRESS, [R.COMPLETED, R.FAILED], True),
        (R.COMPLETED, [], False),
        (R.FAILED, [], False),
    ],
)
def test_answers_lead_forward(last: Response | None, taken: list[Response], asks: bool) -> None:
    """`accepted` may be given again, for another appointment. Who declined, or is done, asks no
    more."""
    assert answers_taken(last) == taken
    assert takes_a_question(last) is asks
