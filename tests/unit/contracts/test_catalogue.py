"""The catalogue: what the contracts declare, each name once."""

from typing import Final

import pytest

from contracts.catalogue import EVENTS, OPERATIONS, by_name, events_of, operations_of
from contracts.directory import PATIENT_PUT, Patient, PatientArchive, PatientPut
from contracts.ereferral import CANCEL_EREFERRAL, Ereferral
from contracts.events import Event, EventSource
from contracts.operations import DeclarationError, Kind, Service, command, command_or_null
from contracts.referral_partner import CREATE_REFERRAL_PARTNER, REFERRAL_PARTNER_CREATED
from contracts.replies import ReplyStatus

AGAIN: Final = command("patient.put", Service.REFERRALS, PatientPut, Patient)


def test_a_constant_of_a_contract_is_in_the_catalogue() -> None:
    """The very one that handlers are declared with."""
    assert OPERATIONS["referral_partner.create"] is CREATE_REFERRAL_PARTNER
    assert EVENTS["referral_partner.created"] is REFERRAL_PARTNER_CREATED


def test_every_declaration_is_somebodys() -> None:
    """Taken by one queue, or published by one service."""
    taken = [name for s in Service for k in Kind for name in operations_of(s, k)]
    assert sorted(taken) == sorted(OPERATIONS) and len(OPERATIONS) >= 45
    told = [event.name for source in EventSource for event in events_of(source)]
    assert sorted(told) == sorted(EVENTS) and len(EVENTS) >= 37
    assert "referral.send" in operations_of(Service.REFERRALS, Kind.COMMAND)
    assert "ereferral.get" in operations_of(Service.EREFERRAL_DISPATCH, Kind.QUERY)


def test_a_name_is_declared_once() -> None:
    """Of two operations, or two events, nobody could say which one a message means."""
    with pytest.raises(DeclarationError, match=r"^patient\.put is declared twice$"):
        by_name([OPERATIONS["patient.put"], AGAIN])
    again = Event("patient.put", EventSource.REFERRALS, Patient)
    with pytest.raises(DeclarationError, match=r"^patient\.put is declared twice$"):
        by_name([PATIENT_PUT, again])
    assert by_name([PATIENT_PUT, PATIENT_PUT]) == {"patient.put": PATIENT_PUT}


def test_a_cancel_is_answered_at_once_or_later() -> None:
    """202 while it is still to be done, without data where no dispatch was heard; 200 when done."""
    assert CANCEL_EREFERRAL.replies == {
        ReplyStatus.ACCEPTED: (Ereferral, None),
        ReplyStatus.OK: (Ereferral,),
    }
    assert CANCEL_EREFERRAL.status is ReplyStatus.ACCEPTED


def test_replies_are_of_the_shape_that_handlers_are_checked_against() -> None:
    """Else mypy would hold a handler to one shape, and the schemas would show another."""
    with pytest.raises(DeclarationError, match=r"^x.archive: its replies are not Patient and null"):
        command_or_null(
            "x.archive",
            Service.REFERRALS,
            PatientArchive,
            Patient,
            {ReplyStatus.ARCHIVED: (None,), ReplyStatus.OK: (Ereferral, None)},
        )
