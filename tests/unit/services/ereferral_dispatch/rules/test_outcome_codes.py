"""Outcome codes: what they tell; how they are written and read again."""

import pytest

from contracts.ereferral import FailureCode, SuccessCode
from services.ereferral_dispatch.rules.outcome_codes import (
    Concern,
    FailedBy,
    HttpCode,
    OutcomeCode,
    SmtpCode,
    concern_of,
    read_code,
)


@pytest.mark.parametrize(
    ("code", "written"),
    [
        (HttpCode(503), "http_503"),
        (HttpCode(100), "http_100"),
        (SmtpCode(250), "smtp_250"),
        (FailureCode.WORKER_LOST, "worker_lost"),
        (SuccessCode.FAX_COMPLETED, "fax_completed"),
    ],
)
def test_a_code_is_read_as_it_was_written(code: OutcomeCode, written: str) -> None:
    """Each kind of the union comes back as itself."""
    assert str(code) == written
    again = read_code(written)
    assert again == code and type(again) is type(code)


@pytest.mark.parametrize(
    "written",
    ["relay_down", "http_600", "http_099", "http_50", "smtp_150", "HTTP_503", "http_5033", ""],
)
def test_what_is_no_code_is_not_read(written: str) -> None:
    """The list is closed."""
    with pytest.raises(ValueError):
        read_code(written)


@pytest.mark.parametrize("status", [0, 99, 600, 999])
def test_http_has_no_other_status(status: int) -> None:
    """Of three digits, the first from 1 to 5."""
    with pytest.raises(ValueError):
        HttpCode(status)


@pytest.mark.parametrize("status", [0, 199, 600])
def test_smtp_has_no_other_reply_code(status: int) -> None:
    """The first digit is from 2 to 5."""
    with pytest.raises(ValueError):
        SmtpCode(status)


@pytest.mark.parametrize(
    ("code", "concern"),
    [
        (HttpCode(410), Concern.CHANNEL_GONE),
        (HttpCode(400), Concern.DOCUMENT),
        (HttpCode(409), Concern.DOCUMENT),
        (HttpCode(413), Concern.DOCUMENT),
        (HttpCode(422), Concern.DOCUMENT),
        (HttpCode(403), Concern.CHANNEL),
        (HttpCode(503), Concern.CHANNEL),
        (SmtpCode(422), Concern.CHANNEL),
        (SmtpCode(550), Concern.CHANNEL),
        (FailureCode.NO_ANSWER, Concern.CHANNEL),
        (FailureCode.INTERNAL_FAULT, Concern.OURS),
        (FailureCode.CHANNEL_NOT_AVAILABLE, Concern.OURS),
        (FailureCode.WORKER_LOST, Concern.NOBODY),
        (FailureCode.STOPPED, Concern.NOBODY),
        (FailureCode.WITHDRAWN, Concern.NOBODY),
    ],
)
def test_whom_a_failure_is_about(code: FailedBy, concern: Concern) -> None:
    """docs/contract/dispatch.md#holds: what is about one document, or ours, does not count."""
    assert concern_of(code) is concern


def test_of_our_own_codes_all_others_are_about_the_channel() -> None:
    """Five are not: two of our own fault, three of nobody's."""
    of_channel = [code for code in FailureCode if concern_of(code) is Concern.CHANNEL]
    assert len(of_channel) == len(FailureCode) - 5
