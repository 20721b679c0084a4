"""The meaning of an HTTP answer, by the table of docs/contract/dispatch.md#outcomes. Pure."""

from codecs import BOM_UTF8

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
# RFC 9110: 408 Request Timeout, 425 Too Early (RFC 8470), 429 Too Many Requests (RFC 6585).
_TRANSIENT = frozenset({408, 425, 429})


def outcome_of_status(status: int, retry_after_seconds: float | None = None) -> Outcome:
    """The outcome that a status stands for; 409 as if it were no duplicate."""
    if not 100 <= status <= 599:
        return OutcomeUnknown(FailureCode.NO_ANSWER, "The portal gave no status that HTTP has.")
    code = HttpCode(status)
    if 200 <= status <= 299:
        return Delivered(code)
    if status in _TRANSIENT or status >= 500:
        return TransientFailure(
            code, "The portal cannot take it now.", retry_after_seconds=retry_after_seconds
        )
    if status >= 400:
        return PermanentFailure(code, "The portal refused it.")
    if status >= 300:
        return PermanentFailure(code, "The portal redirects, which is not followed.")
    return OutcomeUnknown(code, "The portal gave no final answer.")


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
