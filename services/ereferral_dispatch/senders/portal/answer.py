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
from services.ereferral_dispatch.senders.portal.outcome_xml import issue_codes

CONFLICT = 409
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
    """The outcome that a status stands for; 409 as if it were no duplicate."""
    code = http_code(status)
    if 200 <= status <= 299:
        return Delivered(code)
    if status in _TRANSIENT or 500 <= status <= 599:
        return TransientFailure(
            code, "The portal cannot take it now.", retry_after_seconds=retry_after_seconds
        )
    if 300 <= status <= 399:
        return PermanentFailure(code, "The portal redirects, which is not followed.")
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


def says_duplicate(body: bytes) -> bool:
    """Whether a body is an OperationOutcome with an issue of the code `duplicate` (FHIR R4).

    In JSON or, from servers that heed no Accept, in XML. A byte order mark before JSON is passed
    over (RFC 8259, section 8.1): some servers write one.
    """
    if "duplicate" in (issue_codes(body) or ()):
        return True
    try:
        outcome = orjson.loads(body.removeprefix(BOM_UTF8))
    except orjson.JSONDecodeError:
        return False
    if not isinstance(outcome, dict) or outcome.get("resourceType") != "OperationOutcome":
        return False
    issues = outcome.get("issue")
    return isinstance(issues, list) and any(
        isinstance(issue, dict) and issue.get("code") == "duplicate" for issue in issues
    )


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
