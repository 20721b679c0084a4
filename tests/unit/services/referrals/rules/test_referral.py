"""The lifecycle of an outbound referral: who may move it where."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from contracts.problems import ProblemCode, Refusal
from contracts.referral import FulfilmentStatus, ReferralStatus, Response
from contracts.referral_partner import ReferralPartner
from services.referrals.rules.referral import (
    TAKES,
    Effect,
    check_can_be_answered,
    check_can_be_cancelled,
    check_can_be_previewed,
    check_can_be_sent,
    check_can_be_updated,
    check_takes_a_response,
    fulfilment_after,
    fulfilment_after_cancel,
    response_effect,
    status_after,
)
from tests.support.samples.packages import sample_package

# By hand, from docs/contract/wire.md#referrals, "null → requested → accepted | rejected →
# in-progress → completed | failed": > moves it on, = is written down and changes nothing, ! is
# refused.
_RESPONSES = ("accepted", "rejected", "in-progress", "completed", "failed")
_EFFECTS = {
    "requested": "> > > > >",
    "accepted": "= ! > > >",
    "rejected": "! = > > >",
    "in-progress": "! ! = > >",
    "completed": "! ! ! = !",
    "failed": "! ! ! ! =",
}
_MEANING = {">": Effect.MOVES, "=": Effect.JOINS_TIMELINE, "!": Effect.REFUSED}
_PAIRS = [
    (fulfilment, response, _MEANING[mark])
    for fulfilment, marks in _EFFECTS.items()
    for response, mark in zip(_RESPONSES, marks.split(), strict=True)
]


@pytest.mark.parametrize(("fulfilment", "response", "effect"), _PAIRS)
def test_a_response_moves_forward_may_skip_and_never_goes_back(
    fulfilment: str, response: str, effect: Effect
) -> None:
    """Every pair of where a sent referral stands and what the partner answers."""
    stands = FulfilmentStatus(fulfilment)
    status = ReferralStatus.COMPLETED if fulfilment == "completed" else ReferralStatus.ACTIVE
    assert response_effect(status, stands, Response(response)) is effect


def test_the_pairs_are_all_there_are() -> None:
    """A cancelled referral is revoked, which has a law of its own; the rest is in the table."""
    assert set(_EFFECTS) == set(FulfilmentStatus) - {"cancelled"}
    assert set(_RESPONSES) == set(Response)


@pytest.mark.parametrize("response", list(Response))
@pytest.mark.parametrize("fulfilment", [FulfilmentStatus.CANCELLED, None])
def test_after_a_cancel_a_response_only_joins_the_timeline(
    fulfilment: FulfilmentStatus | None, response: Response
) -> None:
    """Whatever it says, and whether the referral was sent before it was cancelled or not."""
    assert response_effect(ReferralStatus.REVOKED, fulfilment, response) is Effect.JOINS_TIMELINE


@pytest.mark.parametrize("response", list(Response))
def test_a_draft_cannot_be_answered(response: Response) -> None:
    """Nobody has seen it."""
    effect = response_effect(ReferralStatus.DRAFT, None, response)
    assert effect is Effect.REFUSED
    with pytest.raises(Refusal) as refusal:
        check_can_be_answered(ReferralStatus.DRAFT, None, effect)
    assert refusal.value.problem.code is ProblemCode.INVALID_TRANSITION
    assert refusal.value.problem.detail == (
        "Only a referral that was sent can be answered; the status of this one is draft. "
        "Possible from there: referral.update, referral.send, referral.cancel."
    )


def test_only_what_is_refused_raises() -> None:
    """An answer that changes nothing is a success."""
    accepted, active = FulfilmentStatus.ACCEPTED, ReferralStatus.ACTIVE
    check_can_be_answered(active, accepted, Effect.MOVES)
    check_can_be_answered(ReferralStatus.REVOKED, None, Effect.JOINS_TIMELINE)
    with pytest.raises(Refusal) as refusal:
        check_can_be_answered(active, accepted, Effect.REFUSED)
    assert refusal.value.problem.detail == (
        "A response moves a referral forward, never back; its fulfilment_status is accepted. "
        "Possible from there: in-progress, completed, failed."
    )


@pytest.mark.parametrize("status", list(ReferralStatus))
def test_what_a_refusal_calls_possible_is_what_the_checks_take(status: ReferralStatus) -> None:
    """From each status: the commands that are named are those that are not refused there."""
    partner = ReferralPartner.model_construct(
        **{**dict(sample_package().partner), "is_active": True, "accepts_ereferral": True}
    )
    fulfilments = {
        ReferralStatus.DRAFT: None,
        ReferralStatus.ACTIVE: FulfilmentStatus.REQUESTED,
        ReferralStatus.COMPLETED: FulfilmentStatus.COMPLETED,
        ReferralStatus.REVOKED: FulfilmentStatus.CANCELLED,
    }
    fulfilment = fulfilments[status]
    effect = response_effect(status, fulfilment, Response.COMPLETED)
    checks: dict[str, Callable[[], None]] = {
        "referral.update": lambda: check_can_be_updated(status),
        "referral.send": lambda: check_can_be_sent(status, partner),
        "referral.record_response": lambda: check_can_be_answered(status, fulfilment, effect),
        "referral.cancel": lambda: check_can_be_cancelled(status),
    }
    taken = []
    for name, check in checks.items():
        with suppress(Refusal):
            check()
            taken.append(name)
    assert list(TAKES[status]) == taken


@pytest.mark.parametrize("recorded", [0, 199, 200, 5_000])
def test_two_hundred_responses_are_the_most_but_for_what_moves_it_on(recorded: int) -> None:
    """The 200th is written down, one more is not; a referral comes to its end all the same."""
    check_takes_a_response(Effect.MOVES, recorded)
    if recorded < 200:
        check_takes_a_response(Effect.JOINS_TIMELINE, recorded)
        return
    with pytest.raises(Refusal) as refusal:
        check_takes_a_response(Effect.JOINS_TIMELINE, recorded)
    assert refusal.value.problem.code is ProblemCode.INVALID_TRANSITION
    assert "200 responses" in refusal.value.problem.detail


@pytest.mark.parametrize(
    ("response", "status"),
    [
        ("accepted", "active"),
        ("rejected", "active"),
        ("in-progress", "active"),
        ("completed", "completed"),
        ("failed", "active"),
    ],
)
def test_only_completed_completes_the_referral(response: str, status: str) -> None:
    """What was rejected or failed stays active: it waits for the practice to decide."""
    assert status_after(Response(response)) == status


@pytest.mark.parametrize(
    ("response", "fulfilment"),
    [
        ("accepted", "accepted"),
        ("rejected", "rejected"),
        ("in-progress", "in-progress"),
        ("completed", "completed"),
        ("failed", "failed"),
    ],
)
def test_every_response_says_how_far_the_partner_is(response: str, fulfilment: str) -> None:
    """In the same words, as FHIR has them for a Task."""
    assert fulfilment_after(Response(response)) is FulfilmentStatus(fulfilment)


@pytest.mark.parametrize("status", list(ReferralStatus))
def test_only_a_draft_can_be_changed(status: ReferralStatus) -> None:
    """What was sent is frozen."""
    if status == "draft":
        check_can_be_updated(status)
        return
    with pytest.raises(Refusal) as refusal:
        check_can_be_updated(status)
    assert refusal.value.problem.code is ProblemCode.INVALID_TRANSITION


@pytest.mark.parametrize("status", list(ReferralStatus))
def test_a_draft_and_an_active_referral_can_be_cancelled(status: ReferralStatus) -> None:
    """What is over is over."""
    if status in ("draft", "active"):
        check_can_be_cancelled(status)
        return
    with pytest.raises(Refusal) as refusal:
        check_can_be_cancelled(status)
    assert refusal.value.problem.code is ProblemCode.INVALID_TRANSITION


def test_a_cancel_ends_a_request_where_there_is_one() -> None:
    """A draft asked nobody for anything: there is nothing of it to be cancelled."""
    assert fulfilment_after_cancel(None) is None
    for fulfilment in ("requested", "accepted", "rejected", "in-progress", "failed"):
        assert fulfilment_after_cancel(FulfilmentStatus(fulfilment)) == "cancelled"


@pytest.mark.parametrize("status", ReferralStatus)
def test_only_a_draft_is_previewed(status: ReferralStatus) -> None:
    """What was sent has its letter."""
    if status is ReferralStatus.DRAFT:
        check_can_be_previewed(status)
        return
    with pytest.raises(Refusal) as refused:
        check_can_be_previewed(status)
    assert refused.value.problem.code == "invalid_transition"
