"""Exchanges of operations, and the status of each one's success."""

import pytest

from contracts.catalogue import OPERATIONS


def test_an_operation_goes_to_the_exchange_of_its_service_and_kind() -> None:
    """The topology of docs/contract/wire.md#topology."""
    exchanges = {name: operation.exchange for name, operation in OPERATIONS.items()}
    assert exchanges["referral_partner.create"] == "referrals.commands"
    assert exchanges["referral_partner.list"] == "referrals.queries"
    assert exchanges["patient.get"] == "referrals.queries"
    assert exchanges["ereferral.dispatch"] == "ereferral_dispatch.commands"
    assert exchanges["ereferral.get"] == "ereferral_dispatch.queries"


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ("referral_partner.create", 201),
        ("referral_partner.update", 200),
        ("referral_partner.archive", 204),
        ("patient.put", 200),
        ("patient.archive", 204),
        ("referral.create", 201),
        ("referral.send", 202),
        ("referral.get", 200),
        ("ereferral.dispatch", 202),
    ],
)
def test_an_operation_has_the_status_of_its_success(operation: str, status: int) -> None:
    """200 read, updated or put; 201 created; 202 accepted for later; 204 archived."""
    assert OPERATIONS[operation].status == status
