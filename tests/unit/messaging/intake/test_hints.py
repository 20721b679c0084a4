"""Refusals say what to do: the operation and exchange meant, the field meant."""

import pytest

from contracts.problems import Refusal
from contracts.referral_partner import (
    ReferralPartnerCreate,
    ReferralPartnerList,
    ReferralPartnerUpdate,
)
from messaging.intake.admission import parse
from messaging.intake.hints import about_field, about_operation


@pytest.mark.parametrize(
    ("operation", "exchange", "said"),
    [
        ("referral_partner.list", "referrals.commands", "to the exchange referrals.queries"),
        ("referral_partner.create", "referrals.queries", "to the exchange referrals.commands"),
        ("ereferral.retry", "referrals.commands", "exchange ereferral_dispatch.commands"),
        ("referral_partner.creat", "referrals.commands", "nearest is referral_partner.create"),
        ("referralPartner.create", "referrals.commands", "nearest is referral_partner.create"),
        ("referral-partner.create", "referrals.commands", "nearest is referral_partner.create"),
        ("patient.create", "referrals.commands", "nearest is patient.put"),
        ("contact.create", "referrals.commands", "nearest is contact.put"),
        ("intake.create", "referrals.commands", "nearest is intake.submit"),
        ("referral_partner.delete", "referrals.commands", "nearest is referral_partner.archive"),
        ("referral.delete", "referrals.commands", "nearest is referral.cancel"),
        ("xyz", "referrals.commands", "handoff operations lists all"),
    ],
)
def test_an_operation_that_is_not_taken_is_told_where_it_is(
    operation: str, exchange: str, said: str
) -> None:
    """A known one by its exchange, else the nearest name; docs/contract/wire.md#problems."""
    assert said in about_operation(operation, exchange)


def test_what_a_client_wrote_is_not_said_again() -> None:
    """A routing key may hold anything, a patient's name too."""
    assert "pace" not in about_operation("paula.pace", "referrals.commands").lower()


def wrong(shape: type, **fields: object) -> dict[str, str]:
    """What each refused field is told."""
    with pytest.raises(Refusal) as refused:
        parse(shape, {"org_id": "demo", **fields})
    return {str(error.loc[0]): error.msg for error in refused.value.problem.errors}


def test_an_unknown_field_is_told_the_one_that_was_meant() -> None:
    """Or, where none is near, which there are."""
    told = wrong(ReferralPartnerCreate, firstname="Ann", zzz=1)
    assert told["firstname"] == "There is no such field: perhaps first_name is meant"
    assert told["zzz"].startswith("There is no such field: the fields are accepts_ereferral, ")
    assert "npi" in told["zzz"]


def test_a_page_is_asked_for_in_our_words() -> None:
    """Others call it a limit; where there is no page, nothing is suggested."""
    assert wrong(ReferralPartnerList, limit=10)["limit"].endswith("perhaps page_size is meant")
    assert "page_size" not in wrong(ReferralPartnerCreate, limit=10)["limit"]


def test_a_queue_is_no_routing_key() -> None:
    """Sent to the default exchange under the queue's name, a message says no operation."""
    assert about_operation("referrals.commands", "") == (
        "The routing key is the operation's name; publish to the exchange referrals.commands, "
        "and not to a queue."
    )


def test_the_id_of_an_update_is_asked_for_by_its_name() -> None:
    """`id` is a field of a create alone."""
    told = wrong(ReferralPartnerUpdate, id="x", base_version=1)
    assert told["id"] == "There is no such field: perhaps referral_partner_uuid is meant"
    assert "referral_partner_uuid" in told


def test_of_many_unknown_fields_the_first_five_are_told_more() -> None:
    """Looking for a near name takes time that a client must not be able to ask for at will."""
    told = wrong(ReferralPartnerCreate, **{f"field_{n}": n for n in range(9)})
    assert sum(one == "There is no such field" for one in told.values()) == 4


def test_a_name_of_any_length_is_compared_in_no_time() -> None:
    """Its first 64 characters are enough."""
    assert about_field("x" * 1_000_000, ["first_name"]) == (
        "There is no such field: the fields are first_name"
    )
