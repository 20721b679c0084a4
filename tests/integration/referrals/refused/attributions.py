"""Refusals of the operations of attributions."""

from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.identity import based, naming, nested
from tests.integration.referrals.refused.table import (
    LEFT_OUT,
    NOBODY,
    At,
    Codes,
    Good,
    Row,
    Wrong,
    already_exists,
    broken,
    conflict,
    merged,
    named,
    of_every_operation,
    wrong,
)

_PATIENT = {"patient_uuid": At("patient")}
_ATTRIBUTION = {**_PATIENT, "attribution_uuid": At("referral_attribution")}

GOOD: Good = {
    "referral_attribution.create": {
        **_PATIENT,
        "referral_source_uuid": At("referral_source"),
        "attribution_role": "assist",
        # Null is none.
        "provider_uuid": None,
    },
    "referral_attribution.update": {**_ATTRIBUTION, "base_version": 1},
    "referral_attribution.archive": {
        **_PATIENT,
        "attribution_uuid": At("referral_attribution spare"),
        "base_version": 1,
    },
    "referral_attribution.get": _ATTRIBUTION,
    "referral_attribution.list": _PATIENT,
}

_REFERENCES = {
    "referral_source_uuid": "referral_source",
    "referral_partner_uuid": "referral_partner",
    "provider_uuid": "provider",
    "referring_patient_uuid": "patient",
}
_FIELDS = [*wrongs.choice("attribution_role"), *wrongs.notes("source_note")]


def _references(*given: str) -> Wrong:
    """None of the four references, or several: the message's own source is one of them."""
    change = {"referral_source_uuid": LEFT_OUT, **dict.fromkeys(given, NOBODY)}
    return Wrong(
        f"it refers to {len(given)}: {' '.join(given)}",
        change,
        frozenset((name, "exactly_one_reference") for name in given or _REFERENCES),
    )


_CREATE: list[Row] = [
    *broken(
        "referral_attribution.create",
        _FIELDS,
        wrongs.uuid_or_null("id"),
        wrongs.time_or_null("attributed_at"),
        *(wrongs.uuid_or_null(name) for name in _REFERENCES),
        [
            _references(),
            _references("referral_source_uuid", "referral_partner_uuid"),
            _references("provider_uuid", "referring_patient_uuid"),
            _references("referral_source_uuid", "provider_uuid", "referring_patient_uuid"),
            _references(*_REFERENCES),
            Wrong(
                "they refer themselves",
                {"referral_source_uuid": LEFT_OUT, "referring_patient_uuid": At("patient")},
                frozenset({("referring_patient_uuid", "own_referrer")}),
            ),
        ],
    ),
    *named("referral_attribution.create", "referral_source_uuid", "referral_source", 1),
    *(
        row
        for name, thing in _REFERENCES.items()
        if name != "referral_source_uuid"
        for row in named(
            "referral_attribution.create", name, thing, 1, referral_source_uuid=LEFT_OUT
        )
    ),
    *already_exists("referral_attribution.create", "referral_attribution"),
    conflict(
        "referral_attribution.create",
        "primary_attribution_exists",
        "the patient has a primary one",
        {"attribution_role": "primary"},
    ),
    conflict(
        "referral_attribution.create",
        "primary_attribution_exists",
        "it is primary by default",
        {"attribution_role": LEFT_OUT},
    ),
    merged(
        "referral_attribution.create",
        "the source is not active",
        {"referral_source_uuid": At("referral_source asleep")},
        ("referral_source_uuid", "inactive"),
    ),
    merged(
        "referral_attribution.create",
        "the partner is not active",
        {
            "referral_source_uuid": LEFT_OUT,
            "referral_partner_uuid": At("referral_partner asleep"),
        },
        ("referral_partner_uuid", "inactive"),
    ),
]

ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
    *_CREATE,
    *broken(
        "referral_attribution.update",
        _FIELDS,
        *(wrong(name, NOBODY, "extra_forbidden", "never changes") for name in _REFERENCES),
        wrong("attributed_at", "2026-01-01T00:00:00Z", "extra_forbidden", "never changes"),
    ),
    conflict(
        "referral_attribution.update",
        "primary_attribution_exists",
        "the patient has another primary one",
        {
            "attribution_uuid": At("referral_attribution second"),
            "attribution_role": "primary",
        },
    ),
    *naming("referral_attribution", "create update archive get list", "patient_uuid", "patient", 0),
    *naming(
        "referral_attribution",
        "update archive get",
        "attribution_uuid",
        "referral_attribution",
        1,
    ),
    *based("referral_attribution", "update archive"),
    *nested("referral_attribution", "update archive get", "attribution_uuid", "patient"),
    *broken("referral_attribution.list", wrongs.page()),
]

CODES: Codes = {
    "referral_attribution.create": {
        *("patient_not_found", "referral_source_not_found", "referral_partner_not_found"),
        *("provider_not_found", "already_exists", "primary_attribution_exists"),
    },
    "referral_attribution.update": {
        *("patient_not_found", "referral_attribution_not_found", "version_conflict"),
        "primary_attribution_exists",
    },
    "referral_attribution.archive": {
        *("patient_not_found", "referral_attribution_not_found", "version_conflict"),
    },
    "referral_attribution.get": {"patient_not_found", "referral_attribution_not_found"},
    "referral_attribution.list": {"patient_not_found"},
}
