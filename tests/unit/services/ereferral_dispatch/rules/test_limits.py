"""Limits of the work that one e-referral makes for people."""

from collections.abc import Callable

import pytest

from contracts.problems import ProblemCode, Refusal
from services.ereferral_dispatch.rules.limits import (
    check_takes_a_response,
    check_takes_a_retry,
    check_takes_another_call,
)


def refused(check: Callable[..., None], *figures: int) -> str:
    """The detail of the refusal, which is an `invalid_transition`."""
    with pytest.raises(Refusal) as refusal:
        check(*figures)
    assert refusal.value.problem.code is ProblemCode.INVALID_TRANSITION
    return refusal.value.problem.detail


def test_two_hundred_calls_are_the_most() -> None:
    """The 200th is taken, one more is not."""
    check_takes_another_call(0)
    check_takes_another_call(199)
    for calls in (200, 201):
        assert refused(check_takes_another_call, calls) == (
            "This e-referral has 200 calls and takes no more that nobody answered: "
            "it takes `reached` and `wrong_number`."
        )


def test_a_retry_ends_with_the_calls_or_with_ten_thousand_attempts() -> None:
    """What a channel that is off has cost in attempts for days stands in nobody's way."""
    check_takes_a_retry(0, 0)
    check_takes_a_retry(199, 9_999)
    assert "200 calls" in refused(check_takes_a_retry, 200, 200)
    assert "10000 attempts" in refused(check_takes_a_retry, 0, 10_000)


def test_a_hundred_responses_are_the_most() -> None:
    """The refusal names the other way."""
    check_takes_a_response(99)
    said = refused(check_takes_a_response, 100)
    assert said.startswith("This e-referral has 100 responses and takes no more; ")
    assert "referral.record_response" in said
