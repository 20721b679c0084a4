"""The hold of the mail relay: its beginning and its end."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.ereferral import FailureCode
from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.rules.lanes import Streak, after_outcome
from services.ereferral_dispatch.rules.outcome_codes import SmtpCode
from services.ereferral_dispatch.rules.outcomes import RelayUnusable, may_have_been_received
from services.ereferral_dispatch.rules.relay_hold import (
    RelayState,
    hold_in_words,
    must_be_held,
    must_be_released,
)
from services.ereferral_dispatch.rules.routing import Retry, Standing, next_step

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(seconds=1), NOON + timedelta(seconds=1)
WRONG_PASSWORD = RelayUnusable(SmtpCode(535), "5.7.8")


@pytest.mark.parametrize(
    ("state", "started_at", "held"),
    [
        (RelayState(), NOON, True),
        (RelayState(held_at=NOON), AFTER, False),  # once
        (RelayState(released_at=NOON), BEFORE, False),  # it speaks of how the relay was before
        (RelayState(released_at=NOON), NOON, True),
        (RelayState(released_at=NOON), AFTER, True),
    ],
)
def test_one_attempt_that_cannot_use_the_relay_holds_it(
    state: RelayState, started_at: datetime, held: bool
) -> None:
    """At once, and once; not one that began before it was let go."""
    assert must_be_held(state, started_at) is held


@pytest.mark.parametrize(
    ("state", "started_at", "released"),
    [
        (RelayState(held_at=NOON), AFTER, True),
        (RelayState(held_at=NOON), BEFORE, False),  # a probe of an earlier hold
        (RelayState(released_at=NOON), AFTER, False),
    ],
)
def test_a_probe_of_this_hold_lets_it_go(
    state: RelayState, started_at: datetime, released: bool
) -> None:
    """Another replica's probe may have done so already."""
    assert must_be_released(state, started_at) is released


@pytest.mark.parametrize("cancelling", [False, True])
@pytest.mark.parametrize("tries", [0, 3, 9])
def test_it_costs_the_partner_nothing(tries: int, cancelling: bool) -> None:
    """No place of the schedule, no failure of the lane, no next channel, no possible repeat."""
    standing = Standing(
        channel=ContactMethod.EMAIL,
        tries=tries,
        channels_left=2,
        maybe_received=False,
        cancelling=cancelling,
    )
    step = next_step(standing, WRONG_PASSWORD, (5.0, 300.0), 0.5, relay_seconds=60.0)
    assert step == Retry(60.0, counted=False)
    assert after_outcome(Streak(7, NOON), WRONG_PASSWORD, AFTER) == Streak(7, NOON)
    assert may_have_been_received(WRONG_PASSWORD) is False


def test_a_hold_in_words() -> None:
    """One line: since when, why, and what it means."""
    assert hold_in_words("2026-11-20T12:00:00Z", SmtpCode(535), "5.7.8") == (
        "held since 2026-11-20T12:00:00Z (smtp_535: 5.7.8): e-mails and faxes through it wait, and "
        "it is probed until it takes us"
    )
    assert "(connect_refused)" in hold_in_words(
        "2026-11-20T12:00:00Z", FailureCode.CONNECT_REFUSED, None
    )
