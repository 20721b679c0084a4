"""What an HTTP answer means: the table of the delivery rules, section "One attempt". Pure."""

import re
from codecs import BOM_UTF8
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson

from contracts.ereferral import FailureCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    TransientFailure,
    http_code,
)

CONFLICT = 409
UNAVAILABLE = 503
SEE_OTHER = 303
# RFC 9110: 408 Request Timeout, 425 Too Early (RFC 8470), 429 Too Many Requests (RFC 6585).
_TRANSIENT = frozenset({408, 425, 429})
# Longer wishes are nonsense; how much of a wish is granted is the retry schedule's to say.
RETRY_AFTER_LIMIT_SECONDS = 30 * 24 * 3600
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_MANY_SECONDS = re.compile(r"\d{10,}", re.ASCII)
# RFC 9112, section 4; HTTP/1.0 servers are still about.
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
# RFC 9110, section 15.2. After 101 Switching Protocols no more HTTP follows.
_INTERIM = re.compile(rb"HTTP/1\.[01] 1(?!01)\d\d(?: [^\r\n]*)?\r?\n(?:[^\r\n]+\r?\n)*\r?\n")


def outcome_of_status(status: int, retry_after_seconds: float | None = None) -> Outcome:
    """The outcome that a status stands for; of a 409, as long as nobody has read what it says.

    A 5xx other than 503 may have come after the portal stored it, and so may a 303: that is where
    to read what became of it (RFC 9110, section 15.4.4).
    """
    code = http_code(status)
    if 200 <= status <= 299:
        return Delivered(code)
    if status in _TRANSIENT or 500 <= status <= 599:
        return TransientFailure(
            code,
            "The portal cannot take it now.",
            retry_after_seconds=retry_after_seconds,
            may_have_been_received=status >= 500 and status != UNAVAILABLE,
        )
    if status == CONFLICT:
        return PermanentFailure(
            code,
            "The portal refused it; what it says could not be read.",
            may_have_been_received=True,
        )
    if 300 <= status <= 399:
        return PermanentFailure(
            code,
            "The portal redirects, which is not followed.",
            may_have_been_received=status == SEE_OTHER,
        )
    if 400 <= status <= 499:
        return PermanentFailure(code, "The portal refused it.")
    if 100 <= status <= 199:
        return OutcomeUnknown(code, "The portal gave no final answer.")
    return OutcomeUnknown(FailureCode.NO_ANSWER, "The portal gave no status that HTTP has.")


def past_interim(head: bytes) -> bytes:
    """What follows the interim answers (1xx) whose header blocks came whole."""
    start = 0
    while interim := _INTERIM.match(head, start):
        start = interim.end()
    return head[start:]


def status_of_line(head: bytes) -> int | None:
    """The final status that a first line says; None where it is not whole, malformed or interim."""
    match = _STATUS_LINE.match(head)
    status = int(match[1]) if match else 0
    return status if 200 <= status <= 599 else None


def outcome_of_conflict(body: bytes | None) -> Outcome:
    """What a 409 means, by what it says; `body` is None where that did not come whole.

    Only an OperationOutcome without the code `duplicate` says that the portal does not have it.
    """
    issues = None if body is None else issues_of(body)
    if issues is None:
        return outcome_of_status(CONFLICT)
    if "duplicate" in issues:
        return Delivered(http_code(CONFLICT))
    return PermanentFailure(http_code(CONFLICT), "The portal refused it.")


def issues_of(body: bytes) -> list[object] | None:
    """The codes of the issues of an OperationOutcome (FHIR R4); None where a body is none.

    A byte order mark before it is passed over (RFC 8259, section 8.1): some servers write one.
    """
    try:
        outcome = orjson.loads(body.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        return None
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return None
    issues = outcome.get("issue")
    if not isinstance(issues, list) or not all(isinstance(issue, dict) for issue in issues):
        return None
    codes = [issue.get("code") for issue in issues]
    return codes or None  # R4 wants one at least: with none, it says nothing.


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Retry-After (RFC 9110, section 10.2.3), 0 seconds to 30 days; None where it is malformed."""
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        wish = float(text)
    elif _MANY_SECONDS.fullmatch(text):
        wish = float(RETRY_AFTER_LIMIT_SECONDS)
    else:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        wish = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(wish, 0.0), float(RETRY_AFTER_LIMIT_SECONDS))
