"""Refusals of the operations of outbound referrals."""

from tests.integration.referrals.news import tell
from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.identity import based, naming
from tests.integration.referrals.refused.table import (
    NOBODY,
    At,
    Check,
    Codes,
    Good,
    Row,
    Wrong,
    already_exists,
    broken,
    conflict,
    merged,
    missing,
    named,
    not_found,
    of_every_operation,
    wrong,
)
from tests.integration.referrals.refused.world import World

GOOD: Good = {
    "referral.create": {
        "patient_uuid": At("patient"),
        "referral_partner_uuid": At("referral_partner"),
        "reason": "Root canal of tooth 14",
    },
    "referral.update": {"referral_uuid": At("referral"), "base_version": 1},
    "referral.send": {"referral_uuid": At("referral to send"), "base_version": 1},
    "referral.cancel": {
        "referral_uuid": At("referral to cancel"),
        "base_version": 1,
        "reason": "Moved away",
    },
    "referral.record_response": {"referral_uuid": At("referral sent"), "response": "accepted"},
    "referral.reopen": {
        "referral_uuid": At("referral declined"),
        "base_version": 3,
        "note": "They meant another patient.",
    },
    "referral.provide_information": {
        "referral_uuid": At("referral asked about"),
        "base_version": 4,
        "note": "Yes, of January.",
    },
    "referral.get": {"referral_uuid": At("referral")},
    "referral.preview": {"referral_uuid": At("referral")},
    "referral.list": {},
}

_CODE = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "K04.0"}


def _codes(words: str, codes: object, *errors: tuple[str, str]) -> Wrong:
    return Wrong(f"reason_codes {words}", {"reason_codes": codes}, frozenset(errors))


_FIELDS = [
    *wrongs.choice("priority"),
    *wrongs.reason("reason"),
    *wrongs.notes("notes"),
    *wrongs.time_or_null("respond_by"),
    _codes("is no list", _CODE, ("reason_codes", "list_type")),
    _codes("has 21", [_CODE] * 21, ("reason_codes", "too_long")),
    _codes("has a text", ["K04.0"], ("reason_codes.0", "model_type")),
    _codes("lacks its system", [{"code": "K04.0"}], ("reason_codes.0.system", "missing")),
    _codes("lacks its code", [_CODE, {"system": "s"}], ("reason_codes.1.code", "missing")),
    _codes("has an empty code", [{**_CODE, "code": " "}], ("reason_codes.0.code", "text_empty")),
    _codes(
        "has a long display",
        [{**_CODE, "display": "x" * 201}],
        ("reason_codes.0.display", "string_too_long"),
    ),
    _codes(
        "has an unknown field",
        [{**_CODE, "version": "1"}],
        ("reason_codes.0.version", "extra_forbidden"),
    ),
    *wrong("teeth", "14", "list_type", "is no list"),
    *(
        Wrong(
            f"teeth holds {tooth!r}",
            {"teeth": ["14", tooth]},
            frozenset({("teeth.1", "string_pattern_mismatch")}),
        )
        for tooth in ("0", "33", "01", "U", "a", "")
    ),
    Wrong("teeth holds a number", {"teeth": [14]}, frozenset({("teeth.0", "string_type")})),
    *wrongs.uuid_or_null("referring_provider_uuid"),
    *wrongs.uuid("referral_partner_uuid"),
]

_PARTNERS = {
    "partner_inactive": "referral to one asleep",
    "partner_does_not_accept_ereferrals": "referral to one that accepts none",
    "no_usable_contact_point": "referral to one without an address",
}


def _sent_along(operation: str) -> list[Row]:
    """What a package is made of, and is not there."""
    return [
        *not_found(
            operation,
            "patient_not_found",
            1,
            ("the patient is archived", {"referral_uuid": At("referral of one gone")}),
        ),
        *not_found(
            operation,
            "referral_partner_not_found",
            2,
            ("the partner is archived", {"referral_uuid": At("referral to one gone")}),
        ),
        *not_found(
            operation,
            "practice_not_found",
            3,
            (
                "there is no practice",
                {"org_id": At("bare org"), "referral_uuid": At("referral of the bare org")},
            ),
        ),
    ]


