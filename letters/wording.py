"""The wording of letters and messages: names, dates, numbers, urgency."""

import re
from datetime import date

import phonenumbers
import pycountry

from contracts.directory import Practice
from contracts.referral import Priority
from contracts.referral_partner import DEFAULT_COUNTRY, ContactType, ReferralPartner

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

PRIORITY_WORDS = {
    Priority.ROUTINE: "Routine",
    Priority.URGENT: "Urgent",
    Priority.ASAP: "ASAP",
    Priority.STAT: "STAT",
}

# After the definitions of FHIR R4's RequestPriority.
PRIORITY_MEANINGS = {
    Priority.ROUTINE: "Normal priority.",
    Priority.URGENT: "Please act on this promptly, ahead of routine requests.",
    Priority.ASAP: "Please act on this as soon as possible, ahead of urgent requests.",
    Priority.STAT: "Please act on this immediately: it is an emergency.",
}

CANCELLATION_REQUEST = (
    "Please do not book the patient because of it. If an appointment has been made, please cancel "
    "it, or talk to us before you see the patient."
)


def one_line(text: str) -> str:
    """The text on one line: every run of spaces, line or paragraph separators is one space."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())


def home_country(practice: Practice) -> str:
    """By which country's ways a practice writes: its own, or the usual one while that is not
    known."""
    return practice.country or DEFAULT_COUNTRY


def date_in_words(day: date, country: str) -> str:
    """`November 20, 2026` in the United States, `20 November 2026` elsewhere; never only digits."""
    month = _MONTHS[day.month - 1]
    return f"{month} {day.day}, {day.year}" if country == "US" else f"{day.day} {month} {day.year}"


def number_for(number: str, country: str, *, reader_country: str) -> str:
    """A phone or fax number of a country as one dials it from another; as it is if it is none."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return one_line(number)
    home = phonenumbers.country_code_for_region(reader_country) == parsed.country_code
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(parsed, style.NATIONAL if home else style.INTERNATIONAL)


def partner_names(partner: ReferralPartner) -> list[str]:
    """The lines that name the partner, the person of a provider first, then the practice."""
    person = " ".join(part for part in (partner.first_name, partner.last_name) if part)
    names = [person, partner.practice_name or ""]
    if partner.contact_type is not ContactType.PROVIDER:
        names.reverse()
    return [one_line(name) for name in names if name]


def greeting_name(partner: ReferralPartner) -> str:
    """Who the letter speaks to: the person where one is named, else whoever reads it."""
    person = [name for name in (partner.first_name, partner.last_name) if name]
    return one_line(" ".join(person)) if len(person) == 2 else "colleagues"


def address_lines(place: Practice | ReferralPartner, *, reader_country: str) -> list[str]:
    """The postal address, its country named only to a reader in another."""
    town = ", ".join(part for part in (place.city, place.state) if part)
    lines = [
        place.address_line1,
        place.address_line2,
        " ".join(part for part in (town, place.postal_code) if part),
        country_name(place.country) if place.country not in (None, reader_country) else None,
    ]
    # A country alone is no address.
    return [one_line(line) for line in lines if line] if any(lines[:3]) else []


def country_name(country: str) -> str:
    """The English name of an ISO 3166-1 alpha-2 code."""
    found = pycountry.countries.get(alpha_2=country)
    return str(getattr(found, "common_name", found.name)) if found is not None else country


def ways_to_answer(practice: Practice, *, reader_country: str) -> list[tuple[str, str]]:
    """How the practice is reached, as label and value, in the order most offices try them."""
    ways = [
        (label, number_for(number, home_country(practice), reader_country=reader_country))
        for label, number in (("Phone", practice.phone), ("Fax", practice.fax))
        if number
    ]
    return [*ways, ("Email", practice.email)] if practice.email else ways


def repeat_warning(reference: str) -> str:
    """What a declared repeat says."""
    return (
        f"You may already have received this referral, with the same reference {reference}, "
        "by another route. Please check before you act on it, and do not book the patient twice."
    )
