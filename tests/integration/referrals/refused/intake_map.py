"""Refusals of the operations of the intake's map."""

from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.table import (
    LEFT_OUT,
    NOBODY,
    At,
    Codes,
    Good,
    Row,
    Wrong,
    broken,
    named,
    of_every_operation,
    wrong,
)

GOOD: Good = {
    "intake_map.put": {"source": "1", "referral_source_uuid": At("referral_source")},
    "intake_map.list": {},
}

_MAP: list[Row] = [
    *broken(
        "intake_map.put",
        wrong("source", 1.5, "string_type", "is a fraction"),
        wrong("source", "x" * 201, "string_too_long", "is too long"),
        wrong("referral_role", True, "string_type", "is true"),
        wrong("project", [], "string_type", "is a list"),
        wrongs.uuid_or_null("referral_source_uuid"),
        wrongs.uuid_or_null("referral_partner_uuid"),
        wrong("referral_partner_uuid", NOBODY, "does_not_belong", "is beside a source"),
        wrong("referral_source_uuid", LEFT_OUT, "missing", "is left out"),
        [
            Wrong(
                "there is neither source nor project",
                {"source": LEFT_OUT},
                frozenset({("source", "exactly_one"), ("project", "exactly_one")}),
            ),
            Wrong(
                "there are both",
                {"project": "7"},
                frozenset({("source", "exactly_one"), ("project", "exactly_one")}),
            ),
        ],
    ),
    *named("intake_map.put", "referral_source_uuid", "referral_source", 0),
    *named(
        "intake_map.put",
        "referral_partner_uuid",
        "referral_partner",
        0,
        source=LEFT_OUT,
        project="7",
        referral_source_uuid=LEFT_OUT,
    ),
]

ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
    *_MAP,
    *broken("intake_map.list", wrongs.page()),
]

CODES: Codes = {
    "intake_map.put": {"referral_source_not_found", "referral_partner_not_found"},
    "intake_map.list": set(),
}