_SEND: list[Row] = [
    *_sent_along("referral.send"),
    *(
        merged(
            "referral.send", f"it is {code}", {"referral_uuid": At(draft)}, code=code, place=place
        )
        for place, (code, draft) in enumerate(_PARTNERS.items())
    ),
]

_TRANSITIONS = [
    conflict(
        f"referral.{operation}",
        "invalid_transition",
        f"it is {state}",
        {"referral_uuid": At(f"referral {state}"), "base_version": version},
    )
    for operation, state, version in (
        *(("update", "sent", 2), ("update", "completed", 3), ("update", "revoked", 2)),
        *(("send", "sent", 2), ("send", "completed", 3), ("send", "revoked", 2)),
        *(("cancel", "completed", 3), ("cancel", "revoked", 2)),
    )
]
_NO_DRAFTS = [
    conflict(
        "referral.preview",
        "invalid_transition",
        f"it is {state}",
        {"referral_uuid": At(f"referral {state}")},
    )
    for state in ("sent", "accepted", "completed", "revoked")
]
# They are sent already, but that is not what is told.
_STALE = [
    Row(
        f"referral.{operation}",
        "it is sent since",
        Check.VERSION,
        "version_conflict",
        {"referral_uuid": At("referral sent"), "base_version": 1},
        current_version=2,
    )
    for operation in ("update", "send", "cancel")
]
_ANSWERS = [
    conflict(
        "referral.record_response",
        "invalid_transition",
        f"it is {state} and the answer {response}",
        {"referral_uuid": At(f"referral {state}"), "response": response},
    )
    for state, response in (
        *(("to send", "accepted"), ("to send", "completed")),
        *(("accepted", "rejected"), ("rejected", "accepted")),
        *(("in-progress", "accepted"), ("in-progress", "rejected")),
        *(
            (over, response)
            for over, other in (("completed", "failed"), ("failed", "completed"))
            for response in ("accepted", "rejected", "in-progress", other)
        ),
    )
]

_FOLLOWS = [
    *named("referral.create", "follows_uuid", "referral", 3),
    *(
        conflict(
            "referral.create",
            "invalid_transition",
            f"what it follows is {state}",
            {"follows_uuid": At(f"referral {state}")},
        )
        for state in ("to send", "sent", "accepted", "in-progress", "completed", "revoked")
    ),
    merged(
        "referral.create",
        "what it follows is another patient's",
        {"follows_uuid": At("referral failed"), "patient_uuid": At("patient another")},
        ("patient_uuid", "another_patient"),
    ),
]
_FOLLOW_UPS = [
    *(
        row
        for operation, version in (("reopen", 3), ("provide_information", 4))
        for row in (
            *missing(f"referral.{operation}", "note"),
            *broken(
                f"referral.{operation}",
                wrongs.required_notes("note"),
                wrongs.base_version(),
            ),
            *(
                Row(
                    f"referral.{operation}",
                    f"base_version is {n}",
                    Check.VERSION,
                    "version_conflict",
                    {"base_version": n},
                    current_version=version,
                )
                for n in (1, 9)
            ),
        )
    ),
    *(
        conflict(
            f"referral.{operation}",
            "invalid_transition",
            f"it is {state}",
            {"referral_uuid": At(f"referral {state}"), "base_version": version},
        )
        for operation in ("reopen", "provide_information")
        for state, version in (
            *(("to send", 1), ("sent", 2), ("accepted", 3), ("in-progress", 3)),
            *(("completed", 3), ("failed", 3), ("revoked", 2)),
        )
    ),
]


