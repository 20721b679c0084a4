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


@pytest.mark.parametrize("body", ["@nofile", "{org_id: demo}", "{'org_id': 'demo'}"])
def test_a_body_that_is_no_json_is_told_how_one_is_written(body: str) -> None:
    """Where it goes wrong, what one looks like, and how a file is sent: none of Python's words."""
    said = " ".join(handoff("call", "patient.get", body, **REFERRALS).stderr.split())
    assert "not JSON at line 1, column" in said
    assert '{"org_id": "demo"}' in said and "OPERATION - < FILE" in said
    assert "Expecting" not in said and "char" not in said


def test_a_number_of_any_length_is_json() -> None:
    """It is the service's to refuse."""
    body = '{"page": ' + "9" * 6_000 + "}"
    assert calling.check_body(body) == body.encode()
