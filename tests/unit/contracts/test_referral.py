"""The things that a partner's answer may name."""

from datetime import UTC, datetime

import pytest

from contracts.problems import Refusal
from contracts.referral import (
    RecordedResponse,
    Response,
    ResponseReason,
    check_recorded_response,
)

AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("response", Response)
def test_a_reason_goes_with_rejected_alone(response: Response) -> None:
    """Whoever accepts has no reason not to."""
    given = RecordedResponse(response=response, reason_code=ResponseReason.INSURANCE)
    if response is Response.REJECTED:
        check_recorded_response(given)
        return
    with pytest.raises(Refusal) as refused:
        check_recorded_response(given)
    (error,) = refused.value.problem.errors
    assert (error.loc, error.type) == (["reason_code"], "not_with_this_response")


@pytest.mark.parametrize("response", Response)
def test_an_appointment_goes_with_accepted_alone(response: Response) -> None:
    """It is named as the referral is accepted."""
    given = RecordedResponse(response=response, scheduled_at=AT)
    if response is Response.ACCEPTED:
        check_recorded_response(given)
        return
    with pytest.raises(Refusal) as refused:
        check_recorded_response(given)
    (error,) = refused.value.problem.errors
    assert (error.loc, error.type) == (["scheduled_at"], "not_with_this_response")


def test_an_answer_need_name_neither() -> None:
    """Nor does any other response."""
    for response in Response:
        check_recorded_response(RecordedResponse(response=response))
