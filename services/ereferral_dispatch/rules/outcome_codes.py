"""The code of an outcome: a closed union, and what is asked of its members.

Source: docs/contract/dispatch.md#outcomes and docs/contract/dispatch.md#lanes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from contracts.ereferral import FailureCode, SuccessCode

_GONE = 410
_ABOUT_ONE_DOCUMENT = frozenset({400, 409, 413, 422})
_STATUS = re.compile(r"(http|smtp)_(\d{3})", re.ASCII)
_IN_WORDS: Mapping[str, FailureCode | SuccessCode] = {
    code.value: code for code in (*SuccessCode, *FailureCode)
}


@dataclass(frozen=True, slots=True)
class HttpCode:
    """The status of an HTTP answer, 100 to 599; written `http_503`."""

    status: int

    def __post_init__(self) -> None:
        if not 100 <= self.status <= 599:
            raise ValueError("HTTP has no such status")

    def __str__(self) -> str:
        return f"http_{self.status}"


@dataclass(frozen=True, slots=True)
class SmtpCode:
    """The code of an SMTP reply, 200 to 599; written `smtp_550`."""

    status: int

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError("SMTP has no such reply code")

    def __str__(self) -> str:
        return f"smtp_{self.status}"


FailedBy = HttpCode | SmtpCode | FailureCode
"""Why an attempt did not succeed."""
OutcomeCode = FailedBy | SuccessCode


def read_code(written: str) -> OutcomeCode:
    """The code that was written so. Raises ValueError where there is none."""
    if status := _STATUS.fullmatch(written):
        kind = HttpCode if status[1] == "http" else SmtpCode
        return kind(int(status[2]))
    try:
        return _IN_WORDS[written]
    except KeyError:
        raise ValueError("There is no such outcome code") from None


class Concern(StrEnum):
    """Whom a failure is about: what its lane and the next step make of it."""

    CHANNEL = "channel"
    """The partner's channel: it counts towards a hold."""
    CHANNEL_GONE = "channel_gone"
    """The partner's channel, which is gone (RFC 9110, section 15.5.11): held at once."""
    DOCUMENT = "document"
    """This one e-referral: another may fare better, and the channel works."""
    OURS = "ours"
    """Our own fault or set-up: it says nothing about the partner."""
    NOBODY = "nobody"
    """Given up before its point of no return: nothing left, and the partner was not even asked."""


def concern_of(code: FailedBy) -> Concern:
    """Whom a failure with this code is about."""
    match code:
        case HttpCode(status=status):
            if status == _GONE:
                return Concern.CHANNEL_GONE
            return Concern.DOCUMENT if status in _ABOUT_ONE_DOCUMENT else Concern.CHANNEL
        case SmtpCode():
            return Concern.CHANNEL
        case FailureCode():
            return _concern_of_failure(code)
    assert_never(code)


def _concern_of_failure(code: FailureCode) -> Concern:
    match code:
        case FailureCode.WORKER_LOST | FailureCode.STOPPED | FailureCode.WITHDRAWN:
            return Concern.NOBODY
        case FailureCode.INTERNAL_FAULT | FailureCode.CHANNEL_NOT_AVAILABLE:
            return Concern.OURS
        case (
            FailureCode.NAME_NOT_RESOLVED
            | FailureCode.ADDRESS_BLOCKED
            | FailureCode.CONNECT_REFUSED
            | FailureCode.CONNECT_TIMEOUT
            | FailureCode.CONNECTION_LOST
            | FailureCode.NETWORK_UNREACHABLE
            | FailureCode.TLS_FAILED
            | FailureCode.CERTIFICATE_INVALID
            | FailureCode.TIMED_OUT
            | FailureCode.NO_ANSWER
            | FailureCode.AUTHENTICATION_FAILED
            | FailureCode.RECIPIENT_REFUSED
            | FailureCode.LINE_BUSY
            | FailureCode.CONGESTION
            | FailureCode.BAD_NUMBER
            | FailureCode.WRONG_NUMBER
            | FailureCode.FAX_FAILED
        ):
            return Concern.CHANNEL
    assert_never(code)