async def build(world: World) -> None:
    """One that was declined, and one whose partner asks."""
    usual = {
        "patient_uuid": world.ids["patient"],
        "referral_partner_uuid": world.ids["referral_partner"],
    }
    declined = await world.org.sent_referral(**usual)
    answered = await world.org.ask(
        "referral.record_response", referral_uuid=declined["id"], response="rejected"
    )
    assert answered.status == 200
    asked = await world.org.sent_referral(**usual)
    await tell(
        *(world.referrals, world.org, asked, "information_requested"),
        version=1,
        information="Is there a recent radiograph?",
    )
    world.ids["referral declined"] = declined["id"]
    world.ids["referral asked about"] = asked["id"]


ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
    *missing("referral.create", "patient_uuid", "referral_partner_uuid", "reason"),
    *broken(
        "referral.create",
        _FIELDS,
        wrongs.uuid("patient_uuid"),
        wrongs.uuid_or_null("id"),
        wrongs.uuid_or_null("follows_uuid"),
        wrong("status", "active", "extra_forbidden", "is given"),
    ),
    *named("referral.create", "patient_uuid", "patient", 0),
    *already_exists("referral.create", "referral")[:1],
    *broken(
        "referral.update", _FIELDS, wrong("patient_uuid", NOBODY, "extra_forbidden", "is given")
    ),
    *(
        row
        for operation in ("referral.create", "referral.update")
        for row in (
            *named(operation, "referral_partner_uuid", "referral_partner", 1),
            *named(operation, "referring_provider_uuid", "provider", 2),
        )
    ),
    *_SEND,
    *_sent_along("referral.preview"),
    *_NO_DRAFTS,
    *missing("referral.cancel", "reason"),
    *broken("referral.cancel", wrongs.reason("reason")),
    *_TRANSITIONS,
    *_STALE,
    *missing("referral.record_response", "response"),
    *broken(
        "referral.record_response",
        wrongs.choice("response"),
        wrong("response", "requested", "enum", "is no answer"),
        wrong("response", "cancelled", "enum", "is not the partner's"),
        wrongs.notes("note"),
        wrongs.choice_or_null("reason_code"),
        wrongs.time_or_null("scheduled_at"),
        [
            Wrong(
                f"{name} goes with {response}",
                {"response": response, name: value},
                frozenset({(name, "not_with_this_response")}),
            )
            for name, value, others in (
                ("reason_code", "other", ("accepted", "in-progress", "completed", "failed")),
                (
                    "scheduled_at",
                    "2026-02-01T08:00:00Z",
                    ("rejected", "in-progress", "completed", "failed"),
                ),
            )
            for response in others
        ],
        wrongs.time_or_null("occurred_at"),
        wrong("base_version", 2, "extra_forbidden", "is given"),
    ),
    *_ANSWERS,
    *_FOLLOW_UPS,
    *(
        row
        for row in (
            *_FOLLOWS,
            *naming(
                "referral",
                "update send cancel record_response reopen provide_information get preview",
                "referral_uuid",
                "referral",
                0,
            ),
        )
        # Nothing archives a referral.
        if At("referral gone") not in row.change.values()
    ),
    *based("referral", "update send cancel"),
    *named("referral.list", "patient_uuid", "patient", 0),
    *named("referral.list", "referral_partner_uuid", "referral_partner", 1),
    *broken(
        "referral.list",
        wrongs.page(),
        wrongs.uuid_or_null("patient_uuid"),
        wrongs.uuid_or_null("referral_partner_uuid"),
        wrongs.choice_or_null("status"),
        wrongs.choice_or_null("fulfilment_status"),
        wrongs.choice_or_null("dispatch_status"),
        wrongs.flag_or_null("overdue"),
        wrongs.flag_or_null("information_requested"),
        wrongs.flag_or_null("sent_on"),
        wrongs.choice_or_null("priority"),
        wrongs.search(),
    ),
]

CODES: Codes = {
    "referral.create": {
        *("patient_not_found", "referral_partner_not_found", "provider_not_found"),
        *("referral_not_found", "already_exists", "invalid_transition"),
    },
    "referral.update": {
        *("referral_not_found", "referral_partner_not_found", "provider_not_found"),
        *("version_conflict", "invalid_transition"),
    },
    "referral.send": {
        *("referral_not_found", "patient_not_found", "referral_partner_not_found"),
        *("practice_not_found", "version_conflict", "invalid_transition", "partner_inactive"),
        *("partner_does_not_accept_ereferrals", "no_usable_contact_point"),
    },
    "referral.cancel": {"referral_not_found", "version_conflict", "invalid_transition"},
    "referral.record_response": {"referral_not_found", "invalid_transition"},
    "referral.reopen": {"referral_not_found", "version_conflict", "invalid_transition"},
    "referral.provide_information": {
        *("referral_not_found", "version_conflict", "invalid_transition"),
    },
    "referral.get": {"referral_not_found"},
    "referral.preview": {
        *("referral_not_found", "patient_not_found", "referral_partner_not_found"),
        *("practice_not_found", "invalid_transition"),
    },
    "referral.list": {"patient_not_found", "referral_partner_not_found"},
}
