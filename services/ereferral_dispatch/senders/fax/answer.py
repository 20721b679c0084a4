"""Answers of Sinch's fax interface, as outcomes. Pure.

Source: the Sinch Fax API 3.0 reference (developers.sinch.com/docs/fax/api-reference), "Faxes" and
"Error Messages". A FAILURE means that not every page was taken; pages that were lie at the partner.
"""

import math
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import assert_never

import orjson

from contracts.ereferral import FailureCode, SuccessCode
from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    TransientFailure,
)

Fax = Mapping[str, object]
_FAX_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
# As for portals: 408 Request Timeout, 425 Too Early, 429 Too Many Requests; and 503, whose server
# took nothing. Any other 5xx may have come after the fax was made, and a fax cannot be recognised
# as a repeat.
_TRANSIENT = frozenset({408, 425, 429, 503})


class FaxStatus(StrEnum):
    """The status of a fax (schema FaxStatus)."""

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILURE = "FAILURE"


class ErrorType(StrEnum):
    """Why a fax failed (schema ErrorType; LINE_ERROR is in the provider's own client alone)."""

    CALL = "CALL_ERROR"
    LINE = "LINE_ERROR"
    FAX = "FAX_ERROR"
    DOCUMENT = "DOCUMENT_CONVERSION_ERROR"
    FATAL = "FATAL_ERROR"
    GENERAL = "GENERAL_ERROR"


_CONGESTION = 15
_RING_TIMEOUT, _BUSY, _NO_FAX_MACHINE = 16, 17, 30
_INCOMPATIBLE_DESTINATION, _NOT_OPERATIONAL, _NOT_ACTIVE = 32, 34, 49
_CALL_CODES = {
    _CONGESTION: FailureCode.CONGESTION,
    _BUSY: FailureCode.LINE_BUSY,
    _RING_TIMEOUT: FailureCode.NO_ANSWER,
    _NO_FAX_MACHINE: FailureCode.NO_ANSWER,
    _NOT_OPERATIONAL: FailureCode.BAD_NUMBER,
    _NOT_ACTIVE: FailureCode.BAD_NUMBER,
}
_CALL_PERMANENT = frozenset({_INCOMPATIBLE_DESTINATION, _NOT_OPERATIONAL, _NOT_ACTIVE})
_NO_ANSWER_OUT_OF_PAPER, _NUMBER_NOT_PERMITTED = 48, 133
_FAX_CODES = {
    _NO_ANSWER_OUT_OF_PAPER: FailureCode.NO_ANSWER,
    _NUMBER_NOT_PERMITTED: FailureCode.BAD_NUMBER,
}
# The machine cannot take it (7 size, 25 resolution, 31 and 68 incompatible), 46 no funds, 75 taken
# back by a person at the provider, 113 the file is gone, 133 the number is not permitted.
_FAX_PERMANENT = frozenset({7, 25, 31, 46, 68, 75, 113, _NUMBER_NOT_PERMITTED})
# What ended before a page could be sent. Of a call: congestion, ring timeout, busy, hung up at
# once, no answer (30, 87, 112), incompatible, out of service, not established, rejected, no route,
# number changed (73, 115). Not 11, a call that was dropped.
_NO_CALL = frozenset({15, 16, 17, 19, 30, 32, 34, 43, 49, 50, 52, 73, 87, 112, 115})
# Of a fax: not compatible (7, 25, 31, 68), no funds, the file is gone, no tone, not permitted. Not
# 48, out of paper, nor any that does not say in which page it came.
_NO_PAGE = frozenset({7, 25, 31, 46, 68, 113, 132, 133})
# 57 and 69: the file could not be stored. All other conversion errors are about the file itself.
_DOCUMENT_TRANSIENT = frozenset({57, 69})


