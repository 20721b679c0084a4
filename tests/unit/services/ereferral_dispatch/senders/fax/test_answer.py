"""Answers of Sinch's fax interface, as outcomes: the table of its errors."""

import pytest

from contracts.ereferral import FailureCode, SuccessCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    OutcomeUnknown,
    PermanentFailure,
    TransientFailure,
)
from services.ereferral_dispatch.senders.fax.answer import (
    fax_id,
    outcome_of_fax,
    outcome_of_refusal,
    read_fax,
)

FAILED = FailureCode.FAX_FAILED
NO_PAGE = {"pagesSentSuccessfully": 0}


@pytest.mark.parametrize("status", ["QUEUED", "IN_PROGRESS", "SOMETHING_NEW", None, 7])
def test_only_a_known_end_is_an_end(status: object) -> None:
    """A status that we do not know counts neither as success nor as failure."""
    assert outcome_of_fax({"status": status}) is None


def test_completed_is_delivered() -> None:
    """The partner's machine took every page."""
    assert outcome_of_fax({"status": "COMPLETED"}) == Delivered(SuccessCode.FAX_COMPLETED)


@pytest.mark.parametrize(
    ("error_type", "number", "code"),
    [
        ("CALL_ERROR", 15, FailureCode.CONGESTION),
        ("CALL_ERROR", 16, FailureCode.NO_ANSWER),  # ring timeout
        ("CALL_ERROR", 17, FailureCode.LINE_BUSY),
        ("LINE_ERROR", 17, FailureCode.LINE_BUSY),
        ("LINE_ERROR", "17", FailureCode.LINE_BUSY),
        ("CALL_ERROR", 30, FailureCode.NO_ANSWER),
        ("FAX_ERROR", 48, FailureCode.NO_ANSWER),  # may be out of paper
        ("CALL_ERROR", 43, FAILED),  # problem establishing the connection
        ("FAX_ERROR", 6, FAILED),
        ("FAX_ERROR", 132, FAILED),  # no fax tone
        ("DOCUMENT_CONVERSION_ERROR", 57, FAILED),  # the file could not be stored
        ("GENERAL_ERROR", 1, FAILED),
    ],
)
def test_what_may_work_later(error_type: str, number: int, code: FailureCode) -> None:
    """Transient: the same number is tried again."""
    fax = {"status": "FAILURE", "errorType": error_type, "errorCode": number, **NO_PAGE}
    assert outcome_of_fax(fax) == TransientFailure(code, f"{error_type} {number}")


@pytest.mark.parametrize(
    ("error_type", "number", "code"),
    [
        ("CALL_ERROR", 34, FailureCode.BAD_NUMBER),  # not operational
        ("CALL_ERROR", 49, FailureCode.BAD_NUMBER),  # not active
        ("FAX_ERROR", 133, FailureCode.BAD_NUMBER),  # not permitted
        ("CALL_ERROR", 32, FAILED),  # incompatible destination
        ("FAX_ERROR", 7, FAILED),  # the page's size
        ("FAX_ERROR", 31, FAILED),  # incompatible machine
        ("FAX_ERROR", 46, FAILED),  # no funds
        ("DOCUMENT_CONVERSION_ERROR", 133, FAILED),
        ("FATAL_ERROR", 1, FAILED),
    ],
)
def test_what_will_not_work(error_type: str, number: int, code: FailureCode) -> None:
    """Permanent: the next channel is tried. 133 is one thing of a fax, another of a document."""
    fax = {"status": "FAILURE", "errorType": error_type, "errorCode": number, **NO_PAGE}
    assert outcome_of_fax(fax) == PermanentFailure(code, f"{error_type} {number}")


@pytest.mark.parametrize(
    "error", [{}, {"errorType": "NEW_ERROR", "errorCode": "Sample Patient"}, {"errorType": None}]
)
def test_an_error_that_we_do_not_know(error: dict[str, object]) -> None:
    """It may be tried again, and who knows how far it came; nothing of its text is kept."""
    outcome = outcome_of_fax({"status": "FAILURE", **error})
    assert outcome == TransientFailure(FAILED, "unknown error 0", may_have_been_received=True)
    outcome = outcome_of_fax({"status": "FAILURE", **error, **NO_PAGE})
    assert outcome == TransientFailure(FAILED, "unknown error 0")


