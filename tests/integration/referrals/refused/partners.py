"""Refusals of the operations of partners."""

from typing import Any

from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.identity import based, naming
from tests.integration.referrals.refused.table import (
    LEFT_OUT,
    At,
    Codes,
    Good,
    Row,
    Wrong,
    already_exists,
    broken,
    merged,
    of_every_operation,
    wrong,
)

_PARTNER = {"referral_partner_uuid": At("referral_partner")}

GOOD: Good = {
    "referral_partner.create": {"first_name": "Ann", "last_name": "Archer"},
    "referral_partner.update": {**_PARTNER, "base_version": 1},
    "referral_partner.archive": {
        "referral_partner_uuid": At("referral_partner spare"),
        "base_version": 1,
    },
    "referral_partner.get": _PARTNER,
    "referral_partner.list": {},
}

_FIELDS = [
    *wrongs.choice("contact_type"),
    *(
        one
        for name in (
            *("first_name", "last_name", "practice_name", "specialty"),
            *("address_line1", "address_line2", "city", "state", "postal_code"),
        )
        for one in wrongs.line(name)
    ),
    *wrongs.npi("npi"),
    *wrongs.email("email"),
    *wrongs.phone("phone"),
    *wrongs.phone("fax"),
    *wrongs.country("country"),
    *wrongs.notes("notes"),
    *wrongs.flag("is_active"),
    *wrongs.flag("accepts_ereferral"),
    *wrongs.endpoint("ereferral_endpoint"),
    *wrongs.choice_or_null("preferred_contact_method"),
]


def _needs(when: str, change: dict[str, Any], *names: str) -> list[Wrong]:
    return [Wrong(when, change, frozenset((name, "missing") for name in names))]


# Fields that break a rule among themselves, in an update as in a create.
_TOGETHER = [
    *_needs(
        "a provider gets no name",
        {"contact_type": "provider", "first_name": None, "last_name": " "},
        *("first_name", "last_name"),
    ),
    *(
        one
        for kind in ("practice", "lab", "other")
        for one in _needs(
            f"a {kind} has no name",
            {"contact_type": kind, "last_name": None, "practice_name": ""},
            "practice_name",
        )
    ),
    *_needs(
        "e-referrals go nowhere",
        {"accepts_ereferral": True, "ereferral_endpoint": None},
        "ereferral_endpoint",
    ),
    *(
        one
        for name in ("phone", "fax")
        for one in (
            Wrong(
                f"{name} is another country's",
                {name: "(202) 555-0143", "country": "FR"},
                frozenset({(name, "phone_invalid")}),
            ),
        )
    ),
]

# Of a create alone: what it leaves out is not held either.
_ALONE = [
    *_needs("no first name", {"first_name": LEFT_OUT}, "first_name"),
    *_needs("no last name", {"last_name": LEFT_OUT}, "last_name"),
    *_needs(
        "no names but the practice's",
        {"first_name": LEFT_OUT, "last_name": LEFT_OUT, "practice_name": "P"},
        *("first_name", "last_name"),
    ),
    *_needs("no endpoint", {"accepts_ereferral": True}, "ereferral_endpoint"),
    *wrong("phone", "555-0143", "phone_invalid", "has no area"),
    *wrong("fax", "020 7946 0958", "phone_invalid", "is not of the US"),
]

ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
    *broken("referral_partner.create", _FIELDS, _TOGETHER, _ALONE, wrongs.uuid_or_null("id")),
    *already_exists("referral_partner.create", "referral_partner"),
    *broken("referral_partner.update", _FIELDS, _TOGETHER),
    *(
        merged("referral_partner.update", when, change, *errors)
        for when, change, errors in (
            ("takes the first name away", {"first_name": None}, [("first_name", "missing")]),
            (
                "makes a practice a provider",
                {
                    "referral_partner_uuid": At("referral_partner practice"),
                    "contact_type": "provider",
                },
                [("first_name", "missing"), ("last_name", "missing")],
            ),
            (
                "takes the last name of a practice away",
                {
                    "referral_partner_uuid": At("referral_partner practice"),
                    "practice_name": None,
                },
                [("practice_name", "missing")],
            ),
            (
                "takes the endpoint away",
                {"ereferral_endpoint": ""},
                [("ereferral_endpoint", "missing")],
            ),
            (
                "accepts e-referrals without an endpoint",
                {
                    "referral_partner_uuid": At("referral_partner asleep"),
                    "accepts_ereferral": True,
                },
                [("ereferral_endpoint", "missing")],
            ),
            ("phone is not of the US", {"phone": "020 7946 0958"}, [("phone", "phone_invalid")]),
            ("fax is not of the US", {"fax": "020 7946 0958"}, [("fax", "phone_invalid")]),
        )
    ),
    *naming(
        "referral_partner", "update archive get", "referral_partner_uuid", "referral_partner", 0
    ),
    *based("referral_partner", "update archive"),
    *broken(
        "referral_partner.list",
        wrongs.page(),
        wrongs.search(),
        wrongs.choice_or_null("contact_type"),
        wrongs.line("specialty"),
        wrongs.flag_or_null("is_active"),
    ),
]

CODES: Codes = {
    "referral_partner.create": {"already_exists"},
    "referral_partner.update": {"referral_partner_not_found", "version_conflict"},
    "referral_partner.archive": {"referral_partner_not_found", "version_conflict"},
    "referral_partner.get": {"referral_partner_not_found"},
    "referral_partner.list": set(),
}
