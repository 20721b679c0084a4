"""The script of a call: whom, what to say, what then."""

from typing import Any

from contracts.referral import Priority
from letters.letter import Message
from services.ereferral_dispatch.senders.phone.script import call_script
from tests.support.samples.packages import (
    sample_consignment,
    sample_package,
    sample_partner,
    sample_patient,
    sample_practice,
    sample_referral,
)

NUMBER = "+12025550111"


def script(**changes: Any) -> str:
    return call_script(sample_consignment(address=NUMBER, **changes))


def test_the_whole_script() -> None:
    """A routine referral, as the person who calls reads it."""
    assert script() == (
        "CALL\n"
        "Alex Example, Example Endodontics: (202) 555-0111\n"
        "\n"
        "SAY\n"
        '"This is Sample Family Dental. We would like to refer a patient to you: Sample Patient, '
        'born March 9, 1984."\n'
        '"The reason: Root canal evaluation, lower right first molar."\n'
        '"Teeth: 30 lower right first molar (FDI 46)."\n'
        '"Our reference is 0123-4567-89AB."\n'
        '"Can you see the patient, and let us know by December 4, 2026?"\n'
        "\n"
        "THE LETTER\n"
        "The attached PDF has all details. Ask how they would like to have it, and send or hand it "
        "over that way.\n"
        "\n"
        "AFTER THE CALL\n"
        "Report what came of it: reached, no answer (it comes up again in two hours) or wrong "
        "number.\n"
        "Leave nothing about the patient on an answering machine or with anyone but the practice.\n"
    )


def test_an_extension_is_asked_for() -> None:
    """As one writes it where the practice is."""
    said = call_script(sample_consignment(address=f"{NUMBER};ext=12"))
    assert said.startswith("CALL\nAlex Example, Example Endodontics: (202) 555-0111 ext. 12\n")
    abroad = call_script(
        sample_consignment(address="+33123456789;ext=12", package=sample_package())
    )
    assert abroad.startswith("CALL\nAlex Example, Example Endodontics: +33 1 23 45 67 89 ext. 12\n")


def test_urgency_is_said() -> None:
    """The caller says the priority and what it asks of the partner."""
    said = script(package=sample_package(referral=sample_referral(priority=Priority.STAT)))
    assert '"It is STAT. Please act on this immediately: it is an emergency."' in said


def test_a_possible_repeat_is_asked_about_first() -> None:
    """Before the patient is named, so that nobody is booked twice."""
    said = script(possible_repeat=True)
    question = '"Do you already have a referral from us with the reference 0123-4567-89AB?"'
    assert said.index(question) < said.index("Sample Patient")
    assert "repeat" not in script() and "already" not in script()


def test_a_cancellation_is_told() -> None:
    """Which referral, of what day, and why it is cancelled; nothing is asked about a repeat."""
    said = script(
        message=Message.CANCELLATION, cancel_reason="Sent\nby mistake", possible_repeat=True
    )
    assert (
        '"This is Sample Family Dental. We have CANCELLED a referral that you may have received '
        'from us: Sample Patient, born March 9, 1984, referred on November 20, 2026."\n'
        '"It was for: Root canal evaluation, lower right first molar."\n'
        '"Our reference is 0123-4567-89AB."\n'
        '"Why it is cancelled: Sent by mistake"\n'
        '"Please do not book the patient because of it.'
    ) in said
    assert "ASK FIRST" not in said
    assert "refer a patient" not in said


def test_what_is_unknown_is_left_out() -> None:
    """A number abroad is dialled from here; a partner without a name is `the practice`."""
    said = call_script(
        sample_consignment(
            address="+33123456789",
            package=sample_package(
                referral=sample_referral(teeth=None, respond_by=None),
                patient=sample_patient(date_of_birth=None),
                practice=sample_practice(country="US"),
                partner=sample_partner(country="FR", practice_name=None),
            ),
        )
    )
    assert said.startswith("CALL\nAlex Example: +33 1 23 45 67 89\n")
    assert "a patient to you: Sample Patient." in said
    assert '"Can you see the patient?"' in said
    assert "Teeth" not in said
    assert "None" not in said
