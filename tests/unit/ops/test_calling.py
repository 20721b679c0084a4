"""`handoff call` without a broker: what is refused before anything is sent."""

import pytest

from ops import calling
from tests.support.services.command_line import handoff
from tests.unit.ops.unreachable import REFERRALS


def test_call_lists_the_names_near_an_unknown_operation() -> None:
    """A misspelt name costs no search in the documentation."""
    ended = handoff("call", "referal_partner.creat", "{}", **REFERRALS)
    assert ended.exit_code == 2
    assert "referral_partner.create" in ended.stderr


@pytest.mark.parametrize("body", ["{", "[]", '"text"', ""])
def test_call_refuses_a_body_that_is_no_json_object(body: str) -> None:
    """Before anything is sent: exit status 2, as for every wrong argument."""
    ended = handoff("call", "patient.get", body, **REFERRALS)
    assert ended.exit_code == 2
    assert "JSON" in ended.stderr


def test_a_number_of_any_length_is_json() -> None:
    """It is the service's to refuse."""
    body = '{"page": ' + "9" * 6_000 + "}"
    assert calling.check_body(body) == body.encode()
