"""The e-mail's own text: nothing about the patient, who is in the attached letter alone."""

from contracts.referral import Priority
from letters import wording
from letters.letter import Message
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.mail_message import ascii_address

_CONFIDENTIAL = (
    "The letter is confidential. If it reached you by mistake, please tell the practice "
    "and delete it."
)

# An address outside ASCII cannot be answered from everywhere.
_WRITE_ANEW = (
    "If you answer by e-mail, please write to that address yourself: a reply to this message may "
    "not reach the practice."
)


def email_subject(consignment: Consignment) -> str:
    """Urgency, whether it may be a repeat, the practice, the reference."""
    package = consignment.package
    practice = wording.one_line(package.practice.name)
    if consignment.message is Message.CANCELLATION:
        return f"Cancelled: referral from {practice}, reference {consignment.reference}"
    priority = package.referral.priority
    urgency = (
        "" if priority is Priority.ROUTINE else f"{wording.PRIORITY_WORDS[priority].upper()}: "
    )
    kind = "Possible repeat of a referral" if consignment.possible_repeat else "Referral"
    return f"{urgency}{kind} from {practice}, reference {consignment.reference}"


def email_text(consignment: Consignment) -> str:
    """The practice, the urgency, the reference and how to answer; of a cancellation how to ask."""
    if consignment.message is Message.CANCELLATION:
        return _cancellation_text(consignment)
    package = consignment.package
    referral, practice = package.referral, package.practice
    practice_name = wording.one_line(practice.name)
    paragraphs = [
        f"{practice_name} refers a patient to you. The attached letter (PDF) says who and why.",
        "\n".join(
            [
                f"Reference: {consignment.reference}",
                f"Priority:  {wording.PRIORITY_WORDS[referral.priority]}. "
                f"{wording.PRIORITY_MEANINGS[referral.priority]}",
            ]
        ),
        _how_to_answer(consignment),
        *_online(consignment),
        _CONFIDENTIAL,
    ]
    if consignment.possible_repeat:
        warning = wording.repeat_warning(consignment.reference)
        paragraphs.insert(0, f"THIS MAY BE A REPEAT. {warning}")
    return "\n\n".join(paragraphs) + "\n"


def _cancellation_text(consignment: Consignment) -> str:
    practice = consignment.package.practice
    paragraphs = [
        f"{wording.one_line(practice.name)} has CANCELLED a referral that you may have received. "
        "The attached letter (PDF) says which one and why.",
        f"Reference: {consignment.reference}",
        wording.CANCELLATION_REQUEST,
        "If you have questions, please name the reference:\n" + _ways(consignment),
        _CONFIDENTIAL,
    ]
    return "\n\n".join(paragraphs) + "\n"


def _how_to_answer(consignment: Consignment) -> str:
    practice = consignment.package.practice
    due = consignment.respond_by_day
    by = f" by {wording.date_in_words(due, wording.home_country(practice))}" if due else ""
    return (
        f"Please let {wording.one_line(practice.name)} know{by} whether you can see the "
        f"patient, and name the reference:\n{_ways(consignment)}"
    )


def _online(consignment: Consignment) -> list[str]:
    """Where to answer without an account. The code is in the letter alone: whoever reads only the
    mail cannot answer."""
    link = consignment.answer_link
    if link is None:
        return []
    return [f"Or answer online, with the code that is in the letter:\n  {link.url}"]


def _ways(consignment: Consignment) -> str:
    package = consignment.package
    ways = wording.ways_to_answer(package.practice, reader_country=package.partner.country)
    lines = [f"  {label}: {value}" for label, value in ways] or ["  by the way it reached you"]
    if package.practice.email and ascii_address(package.practice.email) is None:
        lines.append(_WRITE_ANEW)
    return "\n".join(lines)
