"""Refusals of the operations of sources and of their costs."""

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
    merged,
    missing,
    named,
    of_every_operation,
)

_SOURCE = {"referral_source_uuid": At("referral_source")}
_COST = {**_SOURCE, "cost_uuid": At("referral_source_cost")}
_MARCH = {"period_start": "2026-03-01", "period_end": "2026-03-31"}

GOOD: Good = {
    "referral_source.create": {"name": "Radio", "category": "tv_radio"},
    "referral_source.update": {**_SOURCE, "base_version": 1},
    "referral_source.archive": {
        "referral_source_uuid": At("referral_source spare"),
        "base_version": 1,
    },
    "referral_source.get": _SOURCE,
    "referral_source.list": {},
    "referral_source.report": _MARCH,
    "referral_source_cost.create": {**_SOURCE, "amount": "1.00", **_MARCH},
    "referral_source_cost.update": {**_COST, "base_version": 1},
    "referral_source_cost.archive": {
        **_SOURCE,
        "cost_uuid": At("referral_source_cost spare"),
        "base_version": 1,
    },
    "referral_source_cost.get": _COST,
    "referral_source_cost.list": _SOURCE,
}

_LINKS = (
    ("linked_patient_uuid", "patient", "referral_source of a partner"),
    ("linked_referral_partner_uuid", "referral_partner", "referral_source of a patient"),
)
_BOTH_LINKS = frozenset((name, "exclusive_links") for name, _, _ in _LINKS)

_SOURCE_FIELDS = [
    *wrongs.required_line("name"),
    *wrongs.choice("category"),
    *wrongs.notes("description"),
    *wrongs.flag("is_active"),
    *wrongs.uuid_or_null("linked_patient_uuid"),
    *wrongs.uuid_or_null("linked_referral_partner_uuid"),
    Wrong("both are linked", dict.fromkeys((name for name, _, _ in _LINKS), NOBODY), _BOTH_LINKS),
]
_BACKWARDS = [
    Wrong(
        "the period ends before it starts",
        {"period_start": "2026-03-02", "period_end": "2026-03-01"},
        frozenset({("period_end", "period_order")}),
    )
]
_PERIOD = [*wrongs.day("period_start"), *wrongs.day("period_end"), *_BACKWARDS]
_COST_FIELDS = [*wrongs.money("amount"), *_PERIOD, *wrongs.notes("notes")]

_SOURCES: list[Row] = [
    *missing("referral_source.create", "name", "category"),
    *broken("referral_source.create", _SOURCE_FIELDS, wrongs.uuid_or_null("id")),
    *already_exists("referral_source.create", "referral_source"),
    *broken("referral_source.update", _SOURCE_FIELDS),
    *(
        row
        for operation in ("referral_source.create", "referral_source.update")
        for row in (
            # A message has one of them, and so neither comes before the other.
            *named(operation, *_LINKS[0][:2], 1, linked_referral_partner_uuid=LEFT_OUT),
            *named(operation, *_LINKS[1][:2], 1, linked_patient_uuid=LEFT_OUT),
        )
    ),
    *(
        merged(
            "referral_source.update",
            f"{link} comes beside the other link",
            {"referral_source_uuid": At(beside), link: At(thing)},
            *_BOTH_LINKS,
        )
        for link, thing, beside in _LINKS
    ),
    *naming("referral_source", "update archive get", "referral_source_uuid", "referral_source", 0),
    *based("referral_source", "update archive"),
    *broken(
        "referral_source.list",
        wrongs.page(),
        wrongs.search(),
        wrongs.choice_or_null("category"),
        wrongs.flag_or_null("is_active"),
    ),
    *missing("referral_source.report", "period_start", "period_end"),
    *broken("referral_source.report", _PERIOD),
]

_COSTS: list[Row] = [
    *missing("referral_source_cost.create", "amount", "period_start", "period_end"),
    *broken("referral_source_cost.create", _COST_FIELDS, wrongs.uuid_or_null("id")),
    *already_exists("referral_source_cost.create", "referral_source_cost"),
    *broken("referral_source_cost.update", _COST_FIELDS),
    merged(
        "referral_source_cost.update",
        "the new start is after the end that is held",
        {"period_start": "2026-04-01"},
        ("period_end", "period_order"),
    ),
    merged(
        "referral_source_cost.update",
        "the new end is before the start that is held",
        {"period_end": "2026-02-28"},
        ("period_end", "period_order"),
    ),
    *naming(
        "referral_source_cost",
        "create update archive get list",
        "referral_source_uuid",
        "referral_source",
        0,
    ),
    *naming("referral_source_cost", "update archive get", "cost_uuid", "referral_source_cost", 1),
    *based("referral_source_cost", "update archive"),
    *nested("referral_source_cost", "update archive get", "cost_uuid", "referral_source"),
    *broken("referral_source_cost.list", wrongs.page()),
]

ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
    *_SOURCES,
    *_COSTS,
]

CODES: Codes = {
    "referral_source.create": {
        *("patient_not_found", "referral_partner_not_found", "already_exists"),
    },
    "referral_source.update": {
        *("referral_source_not_found", "patient_not_found", "referral_partner_not_found"),
        "version_conflict",
    },
    "referral_source.archive": {"referral_source_not_found", "version_conflict"},
    "referral_source.get": {"referral_source_not_found"},
    "referral_source.list": set(),
    "referral_source.report": set(),
    "referral_source_cost.create": {"referral_source_not_found", "already_exists"},
    "referral_source_cost.update": {
        *("referral_source_not_found", "referral_source_cost_not_found", "version_conflict"),
    },
    "referral_source_cost.archive": {
        *("referral_source_not_found", "referral_source_cost_not_found", "version_conflict"),
    },
    "referral_source_cost.get": {"referral_source_not_found", "referral_source_cost_not_found"},
    "referral_source_cost.list": {"referral_source_not_found"},
}
