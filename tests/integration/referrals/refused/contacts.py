"""Refusals of the operations of contacts and of contact referrals."""

from itertools import combinations
from typing import Any

from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.identity import naming, nested
from tests.integration.referrals.refused.table import (
    LEFT_OUT,
    NOBODY,
    At,
    Check,
    Codes,
    Good,
    Row,
    Wrong,
    already_exists,
    broken,
    merged,
    missing,
    named,
    of_every_operation,
    version_conflict,
    wrong,
)
from tests.integration.referrals.refused.world import World

_SEEN = {"observed_at": "2026-02-01T08:00:00Z"}
_CONTACT = {"contact_uuid": At("contact")}
_REFERRAL = {**_CONTACT, "contact_referral_uuid": At("contact_referral")}

GOOD: Good = {
    "contact.put": {"contact_uuid": At("contact"), "name": "Pace household", **_SEEN},
    "contact.archive": {"contact_uuid": At("contact spare"), **_SEEN},
    "contact.get": _CONTACT,
    "contact.list": {},
    "contact_referral.create": {**_CONTACT, "referred_to_uuid": At("contact another")},
    "contact_referral.update": {**_REFERRAL, "base_version": 1},
    "contact_referral.archive": {
        **_CONTACT,
        "contact_referral_uuid": At("contact_referral spare"),
    },
    "contact_referral.get": _REFERRAL,
    "contact_referral.list": _CONTACT,
}

_LINKS = {
    "patient_uuid": "patient",
    "referral_partner_uuid": "referral_partner",
    "provider_uuid": "provider",
}
_TWO_LINKS = [
    Wrong(
        f"{one} and {other} are given",
        {one: NOBODY, other: NOBODY},
        frozenset((name, "exclusive_links") for name in (one, other)),
    )
    for one, other in combinations(_LINKS, 2)
]


def _not_there(link: str) -> list[Row]:
    others: dict[str, Any] = dict.fromkeys(_LINKS.keys() - {link}, LEFT_OUT)
    return named("contact.put", link, _LINKS[link], 0, **others)


_CONTACTS: list[Row] = [
    *broken("contact.put", wrongs.required_line("name"), wrongs.time("observed_at"), _TWO_LINKS),
    *broken("contact.put", *map(wrongs.uuid_or_null, _LINKS)),
    *missing("contact.put", "name", "observed_at"),
    *broken("contact.archive", wrongs.time("observed_at")),
    *missing("contact.archive", "observed_at"),
    *(
        row
        for operation in ("contact.put", "contact.archive")
        for row in broken(operation, wrong("base_version", 1, "extra_forbidden", "is given"))
    ),
    # A message has one of them, and so none comes before another.
    *(row for link in _LINKS for row in _not_there(link)),
    *(
        row
        for row in naming("contact", "put archive get", "contact_uuid", "contact", 0)
        # What is not there is made by a put, and kept as archived by an archive.
        if row.check is not Check.NAMED or row.operation == "contact.get"
    ),
    *broken("contact.list", wrongs.page(), wrongs.search()),
]

_OWN = ("referred_to_uuid", "own_referrer")


def _one_another(name: str) -> list[Wrong]:
    """The contact in that field is whom it refers, too."""
    both = {name: At("contact"), "referred_to_uuid": At("contact")}
    return [Wrong(f"{name} is referred_to_uuid", both, frozenset({_OWN}))]


def _not_true() -> list[Wrong]:
    return [
        one
        for words, value in (("false", False), ("null", None), ("1", 1), ("a text", "true"))
        for one in wrong("overwrite", value, "not_true", f"is {words}")
    ]


def _based_on_nothing_held() -> list[Row]:
    """Neither of the two that may say it is there; or one of them is another's."""
    return [
        Row("contact_referral.update", when, Check.VERSION, "version_conflict", change)
        for when, change in (
            ("it says not what it is based on", {"base_version": LEFT_OUT}),
            ("updated_in_db_at is another", {"updated_in_db_at": "2026-01-05T08:00:00Z"}),
        )
    ]


_CONTACT_REFERRALS: list[Row] = [
    *missing("contact_referral.create", "referred_to_uuid"),
    *broken("contact_referral.create", wrongs.uuid_or_null("id"), wrongs.uuid("referred_to_uuid")),
    *broken("contact_referral.create", _one_another("contact_uuid")),
    *named("contact_referral.create", "referred_to_uuid", "contact", 1),
    *already_exists("contact_referral.create", "contact_referral"),
    *broken(
        "contact_referral.update",
        wrongs.uuid("referred_by_uuid"),
        wrongs.uuid("referred_to_uuid"),
        wrongs.time_or_null("updated_in_db_at"),
        wrongs.base_version_or_null(),
        _not_true(),
        _one_another("referred_by_uuid"),
    ),
    *named("contact_referral.update", "referred_by_uuid", "contact", 2),
    *named("contact_referral.update", "referred_to_uuid", "contact", 3),
    *version_conflict("contact_referral.update"),
    *_based_on_nothing_held(),
    merged(
        "contact_referral.update",
        "the new referrer is whom it refers",
        {"referred_by_uuid": At("contact another")},
        _OWN,
    ),
    *broken("contact_referral.archive", wrong("base_version", 1, "extra_forbidden", "is given")),
    *naming("contact_referral", "create update archive get list", "contact_uuid", "contact", 0),
    *naming(
        "contact_referral", "update archive get", "contact_referral_uuid", "contact_referral", 1
    ),
    *nested("contact_referral", "update archive get", "contact_referral_uuid", "contact"),
    *broken("contact_referral.list", wrongs.page()),
]

ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
    *_CONTACTS,
    *_CONTACT_REFERRALS,
]

CODES: Codes = {
    "contact.put": {"patient_not_found", "referral_partner_not_found", "provider_not_found"},
    "contact.archive": set(),
    "contact.get": {"contact_not_found"},
    "contact.list": set(),
    "contact_referral.create": {"contact_not_found", "already_exists"},
    "contact_referral.update": {
        *("contact_not_found", "contact_referral_not_found", "version_conflict"),
    },
    "contact_referral.archive": {"contact_not_found", "contact_referral_not_found"},
    "contact_referral.get": {"contact_not_found", "contact_referral_not_found"},
    "contact_referral.list": {"contact_not_found"},
}


async def build(world: World) -> None:
    """Contacts and whom they referred; some are archived, and another org has some."""
    org, ids = world.org, world.ids
    for name in ("", " spare", " another", " gone"):
        ids[f"contact{name}"] = (await org.contact())["id"]
    for name, by, to in (
        ("", "", " another"),
        (" spare", "", " another"),
        (" gone", "", " another"),
        (" of another", " another", ""),
        (" of gone", " gone", ""),
    ):
        pair = {"contact_uuid": ids[f"contact{by}"], "referred_to_uuid": ids[f"contact{to}"]}
        ids[f"contact_referral{name}"] = (await org.contact_referral(**pair))["id"]
    elsewhere = await world.other.contact_referral()
    ids["contact_referral elsewhere"] = elsewhere["id"]
    ids["contact elsewhere"] = elsewhere["referred_by"]["uuid"]
    for operation, gone in (
        (
            "contact_referral.archive",
            {
                "contact_uuid": ids["contact"],
                "contact_referral_uuid": ids["contact_referral gone"],
            },
        ),
        (
            "contact.archive",
            {"contact_uuid": ids["contact gone"], "observed_at": "2026-01-06T08:00:00Z"},
        ),
    ):
        assert (await org.ask(operation, **gone)).status == 204
