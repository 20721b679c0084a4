"""Refusals of the operations of the intake."""

from collections.abc import Iterable
from typing import Any

from tests.integration.referrals.refused import wrongs
from tests.integration.referrals.refused.identity import based
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
    conflict,
    merged,
    missing,
    named,
    not_found,
    of_every_operation,
    wrong,
)
from tests.integration.referrals.refused.world import World

_PERSON = {"first_name": "Ann", "surname": "Archer", "org_type_id": 1}
_TO_SOURCE = {"referral_source_uuid": At("referral_source")}
_TO_PARTNER = {"referral_partner_uuid": At("referral_partner")}
_REFERENCES = {
    "referral_source_uuid": "referral_source",
    "referral_partner_uuid": "referral_partner",
    "provider_uuid": "provider",
    "referring_patient_uuid": "patient",
}
_REJECTED = {"intake_uuid": At("intake rejected"), "base_version": 2}

GOOD: Good = {
    "intake.submit": {"rows": [_PERSON], "fingerprint": "f1"},
    "intake.accept": {
        "intake_uuid": At("intake"),
        "base_version": 1,
        "attribution": _TO_SOURCE,
        "referral": _TO_PARTNER,
    },
    "intake.link": {
        "intake_uuid": At("intake to link"),
        "base_version": 1,
        "patient_uuid": At("patient"),
        "attribution": _TO_SOURCE,
        "referral": _TO_PARTNER,
    },
    "intake.reject": {"intake_uuid": At("intake to reject"), "base_version": 1, "reason": "spam"},
    "intake.reopen": _REJECTED,
    "intake.get": {"intake_uuid": At("intake")},
    "intake.list": {},
}


async def build(world: World) -> None:
    """Rows that wait, one that was rejected, one of another org."""
    for name in ("intake", "intake to link", "intake to reject", "intake rejected"):
        world.ids[name] = await _staged(world.org, description="A wish", project="7")
    world.ids["intake elsewhere"] = await _staged(world.other)
    world.ids["intake without a wish"] = await _staged(world.org)
    rejected = await world.org.ask(
        "intake.reject",
        intake_uuid=world.ids["intake rejected"],
        base_version=1,
        reason="other",
    )
    assert rejected.status == 200
    mapped = await world.org.ask(
        "intake_map.put", project="7", referral_partner_uuid=world.ids["referral_partner"]
    )
    assert mapped.status == 200


async def _staged(org: Any, **fields: Any) -> str:
    submitted = await org.ask("intake.submit", rows=[{**_PERSON, **fields}])
    assert submitted.status == 202
    intake: str = submitted.data["intake_uuids"][0]
    return intake


def _row(words: str, change: dict[str, Any], field: str, kind: str) -> Wrong:
    """A second row with something wrong in it."""
    second = {name: v for name, v in {**_PERSON, **change}.items() if v is not LEFT_OUT}
    name = f"rows.1.{field}" if field else "rows.1"
    return Wrong(f"a row {words}", {"rows": [_PERSON, second]}, frozenset({(name, kind)}))


_SUBMIT: list[Row] = [
    *missing("intake.submit", "rows"),
    *broken(
        "intake.submit",
        wrong("rows", [], "too_short", "are none"),
        wrong("rows", [_PERSON] * 51, "too_long", "are too many"),
        wrong("rows", _PERSON, "list_type", "are no list"),
        [
            _row("has no first name", {"first_name": LEFT_OUT}, "first_name", "missing"),
            _row("has no surname", {"surname": LEFT_OUT}, "surname", "missing"),
            _row("has no type", {"org_type_id": LEFT_OUT}, "org_type_id", "missing"),
            _row("has an empty type", {"org_type_id": ""}, "org_type_id", "text_empty"),
            _row("has a source without a role", {"source": "1"}, "referral_role", "missing"),
            _row("has a long description", {"description": "d" * 10_001}, "description",
                 "string_too_long"),
            _row("has a field in capitals", {"Town": "X"}, "Town", "string_pattern_mismatch"),
            _row("has a list in a field", {"town": ["X"]}, "town", "scalar_type"),
            _row("has a long field", {"town": "x" * 2_001}, "town", "string_too_long"),
            _row("has too many fields", {f"f{n}": n for n in range(61)}, "", "too_many_fields"),
        ],
        wrongs.flag("suspected_spam"),
        wrong("fingerprint", "", "string_pattern_mismatch", "is empty"),
        wrong("fingerprint", "x" * 129, "string_pattern_mismatch", "is too long"),
        wrong("fingerprint", "a b", "string_pattern_mismatch", "holds a blank"),
        wrong("fingerprint", 5, "string_type", "is a number"),
    ),
]  # fmt: skip