def read_fax(body: bytes | None) -> Fax | None:
    """The fax that a body shows, past a byte order mark; None where it shows none."""
    try:
        fax = orjson.loads((body or b"").removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        return None
    return fax if isinstance(fax, dict) else None


def fax_id(fax: Fax | None) -> str | None:
    """The id to ask for it by; None where there is none that fits into a path."""
    identifier = None if fax is None else fax.get("id")
    if isinstance(identifier, str) and _FAX_ID.fullmatch(identifier):
        return identifier
    return None


def pages_received(fax: Fax) -> int | None:
    """How many pages the partner's machine has taken (schema Fax, pagesSentSuccessfully); None
    where the provider does not say. A figure that cannot be read counts as a page: it must not
    mean that there was none."""
    said = fax.get("pagesSentSuccessfully")
    if said is None:
        return None
    try:
        pages = math.ceil(float(said)) if isinstance(said, int | float | str) else -1
    except (ValueError, OverflowError):
        return 1
    return 1 if pages < 0 or isinstance(said, bool) else pages


def outcome_of_fax(fax: Fax, pages_before: int = 0) -> Outcome | None:
    """What became of a fax; None while it is under way, or its status is one we do not know.

    `pages_before`: how many pages an earlier look showed as taken.
    """
    match fax.get("status"):
        case FaxStatus.COMPLETED:
            return Delivered(SuccessCode.FAX_COMPLETED)
        case FaxStatus.FAILURE:
            failure = _failure(fax.get("errorType"), fax.get("errorCode"))
            return replace(failure, may_have_been_received=_was_shown(fax, pages_before))
    return None


def _was_shown(fax: Fax, pages_before: int) -> bool:
    """Whether somebody may have seen a page of a fax that failed: the first names the patient.

    With no figure of pages only an error that comes before the first one rules it out.
    """
    pages = pages_received(fax)
    if pages is None and pages_before == 0:
        return not _ended_before_a_page(str(fax.get("errorType")), _number(fax.get("errorCode")))
    return max(pages or 0, pages_before) > 0


def _ended_before_a_page(error_type: str, number: int) -> bool:
    match error_type:
        case ErrorType.CALL | ErrorType.LINE:
            return number in _NO_CALL
        case ErrorType.FAX:
            return number in _NO_PAGE
        case ErrorType.DOCUMENT:
            return True
    return False


def outcome_of_refusal(status: int, retry_after_seconds: float | None) -> Outcome:
    """What an answer other than 2xx to the request for a fax means."""
    if not 100 <= status <= 599:
        return OutcomeUnknown(FailureCode.NO_ANSWER, "The fax provider's answer is not HTTP.")
    code = HttpCode(status)
    if status in _TRANSIENT:
        return TransientFailure(
            code, "The fax provider cannot take it now.", retry_after_seconds=retry_after_seconds
        )
    if 300 <= status <= 499:
        return PermanentFailure(code, "The fax provider refused it.")
    return OutcomeUnknown(code, "The fax provider failed; it may have taken it.")


def _failure(error_type: object, error_code: object) -> TransientFailure | PermanentFailure:
    """Of the error only its type and number are kept."""
    number = _number(error_code)
    try:
        kind = ErrorType(str(error_type))
    except ValueError:
        return TransientFailure(FailureCode.FAX_FAILED, f"unknown error {number}")
    detail = f"{kind} {number}"
    code, permanent = FailureCode.FAX_FAILED, False
    match kind:
        case ErrorType.CALL | ErrorType.LINE:
            code, permanent = _CALL_CODES.get(number, code), number in _CALL_PERMANENT
        case ErrorType.FAX:
            code, permanent = _FAX_CODES.get(number, code), number in _FAX_PERMANENT
        case ErrorType.DOCUMENT:
            permanent = number not in _DOCUMENT_TRANSIENT
        case ErrorType.FATAL:
            permanent = True
        case ErrorType.GENERAL:
            permanent = False
        case _:
            assert_never(kind)
    return PermanentFailure(code, detail) if permanent else TransientFailure(code, detail)


def _number(error_code: object) -> int:
    """An error's number; 0, which none has, where it is not written in digits."""
    return int(str(error_code)) if str(error_code).isdecimal() else 0
