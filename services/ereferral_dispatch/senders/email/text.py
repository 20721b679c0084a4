"""What the e-mail itself says: nothing about the patient, who is in the attached letter alone."""

from contracts.referral import Priority
from services.ereferral_dispatch.letter import wording
from services.ereferral_dispatch.senders.base import Consignment


def email_subject(consignment: Consignment) -> str:
    """Urgency, whether it may be a repeat, the practice, the reference."""
    package = consignment.package
    priority = package.referral.priority
    urgency = (
        "" if priority is Priority.ROUTINE else f"{wording.PRIORITY_WORDS[priority].upper()}: "
    )
    kind = "Possible repeat of a referral" if consignment.possible_repeat else "Referral"
    practice = wording.one_line(package.practice.name)
    return f"{urgency}{kind} from {practice}, reference {consignment.reference}"


def email_text(consignment: Consignment) -> str:
    """The practice, the urgency, the reference and how to answer."""
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
        "The letter is confidential. If it reached you by mistake, please tell the practice "
        "and delete it.",
    ]
    if consignment.possible_repeat:
        warning = wording.repeat_warning(consignment.reference)
        paragraphs.insert(0, f"THIS MAY BE A REPEAT. {warning}")
    return "\n\n".join(paragraphs) + "\n"


def _how_to_answer(consignment: Consignment) -> str:
    package = consignment.package
    practice, partner = package.practice, package.partner
    respond_by = package.referral.respond_by
    by = f" by {wording.date_in_words(respond_by.date(), practice.country)}" if respond_by else ""
    ways = wording.ways_to_answer(practice, reader_country=partner.country)
    return "\n".join(
        [
            f"Please let {wording.one_line(practice.name)} know{by} whether you can see the "
            "patient, and name the reference:",
            *([f"  {label}: {value}" for label, value in ways] or ["  by the way it reached you"]),
        ]
    )
