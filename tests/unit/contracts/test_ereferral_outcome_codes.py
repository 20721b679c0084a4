"""The codes of attempts: a closed list, which programs may branch on."""

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.ereferral import OutcomeCode

CODE = TypeAdapter(OutcomeCode)
CODES = [
    "name_not_resolved",
    "address_blocked",
    "connect_refused",
    "connect_timeout",
    "connection_lost",
    "network_unreachable",
    "tls_failed",
    "certificate_invalid",
    "timed_out",
    "no_answer",
    "authentication_failed",
    "recipient_refused",
    "channel_not_available",
    "worker_lost",
    "internal_fault",
    "stopped",
    "withdrawn",
    "line_busy",
    "congestion",
    "bad_number",
    "wrong_number",
    "fax_failed",
    "reached",
    "fax_completed",
    "http_100",
    "http_201",
    "http_410",
    "http_503",
    "smtp_250",
    "smtp_421",
    "smtp_550",
]


@pytest.mark.parametrize("code", CODES)
def test_a_code_of_the_list_is_one(code: str) -> None:
    """Every code that an attempt can end with, and a partner's own status."""
    assert CODE.validate_python(code) == code


@pytest.mark.parametrize(
    "code", ["relay_down", "http_600", "http_50", "smtp_150", "no_answer_2", ""]
)
def test_any_other_is_none(code: str) -> None:
    """A new one has to be added to the list, and so to the schemas that clients read."""
    with pytest.raises(ValidationError):
        CODE.validate_python(code)
