"""Refusals of the operations of the directory."""

from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.identity import naming
from tests.integration.referrals.refused.table import (
    At,
    Check,
    Codes,
    Good,
    Row,
    broken,
    merged,
    missing,
    not_found,
    of_every_operation,
    wrong,
)

_SEEN = {"observed_at": "2026-02-01T08:00:00Z"}

GOOD: Good = {
    "patient.put": {"patient_uuid": At("patient"), "name": "Paul Pace", **_SEEN},
    "patient.archive": {"patient_uuid": At("patient spare"), **_SEEN},
    "patient.get": {"patient_uuid": At("patient")},
    "patient.list": {},
    "patient_trail.get": {"patient_uuid": At("patient")},
    "provider.put": {"provider_uuid": At("provider"), "name": "Dr. Rose Rand", **_SEEN},
    "provider.archive": {"provider_uuid": At("provider spare"), **_SEEN},
    "provider.get": {"provider_uuid": At("provider")},
    "provider.list": {},
    "practice.put": {"name": "Main Street Dental", **_SEEN},
    "practice.get": {},
}

_NO_VERSION = wrong("base_version", 1, "extra_forbidden", "is given")

ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
    *broken(
        "patient.put",
        wrongs.required_line("name"),
        wrongs.day_or_null("date_of_birth"),
        wrongs.phone("phone"),
        wrongs.email("email"),
    ),
    merged(
        "patient.put",
        "phone is not of the practice's country",
        {"phone": "020 7946 0958"},
        ("phone", "phone_invalid"),
    ),
    *broken("provider.put", wrongs.required_line("name"), wrongs.npi("npi")),
    *broken(
        "practice.put",
        wrongs.required_line("name"),
        wrongs.npi("npi"),
        wrongs.phone("phone"),
        wrongs.phone("fax"),
        wrongs.email("email"),
        *(
            wrongs.line(name)
            for name in ("address_line1", "address_line2", "city", "state", "postal_code")
        ),
        wrongs.country("country"),
        wrongs.time_zone("time_zone"),
    ),
    *(
        # Its numbers are those of its country, which is in the message: US where it is not given.
        row
        for name in ("phone", "fax")
        for row in broken(
            "practice.put", wrong(name, "020 7946 0958", "phone_invalid", "is not of its country")
        )
    ),
    *(
        row
        for operation in ("patient.put", "provider.put", "practice.put")
        for row in (*missing(operation, "name", "observed_at"), *broken(operation, _NO_VERSION))
    ),
    *(
        row
        for operation in ("patient.archive", "provider.archive")
        for row in (*missing(operation, "observed_at"), *broken(operation, _NO_VERSION))
    ),
    *(
        row
        for operation in GOOD
        if not operation.endswith((".get", ".list"))
        for row in broken(operation, wrongs.time("observed_at"))
    ),
    *(
        row
        for operation in ("patient.list", "provider.list")
        for row in broken(operation, wrongs.page(), wrongs.search())
    ),
    *(
        row
        for thing in ("patient", "provider")
        for row in naming(thing, "put archive get", f"{thing}_uuid", thing, 0)
        # What is not there is made by a put, and kept as archived by an archive.
        if row.check is not Check.NAMED or row.operation.endswith(".get")
    ),
    *missing("patient_trail.get", "patient_uuid"),
    *broken("patient_trail.get", wrongs.uuid("patient_uuid")),
    *not_found(
        "practice.get", "practice_not_found", 0, ("there is none", {"org_id": At("bare org")})
    ),
]

CODES: Codes = {
    "patient.put": set(),
    "patient.archive": set(),
    "patient.get": {"patient_not_found"},
    "patient.list": set(),
    "patient_trail.get": set(),
    "provider.put": set(),
    "provider.archive": set(),
    "provider.get": {"provider_not_found"},
    "provider.list": set(),
    "practice.put": set(),
    "practice.get": {"practice_not_found"},
}
