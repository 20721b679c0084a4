"""Limits of the work that one e-referral makes for people.

Without an end, `ereferral.get` and the referral's timeline would outgrow every reply. What the
service itself does is not limited here: its attempts are short, and follow schedules of their own.
"""

from contracts.problems import ProblemCode, Refusal

MOST_CALLS = 200
"""Each may come with a note of 10,000 characters."""
MOST_ATTEMPTS = 10_000
"""A channel that is off is tried once a minute: a week of that is still retried by hand."""
MOST_RESPONSES = 100
"""Each joins the referral's timeline, beside 200 of its own, with a note of 10,000 characters."""

_INSTEAD = "cancel the referral (referral.cancel) and make a new one"


def check_takes_another_call(calls_made: int) -> None:
    """Whether a call that nobody answered may be followed by one more, later.

    One that reached somebody, or a wrong number, ends the calls and is always taken. Raises
    Refusal `invalid_transition`.
    """
    if calls_made >= MOST_CALLS:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            f"This e-referral has {MOST_CALLS} calls and takes no more that nobody answered: "
            "it takes `reached` and `wrong_number`.",
        )


def check_takes_a_retry(calls_made: int, attempts_made: int) -> None:
    """Whether it may be tried again by hand. Raises Refusal `invalid_transition`."""
    if calls_made >= MOST_CALLS:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            f"This e-referral has {MOST_CALLS} calls and takes no more retries: {_INSTEAD}.",
        )
    if attempts_made >= MOST_ATTEMPTS:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            f"This e-referral has {MOST_ATTEMPTS} attempts and takes no more retries: {_INSTEAD}.",
        )


def check_takes_a_response(responses_taken: int) -> None:
    """Whether one more answer of the partner may be recorded. Raises Refusal
    `invalid_transition`."""
    if responses_taken >= MOST_RESPONSES:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            f"This e-referral has {MOST_RESPONSES} responses and takes no more; "
            "referral.record_response takes one that moves the referral on.",
        )
