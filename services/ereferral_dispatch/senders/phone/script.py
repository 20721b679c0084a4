"""The script of a call: whom to ask for, what to say, what to do then.

It names the patient, as the call must. It stands in the bodies of the event and of a reply, and
nowhere else.
"""

from contracts.referral import Priority
from letters import wording
from letters.letter import Message
from letters.teeth import in_charting_order, tooth_name
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.routing import NO_NUMBER

_REPORT = (
    "AFTER THE CALL\n"
    "Report what came of it: reached, no answer (it comes up again in two hours) or wrong number.\n"
    "Leave nothing about the patient on an answering machine or with anyone but the practice."
)


def call_script(consignment: Consignment) -> str:
    """The script of a referral's call, or of its cancellation's."""
    cancelled = consignment.message is Message.CANCELLATION
    parts = [
        _whom(consignment),
        _repeat(consignment) if consignment.possible_repeat and not cancelled else None,
        _say_cancelled(consignment) if cancelled else _say_referred(consignment),
        _letter("tells the same in writing" if cancelled else "has all details"),
        _REPORT,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _whom(consignment: Consignment) -> str:
    package = consignment.package
    number = "no number is on file, please find it"
    if consignment.address != NO_NUMBER:
        number = wording.number_for(
            consignment.address,
            package.partner.country,
            reader_country=wording.home_country(package.practice),
        )
    names = ", ".join(wording.partner_names(package.partner)) or "the practice"
    return f"CALL\n{names}: {number}"


def _repeat(consignment: Consignment) -> str:
    return (
        "ASK FIRST\n"
        f'"Do you already have a referral from us with the reference {consignment.reference}?"\n'
        "It may have arrived by another route: the patient must not be booked twice."
    )


def _say_referred(consignment: Consignment) -> str:
    referral, practice = consignment.package.referral, consignment.package.practice
    sentences = [
        f"This is {wording.one_line(practice.name)}. We would like to refer a patient to you: "
        f"{_patient(consignment)}.",
        f"The reason: {_reason(consignment)}",
    ]
    if referral.teeth:
        names = [f"{n} {tooth_name(n)}".strip() for n in in_charting_order(referral.teeth)]
        sentences.append(f"Teeth: {', '.join(names)}.")
    if referral.priority is not Priority.ROUTINE:
        sentences.append(
            f"It is {wording.PRIORITY_WORDS[referral.priority].upper()}. "
            f"{wording.PRIORITY_MEANINGS[referral.priority]}"
        )
    sentences.append(f"Our reference is {consignment.reference}.")
    if due := consignment.respond_by_day:
        day = wording.date_in_words(due, wording.home_country(practice))
        sentences.append(f"Can you see the patient, and let us know by {day}?")
    else:
        sentences.append("Can you see the patient?")
    return _quoted(sentences)


def _say_cancelled(consignment: Consignment) -> str:
    practice = consignment.package.practice
    day = wording.date_in_words(consignment.authored_day, wording.home_country(practice))
    sentences = [
        f"This is {wording.one_line(practice.name)}. We have CANCELLED a referral that you may "
        f"have received from us: {_patient(consignment)}, referred on {day}.",
        f"It was for: {_reason(consignment)}",
        f"Our reference is {consignment.reference}.",
    ]
    if consignment.cancel_reason:
        sentences.append(f"Why it is cancelled: {wording.one_line(consignment.cancel_reason)}")
    sentences.append(wording.CANCELLATION_REQUEST)
    return _quoted(sentences)


def _patient(consignment: Consignment) -> str:
    patient, practice = consignment.package.patient, consignment.package.practice
    name = wording.one_line(patient.name)
    if patient.date_of_birth is None:
        return name
    born = wording.date_in_words(patient.date_of_birth, wording.home_country(practice))
    return f"{name}, born {born}"


def _reason(consignment: Consignment) -> str:
    return wording.one_line(consignment.package.referral.reason)


def _quoted(sentences: list[str]) -> str:
    return "SAY\n" + "\n".join(f'"{sentence}"' for sentence in sentences)


def _letter(what_it_does: str) -> str:
    return (
        f"THE LETTER\nThe attached PDF {what_it_does}. Ask how they would like to have it, and "
        "send or hand it over that way."
    )
