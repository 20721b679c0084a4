"""Fax through Sinch, against a stub of its interface: the request, and what becomes of the fax."""

import asyncio
import base64
from typing import Any

import pytest

from contracts.ereferral import FailureCode, SuccessCode
from letters.letter import Message
from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    TransientFailure,
)
from tests.support.partners.sending import LETTER, Gate
from tests.support.partners.sinch import (
    NUMBER,
    SILENCE,
    SinchStub,
    failure,
    fax,
    said,
    sinch_sender,
    to_fax,
)
from tests.support.samples.packages import EREFERRAL_ID
from tests.support.waiting import until

UNFOLLOWED = OutcomeUnknown(
    FailureCode.NO_ANSWER, "The fax provider took it and named no fax to follow."
)


async def attempt(stub: SinchStub, gate: Gate | None = None, **changes: Any) -> Outcome:
    """One attempt at the stub."""
    async with stub.server, sinch_sender(stub.url) as sender:
        consignment = to_fax(**changes)
        return await sender.send(consignment, sender.compose(consignment), gate or Gate())


async def test_a_fax_is_asked_for_once_and_followed_to_its_end() -> None:
    """One request with the letter, no retries of the provider's own; COMPLETED is delivered."""
    stub = SinchStub(fax("QUEUED"), fax("IN_PROGRESS"), fax("COMPLETED"))
    assert await attempt(stub) == Delivered(SuccessCode.FAX_COMPLETED)
    (request,) = stub.asked
    (file,) = request.pop("files")
    assert base64.b64decode(file["file"]) == LETTER
    assert file["fileType"] == "PDF"
    assert request == {
        "to": NUMBER,
        "maxRetries": 0,
        "labels": {"ereferral": str(EREFERRAL_ID)},
        "headerText": "Sample Family Dental",
        "imageConversionMethod": "MONOCHROME",
    }
    assert stub.looked == 3


async def test_a_cancellation_has_a_label_of_its_own() -> None:
    """Who looks for it at the provider finds both faxes and can tell them apart."""
    stub = SinchStub(fax("COMPLETED"))
    await attempt(stub, message=Message.CANCELLATION, cancel_reason="Sent by mistake")
    assert stub.asked[0]["labels"] == {"ereferral": f"{EREFERRAL_ID}.cancel"}


@pytest.mark.parametrize(
    ("error_type", "error_code", "outcome"),
    [
        ("CALL_ERROR", 17, TransientFailure(FailureCode.LINE_BUSY, "CALL_ERROR 17")),
        ("CALL_ERROR", 30, TransientFailure(FailureCode.NO_ANSWER, "CALL_ERROR 30")),
        ("CALL_ERROR", 15, TransientFailure(FailureCode.CONGESTION, "CALL_ERROR 15")),
        ("CALL_ERROR", 34, PermanentFailure(FailureCode.BAD_NUMBER, "CALL_ERROR 34")),
    ],
)
async def test_a_fax_that_failed(error_type: str, error_code: int, outcome: Outcome) -> None:
    """Nobody received it: transient where the line may be free later, not for a bad number."""
    stub = SinchStub(fax("IN_PROGRESS"), failure(error_type, error_code))
    assert await attempt(stub) == outcome
    assert len(stub.asked) == 1


async def test_a_look_that_fails_is_made_again() -> None:
    """Looking sends nothing, so an error, a lost connection or nonsense only costs time."""
    stub = SinchStub(
        said(500), None, said(404), said(200, ["no fax"]), fax("NEW_STATUS"), fax("COMPLETED")
    )
    assert await attempt(stub) == Delivered(SuccessCode.FAX_COMPLETED)
    assert stub.looked == 6
    assert len(stub.asked) == 1


async def test_a_fax_that_never_ends_is_the_callers_to_end() -> None:
    """No outcome is made up: the deadline cuts it off after the point of no return."""
    stub, gate = SinchStub(fax("IN_PROGRESS")), Gate()

    async def end_it_once_it_has_looked(deadline: asyncio.Timeout) -> None:
        await until(lambda: stub.looked > 1, within_seconds=30)
        deadline.reschedule(0)

    async def cut_off() -> None:
        async with asyncio.timeout(60) as deadline, asyncio.TaskGroup() as group:
            group.create_task(end_it_once_it_has_looked(deadline))
            await attempt(stub, gate)

    with pytest.raises(TimeoutError):
        await cut_off()
    assert gate.passed == 1
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (said(400), PermanentFailure(HttpCode(400), "The fax provider refused it.")),
        (said(401), PermanentFailure(HttpCode(401), "The fax provider refused it.")),
        (said(402), PermanentFailure(HttpCode(402), "The fax provider refused it.")),
        (said(422), PermanentFailure(HttpCode(422), "The fax provider refused it.")),
        (
            said(302, None, "Location: /elsewhere"),
            PermanentFailure(HttpCode(302), "The fax provider refused it."),
        ),
        (
            said(429, None, "Retry-After: 90"),
            TransientFailure(HttpCode(429), "The fax provider cannot take it now.", 90.0),
        ),
        (said(408), TransientFailure(HttpCode(408), "The fax provider cannot take it now.")),
        (said(503), TransientFailure(HttpCode(503), "The fax provider cannot take it now.")),
        (
            said(500),
            OutcomeUnknown(HttpCode(500), "The fax provider failed; it may have taken it."),
        ),
        (
            said(502),
            OutcomeUnknown(HttpCode(502), "The fax provider failed; it may have taken it."),
        ),
        (
            said(200, {"status": "QUEUED"}),
            OutcomeUnknown(
                FailureCode.NO_ANSWER, "The fax provider took it and named no fax to follow."
            ),
        ),
        (
            said(200, {"id": "../../other", "status": "QUEUED"}),
            OutcomeUnknown(
                FailureCode.NO_ANSWER, "The fax provider took it and named no fax to follow."
            ),
        ),
        (
            None,
            OutcomeUnknown(
                FailureCode.CONNECTION_LOST,
                "The connection ended without an answer; it may have it.",
            ),
        ),
    ],
)
async def test_the_answer_to_the_request(answer: bytes | None, outcome: Outcome) -> None:
    """As for portals, but for what a repeat would do: a fax is not recognised as one.

    So an answer that leaves open whether the fax was made is unknown, and a person resolves it.
    """
    stub = SinchStub(answer=answer)
    assert await attempt(stub) == outcome
    assert len(stub.asked) == 1
    assert stub.looked == 0


async def test_no_answer_in_time_is_unknown() -> None:
    """A provider that took the request and is silent holds an attempt for a short while alone."""
    outcome = await attempt(SinchStub(answer=SILENCE))
    assert outcome == OutcomeUnknown(
        FailureCode.TIMED_OUT, "The fax provider did not answer in time."
    )


async def test_a_number_that_is_none_is_not_sent() -> None:
    """Permanent at once: no connection, and no point of no return."""
    stub, gate = SinchStub(), Gate()
    outcome = await attempt(stub, gate, address="12")
    assert isinstance(outcome, PermanentFailure) and outcome.code == FailureCode.BAD_NUMBER
    assert (stub.server.connections, gate.passed) == (0, 0)


async def test_a_national_number_is_read_as_one_of_the_partners_country() -> None:
    """What a partner's record has in its national form is dialled in E.164."""
    stub = SinchStub(fax("COMPLETED"))
    await attempt(stub, address="(202) 555-0112")
    assert stub.asked[0]["to"] == "+12025550112"
