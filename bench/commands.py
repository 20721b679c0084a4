"""Commands as practices send them: made up, valid, and the same in every run."""

from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

import orjson
from stdnum import luhn

OPERATION = "referral_partner.create"

_FIRST = (
    "Maria",
    "James",
    "Aisha",
    "Wei",
    "Robert",
    "Linh",
    "Patricia",
    "Carlos",
    "Ingrid",
    "Samuel",
    "Noor",
    "David",
    "Élodie",
    "Hannah",
    "Michael",
    "Priya",
    "Thomas",
    "Grace",
    "Omar",
    "Susan",
    "Kenji",
    "Laura",
    "Andrzej",
    "Rachel",
)
_LAST = (
    "Garcia",
    "Smith",
    "Nguyen",
    "Chen",
    "Johnson",
    "Patel",
    "O’Brien",
    "Okafor",
    "Müller",
    "Kim",
    "Rossi",
    "Williams",
    "Haddad",
    "Kowalski",
    "Brown",
    "Lindqvist",
    "Davis",
    "Tanaka",
    "Martinez",
    "Cohen",
    "Dubois",
    "Wilson",
    "Singh",
    "Anderson",
)
_SPECIALTIES = (
    "Endodontics",
    "Oral and Maxillofacial Surgery",
    "Orthodontics and Dentofacial Orthopedics",
    "Pediatric Dentistry",
    "Periodontics",
    "Prosthodontics",
)
_STREETS = ("Main Street", "Oak Avenue", "Washington Boulevard", "2nd Street", "Park Road")
# City, state, the postal code's first three digits, an area code.
_PLACES = (
    ("San Francisco", "CA", "941", "415"),
    ("Chicago", "IL", "606", "312"),
    ("New York", "NY", "100", "212"),
    ("Seattle", "WA", "981", "206"),
    ("Houston", "TX", "770", "713"),
    ("Boston", "MA", "021", "617"),
    ("Denver", "CO", "802", "303"),
)
_NOTES = (
    "Takes new patients on weekdays; ask for the referral coordinator.\n"
    "Sends imaging back within two days and prefers CBCT over a panoramic film."
)


@dataclass(frozen=True, slots=True)
class PartnerCommand:
    """One `referral_partner.create`: its message id and its body, about 650 bytes of JSON."""

    message_id: UUID
    org_id: str
    body: bytes = field(repr=False)


def partner_commands(count: int, orgs: int, seed: int = 1) -> list[PartnerCommand]:
    """Commands in which `orgs` orgs take turns at random; all of them differ."""
    random = Random(seed)
    names = [f"org_{number:05}" for number in range(orgs)]
    # With at least one org for each command, no two share theirs.
    turns = names[:count] if orgs >= count else random.choices(names, k=count)
    return [_command(random, org_id) for org_id in turns]


def _command(random: Random, org_id: str) -> PartnerCommand:
    body = orjson.dumps({"org_id": org_id, **_partner(random)})
    return PartnerCommand(UUID(int=random.getrandbits(128), version=4), org_id, body)


def _partner(random: Random) -> dict[str, Any]:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    city, state, postal_prefix, area_code = random.choice(_PLACES)
    domain = f"{last.lower().replace('’', '')}-dental{random.randrange(1000)}.com"
    fields: dict[str, Any] = {
        "contact_type": "provider",
        "first_name": first,
        "last_name": last,
        "practice_name": f"{last} {random.choice(('Dental Group', 'Dental Arts', '& Partners'))}",
        "npi": _npi(random),
        "specialty": random.choice(_SPECIALTIES),
        "email": f"referrals@{domain}".replace("ü", "ue"),
        "phone": _phone(random, area_code),
        "fax": _phone(random, area_code),
        "address_line1": f"{random.randrange(1, 9999)} {random.choice(_STREETS)}",
        "city": city,
        "state": state,
        "postal_code": f"{postal_prefix}{random.randrange(100):02}",
        "preferred_contact_method": random.choice(("portal", "email", "fax", "phone")),
    }
    if random.random() < 0.5:
        fields["notes"] = _NOTES
    if random.random() < 0.5:
        fields["accepts_ereferral"] = True
        fields["ereferral_endpoint"] = f"https://portal.{domain}/inbound/referrals".replace(
            "ü", "ue"
        )
    return fields


def _npi(random: Random) -> str:
    nine = f"1{random.randrange(10**8):08}"
    return nine + luhn.calc_check_digit("80840" + nine)


def _phone(random: Random, area_code: str) -> str:
    return f"({area_code}) {random.randrange(222, 899):03}-{random.randrange(10_000):04}"