def _within(field: str, some: Iterable[Wrong]) -> list[Wrong]:
    """The same of a field in `attribution` or `referral`."""
    others = _TO_SOURCE if field == "attribution" else _TO_PARTNER
    return [
        Wrong(
            f"in {field} {one.when}",
            {field: {**others, **one.change}},
            frozenset((f"{field}.{loc}", kind) for loc, kind in one.errors),
        )
        for one in some
    ]


def _references(*given: str) -> Wrong:
    """None of the four references, or several."""
    return Wrong(
        f"it refers to {len(given)}: {' '.join(given)}",
        {"attribution": dict.fromkeys(given, NOBODY)},
        frozenset(
            (f"attribution.{name}", "exactly_one_reference") for name in given or _REFERENCES
        ),
    )


def _not_there(operation: str, field: str, name: str, thing: str, place: int) -> list[Row]:
    """A thing that `attribution` or `referral` names."""
    others = {"referral_partner_uuid": At("referral_partner")} if field == "referral" else {}
    return not_found(
        operation,
        f"{thing}_not_found",
        place,
        *(
            (f"{field}.{name} is {words}", {field: {**others, name: uuid}})
            for words, uuid in (
                ("nobody's", NOBODY),
                ("archived", At(f"{thing} gone")),
                ("another org's", At(f"{thing} elsewhere")),
            )
        ),
    )


def _taking_in(operation: str) -> list[Row]:
    """What accepting and linking have in common."""
    return [
        *broken(
            operation,
            wrong("attribution", "x", "model_type", "is a text"),
            wrong("referral", [], "model_type", "is a list"),
            _within(
                "attribution",
                [
                    *wrongs.choice_or_null("attribution_role"),
                    *wrongs.notes("source_note"),
                    *wrong("id", NOBODY, "extra_forbidden", "is no field"),
                ],
            ),
            [_references(), _references("referral_source_uuid", "provider_uuid")],
            _within(
                "referral",
                [
                    *wrongs.choice("priority"),
                    *wrongs.notes("notes"),
                    *wrong("reason", " ", "text_empty", "is empty"),
                    *wrongs.time_or_null("respond_by"),
                ],
            ),
        ),
        *(
            row
            for place, (name, thing) in enumerate(_REFERENCES.items(), 2)
            for row in _not_there(operation, "attribution", name, thing, place)
        ),
        *_not_there(operation, "referral", "referral_partner_uuid", "referral_partner", 6),
        *_not_there(operation, "referral", "referring_provider_uuid", "provider", 7),
        conflict(operation, "invalid_transition", "it was rejected", _REJECTED, place=1),
        merged(
            operation,
            "the source is not active",
            {"attribution": {"referral_source_uuid": At("referral_source asleep")}},
            ("attribution.referral_source_uuid", "inactive"),
        ),
        merged(
            operation,
            "the partner who brought them is not active",
            {"attribution": {"referral_partner_uuid": At("referral_partner asleep")}},
            ("attribution.referral_partner_uuid", "inactive"),
        ),
        merged(
            operation,
            "nothing is said of a referral",
            {"referral": LEFT_OUT},
            ("referral", "missing"),
            place=1,
        ),
        merged(
            operation,
            "the project leads to another partner",
            {"referral": {"referral_partner_uuid": At("referral_partner spare")}},
            ("referral.referral_partner_uuid", "project_partner"),
            place=1,
        ),
        merged(
            operation,
            "there is neither partner nor reason",
            {"intake_uuid": At("intake without a wish"), "referral": {}},
            ("referral.referral_partner_uuid", "missing"),
            ("referral.reason", "missing"),
            place=1,
        ),
    ]


