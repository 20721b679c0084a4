"""A portal's answer, and whether by it the portal may have the referral."""

import json

import pytest

from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Outcome,
    PermanentFailure,
    may_have_been_received,
)
from services.ereferral_dispatch.senders.portal.answer import outcome_of_conflict, outcome_of_status

REFUSED = PermanentFailure(HttpCode(409), "The portal refused it.")
UNREAD = PermanentFailure(
    HttpCode(409),
    "The portal refused it; what it says could not be read.",
    may_have_been_received=True,
)


def operation_outcome(*codes: str) -> bytes:
    """FHIR R4's OperationOutcome with these issues."""
    issues = [{"severity": "error", "code": code} for code in codes]
    return json.dumps({"resourceType": "OperationOutcome", "issue": issues}).encode()


def in_xml(*codes: str) -> bytes:
    """The same in FHIR's XML."""
    issues = "".join(f'<issue><code value="{code}"/></issue>' for code in codes)
    return f'<OperationOutcome xmlns="http://hl7.org/fhir">{issues}</OperationOutcome>'.encode()


@pytest.mark.parametrize(
    ("status", "maybe"),
    [
        (200, True),
        (303, True),  # RFC 9110, 15.4.4: where to read what became of the request
        (302, False),
        (400, False),
        (408, False),
        (409, True),
        (422, False),
        (429, False),
        (500, True),
        (502, True),
        (503, False),
        (504, True),
        (599, True),
        (999, True),  # no status of HTTP: unknown
    ],
)
def test_which_statuses_leave_open_whether_it_was_stored(status: int, maybe: bool) -> None:
    """An unknown outcome, a 5xx other than 503, a 409 that nobody has read, and a redirect to the
    result (docs/contract/dispatch.md#may-have-been-received)."""
    assert may_have_been_received(outcome_of_status(status)) is maybe


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (operation_outcome("duplicate"), Delivered(HttpCode(409))),
        (operation_outcome("conflict", "duplicate"), Delivered(HttpCode(409))),
        (operation_outcome("conflict"), REFUSED),
        (b"\xef\xbb\xbf" + operation_outcome("conflict"), REFUSED),
        (None, UNREAD),
        (b"", UNREAD),
        (b"already exists", UNREAD),
        (b"<html>Conflict</html>", UNREAD),
        (b"\x1f\x8b\x08\x00", UNREAD),
        (b'{"error": "duplicate"}', UNREAD),
        (b'{"resourceType": "Bundle"}', UNREAD),
        (b'{"resourceType": "OperationOutcome"}', UNREAD),
        (b'{"resourceType": "OperationOutcome", "issue": []}', UNREAD),
        (b'{"resourceType": "OperationOutcome", "issue": ["duplicate"]}', UNREAD),
        (operation_outcome("conflict")[:-1], UNREAD),
        (in_xml("duplicate"), Delivered(HttpCode(409))),
        (in_xml("conflict"), REFUSED),
        (in_xml(), UNREAD),
        (in_xml("conflict")[:-1], UNREAD),
    ],
)
def test_a_409_that_cannot_be_read_may_be_a_duplicate(body: bytes | None, outcome: Outcome) -> None:
    """Only an OperationOutcome with other codes says that the portal does not have it."""
    assert outcome_of_conflict(body) == outcome
