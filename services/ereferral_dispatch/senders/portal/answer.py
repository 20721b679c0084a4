"""The meaning of an HTTP answer, by the table of docs/contract/dispatch.md#outcomes. Pure."""

from codecs import BOM_UTF8
from collections.abc import Sequence

import orjson

from contracts.ereferral import FailureCode
from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    TransientFailure,
)
from services.ereferral_dispatch.senders.portal.outcome_xml import issue_codes

CONFLICT = 409
UNAVAILABLE = 503
SEE_OTHER = 303
# RFC 9110: 408 Request Timeout, 425 Too Early (RFC 8470), 429 Too Many Requests (RFC 6585).
_TRANSIENT = frozenset({408, 425, 429})


def outcome_of_status(status: int, retry_after_seconds: float | None = None) -> Outcome:
    """The outcome that a status stands for; of a 409, as long as nobody has read what it says.

    A 5xx other than 503 may have come after the portal stored it, and so may a 303: that is where
    to read what became of it (RFC 9110, section 15.4.4).
    """
    if not 100 <= status <= 599:
        return OutcomeUnknown(FailureCode.NO_ANSWER, "The portal gave no status that HTTP has.")
    code = HttpCode(status)
    if 200 <= status <= 299:
        return Delivered(code)
    if status in _TRANSIENT or status >= 500:
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
    if status >= 400:
        return PermanentFailure(code, "The portal refused it.")
    if status >= 300:
        return PermanentFailure(
            code,
            "The portal redirects, which is not followed.",
            may_have_been_received=status == SEE_OTHER,
        )
    return OutcomeUnknown(code, "The portal gave no final answer.")


def outcome_of_conflict(body: bytes | None) -> Outcome:
    """What a 409 means, by what it says; `body` is None where that did not come whole.

    Only an OperationOutcome without the code `duplicate` says that the portal does not have it.
    """
    issues = None if body is None else issues_of(body)
    if issues is None:
        return outcome_of_status(CONFLICT)
    if "duplicate" in issues:
        return Delivered(HttpCode(CONFLICT))
    return PermanentFailure(HttpCode(CONFLICT), "The portal refused it.")


def issues_of(body: bytes) -> Sequence[object] | None:
    """The codes of the issues of an OperationOutcome (FHIR R4); None where a body is none.

    In JSON or, from servers that heed no Accept, in XML. A byte order mark before JSON is passed
    over (RFC 8259, section 8.1): some servers write one.
    """
    in_xml = issue_codes(body)
    if in_xml is not None:
        return in_xml or None
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