@pytest.mark.parametrize(
    ("error_type", "number"),
    [
        ("CALL_ERROR", 13),
        ("CALL_ERROR", 17),
        ("CALL_ERROR", 34),  # permanent
        ("LINE_ERROR", 11),
        ("FAX_ERROR", 131),
        ("FAX_ERROR", 7),  # permanent
        ("DOCUMENT_CONVERSION_ERROR", 133),
        ("FATAL_ERROR", 1),
        ("GENERAL_ERROR", 1),
        ("NEW_ERROR", 99),
        (None, None),
    ],
)
@pytest.mark.parametrize(
    ("pages", "shown"),
    [
        *((0, False), ("0", False), (0.0, False), ("0.0", False), (" 0 ", False)),
        *((1, True), (7, True), ("2", True), (1.0, True), (0.5, True), ("1.0", True), ("+2", True)),
        # A figure that cannot be read does not say that there was none.
        *((-1, True), (True, True), (False, True), ("two", True), ("", True), ("1,5", True)),
        *(([1], True), ({}, True), (float("inf"), True), (float("nan"), True), ("1e999", True)),
    ],
)
def test_pages_that_were_received_may_have_been_read(
    error_type: str | None, number: int | None, pages: object, shown: bool
) -> None:
    """Whatever the error: the provider reports pages as received (schema Fax,
    pagesSentSuccessfully), and the first has patient, reason and reference."""
    fax = {
        "status": "FAILURE",
        "errorType": error_type,
        "errorCode": number,
        "numberOfPages": 9,
        "pagesSentSuccessfully": pages,
    }
    outcome = outcome_of_fax(fax)
    assert isinstance(outcome, (TransientFailure, PermanentFailure))
    assert outcome.may_have_been_received is shown


@pytest.mark.parametrize(
    ("error_type", "number", "shown"),
    [
        ("CALL_ERROR", 11, True),  # dropped
        ("LINE_ERROR", "11", True),
        ("CALL_ERROR", 17, False),  # busy
        ("LINE_ERROR", 112, False),  # no answer
        ("CALL_ERROR", 43, False),  # not established
        ("CALL_ERROR", 88, True),  # a network error
        ("CALL_ERROR", None, True),
        ("FAX_ERROR", 131, True),  # incomplete transmission
        ("FAX_ERROR", 48, True),  # out of paper
        ("FAX_ERROR", 5, True),
        ("FAX_ERROR", 8, True),  # no response after a page
        ("FAX_ERROR", 132, False),  # no tone
        ("FAX_ERROR", 7, False),  # the page's size
        ("FAX_ERROR", "133", False),  # not permitted
        ("DOCUMENT_CONVERSION_ERROR", 4, False),  # nobody was called
        ("FATAL_ERROR", 1, True),
        ("GENERAL_ERROR", 1, True),
        ("NEW_ERROR", 17, True),
    ],
)
def test_without_a_figure_only_an_error_before_the_first_page_rules_it_out(
    error_type: str, number: object, shown: bool
) -> None:
    """docs/contract/dispatch.md#promise: where a repeat cannot be ruled out it says so. A busy line
    took no page; a call that was dropped, or a machine that is out of paper, may have."""
    fax = {"status": "FAILURE", "errorType": error_type, "errorCode": number}
    for said in (fax, {**fax, "pagesSentSuccessfully": None}):
        outcome = outcome_of_fax(said)
        assert isinstance(outcome, (TransientFailure, PermanentFailure))
        assert outcome.may_have_been_received is shown


def test_pages_of_an_earlier_look_are_not_forgotten() -> None:
    """A last look without the figure, or with 0, takes no page back."""
    busy = {"status": "FAILURE", "errorType": "CALL_ERROR", "errorCode": 17}
    for last in (busy, {**busy, "pagesSentSuccessfully": 0}):
        outcome = outcome_of_fax(last, pages_before=1)
        assert isinstance(outcome, TransientFailure) and outcome.may_have_been_received


def test_a_fax_that_may_have_been_made_is_unknown() -> None:
    """503 says that nothing was taken; any other 5xx does not."""
    assert isinstance(outcome_of_refusal(503, None), TransientFailure)
    for status in (500, 502, 504, 599):
        assert isinstance(outcome_of_refusal(status, None), OutcomeUnknown)


@pytest.mark.parametrize(
    "body", [None, b"", b"[]", b"no JSON", b'{"id": 7}', b'{"id": "a/b"}', b'{"id": ""}']
)
def test_a_body_without_an_id(body: bytes | None) -> None:
    """An id goes into a path: what does not fit there is none."""
    assert fax_id(read_fax(body)) is None


def test_a_byte_order_mark_before_a_fax_is_passed_over() -> None:
    """RFC 8259, section 8.1: some servers write one."""
    assert read_fax(b'\xef\xbb\xbf{"id": "01HDF", "status": "COMPLETED"}') == {
        "id": "01HDF",
        "status": "COMPLETED",
    }
