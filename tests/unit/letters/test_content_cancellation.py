"""The letter that tells a partner that a referral is cancelled."""

from contracts.referral import Priority
from letters.render import render_letter
from tests.support.samples.letters import read, words_of
from tests.support.samples.packages import (
    CANCEL_REASON,
    sample_cancellation,
    sample_consignment,
    sample_package,
    sample_referral,
)


def test_the_letter_says_what_is_cancelled_and_why() -> None:
    """One page: cancelled, the reference, the patient, what was referred and when, how to ask."""
    pdf = render_letter(sample_cancellation())
    words = words_of(pdf)
    for said in (
        "Cancelled referral CANCELLED This referral is no longer wanted.",
        "Referred on November 20, 2026 Reference 0123-4567-89AB Cancelled on November 24, 2026",
        "Alex Example Example Endodontics",
        "Dear Alex Example, We have cancelled the referral below",
        "Please do not book the patient because of it.",
        "Sample Patient Date of birth March 9, 1984",
        f"Why cancelled {CANCEL_REASON}",
        "Referred for Root canal evaluation, lower right first molar.",
        "How to ask",
        "name the reference 0123-4567-89AB. Phone (202) 555-0101",
    ):
        assert said in words
    assert len(read(pdf).pages) == 1
    metadata = read(pdf).metadata
    assert metadata is not None and metadata.title == "Cancelled referral 0123-4567-89AB"


def test_the_letter_asks_for_nothing_that_is_over() -> None:
    """No thanks, no answer by a day, no urgency and no warning of a repeat."""
    package = sample_package(referral=sample_referral(priority=Priority.STAT))
    words = words_of(render_letter(sample_cancellation(package=package, possible_repeat=True)))
    for said in ("Thank you", "let us know", "December 4", "STAT", "repeat", "Priority"):
        assert said not in words


def test_a_cancellation_without_a_reason_has_no_label_for_it() -> None:
    """What was not said is left out."""
    assert "Why cancelled" not in words_of(render_letter(sample_cancellation(cancel_reason=None)))


def test_the_same_cancellation_gives_the_same_bytes() -> None:
    """As for a referral: a retry sends what the first attempt sent."""
    assert render_letter(sample_cancellation()) == render_letter(sample_cancellation())
    assert render_letter(sample_cancellation()) != render_letter(sample_consignment())
