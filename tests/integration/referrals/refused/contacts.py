"""What the operations of contacts refuse."""

from itertools import combinations
from typing import Any

from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.identity import naming
from tests.integration.referrals.refused.table import (
    LEFT_OUT,
    NOBODY,
    At,
    Check,
    Codes,
    Good,
    Row,
    Wrong,
    broken,
    missing,
    named,
    of_every_operation,
    wrong,
)
from tests.integration.referrals.refused.world import World

_SEEN = {"observed_at": "2026-02-01T08:00:00Z"}

GOOD: Good = {
    "contact.put": {"contact_uuid": At("contact"), "name": "Pace household", **_SEEN},
    "contact.archive": {"contact_uuid": At("contact spare"), **_SEEN},
    "contact.get": {"contact_uuid": At("contact")},
    "contact.list": {},
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


ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
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

CODES: Codes = {
    "contact.put": {"patient_not_found", "referral_partner_not_found", "provider_not_found"},
    "contact.archive": set(),
    "contact.get": {"contact_not_found"},
    "contact.list": set(),
}


async def build(world: World) -> None:
    """Contacts; one is archived, and another org has one."""
    for name in ("", " spare", " gone"):
        world.ids[f"contact{name}"] = (await world.org.contact())["id"]
    gone = {"contact_uuid": world.ids["contact gone"], "observed_at": "2026-01-06T08:00:00Z"}
    assert (await world.org.ask("contact.archive", **gone)).status == 204
    world.ids["contact elsewhere"] = (await world.other.contact())["id"]