_DECIDED = ("intake.accept", "intake.link", "intake.reject", "intake.reopen")

ROWS: list[Row] = [
    *(row for operation in GOOD for row in of_every_operation(operation)),
    *_SUBMIT,
    *(
        row
        for operation in (*_DECIDED, "intake.get")
        for row in (
            *missing(operation, "intake_uuid"),
            *broken(operation, wrongs.uuid("intake_uuid")),
            # Nothing archives one.
            *not_found(
                operation,
                "intake_not_found",
                0,
                ("it is nobody's", {"intake_uuid": NOBODY}),
                ("it is another org's", {"intake_uuid": At("intake elsewhere")}),
            ),
        )
    ),
    *based("intake", "accept link reject"),
    *broken("intake.reopen", wrongs.base_version()),
    *(
        Row(
            "intake.reopen",
            f"base_version is {n}",
            Check.VERSION,
            "version_conflict",
            {"base_version": n},
            current_version=2,
        )
        for n in (1, 7)
    ),
    *_taking_in("intake.accept"),
    *_taking_in("intake.link"),
    *broken("intake.accept", wrongs.uuid_or_null("patient_uuid")),
    *broken(
        "intake.accept",
        wrongs.choice("as"),
        [
            Wrong(
                "a contact is given what a patient has",
                {"as": "contact", "patient_uuid": NOBODY},
                frozenset(
                    (name, "does_not_belong")
                    for name in ("patient_uuid", "attribution", "referral")
                ),
            )
        ],
    ),
    *(
        conflict("intake.accept", "already_exists", words, {"patient_uuid": At(taken)}, place=0)
        for words, taken in (
            ("patient_uuid is taken", "patient"),
            ("patient_uuid is an archived one's", "patient gone"),
        )
    ),
    *missing("intake.link", "patient_uuid"),
    *broken(
        "intake.link",
        wrongs.uuid("patient_uuid"),
        [
            Wrong(
                "they refer themselves",
                {"attribution": {"referring_patient_uuid": At("patient")}},
                frozenset({("attribution.referring_patient_uuid", "own_referrer")}),
            )
        ],
    ),
    *named("intake.link", "patient_uuid", "patient", 1),
    conflict(
        "intake.link",
        "primary_attribution_exists",
        "the patient has a primary one",
        {"attribution": {**_TO_SOURCE, "attribution_role": "primary"}},
        place=2,
    ),
    *missing("intake.reject", "reason"),
    *broken("intake.reject", wrongs.choice("reason"), wrongs.notes("note")),
    conflict("intake.reject", "invalid_transition", "it was rejected", _REJECTED),
    conflict(
        "intake.reopen",
        "invalid_transition",
        "it waits",
        {"intake_uuid": At("intake"), "base_version": 1},
    ),
    *broken(
        "intake.list",
        wrongs.page(),
        wrongs.search(),
        wrongs.choice_or_null("status"),
        wrongs.flag_or_null("suspected_spam"),
        wrong("source", False, "string_type", "is false"),
    ),
]

_OF_TAKING_IN = {
    *("intake_not_found", "referral_source_not_found", "referral_partner_not_found"),
    *("provider_not_found", "patient_not_found", "version_conflict", "invalid_transition"),
}

CODES: Codes = {
    "intake.submit": set(),
    "intake.accept": {*_OF_TAKING_IN, "already_exists"},
    "intake.link": {*_OF_TAKING_IN, "primary_attribution_exists"},
    "intake.reject": {"intake_not_found", "version_conflict", "invalid_transition"},
    "intake.reopen": {"intake_not_found", "version_conflict", "invalid_transition"},
    "intake.get": {"intake_not_found"},
    "intake.list": set(),
}
