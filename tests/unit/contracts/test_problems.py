"""The codes of problems, and the status of each."""

import re

import pytest

from contracts.catalogue import OPERATIONS
from contracts.problems import FieldError, ProblemCode, invalid, not_found

STATUSES = {
    "malformed_message": 400,
    "unknown_operation": 400,
    "forbidden": 403,
    "patient_not_found": 404,
    "provider_not_found": 404,
    "practice_not_found": 404,
    "connection_not_found": 404,
    "import_row_not_found": 404,
    "already_linked": 409,
    "referral_partner_not_found": 404,
    "referral_source_not_found": 404,
    "referral_source_cost_not_found": 404,
    "referral_attribution_not_found": 404,
    "referral_not_found": 404,
    "intake_not_found": 404,
    "ereferral_not_found": 404,
    "answer_link_not_found": 404,
    "contact_not_found": 404,
    "contact_referral_not_found": 404,
    "letter_not_found": 404,
    "version_conflict": 409,
    "message_id_reused": 409,
    "already_exists": 409,
    "primary_attribution_exists": 409,
    "invalid_transition": 409,
    "answer_link_locked": 409,
    "answer_link_expired": 409,
    "validation_error": 422,
    "partner_inactive": 422,
    "partner_does_not_accept_ereferrals": 422,
    "no_usable_contact_point": 422,
    "internal_error": 500,
}


def test_every_problem_has_its_status() -> None:
    """The table of docs/contract/wire.md#problems: no code more, none less."""
    assert {code.value: code.status for code in ProblemCode} == STATUSES


# A letter is not made by an operation: it is purged with its package, and says so itself.
MISSING = [
    code
    for code in ProblemCode
    if code.value.endswith("_not_found") and code is not ProblemCode.LETTER_NOT_FOUND
]


@pytest.mark.parametrize("code", MISSING)
@pytest.mark.parametrize("is_archived", [False, True])
def test_what_was_not_found_is_told_the_operations_that_mend_it(
    code: ProblemCode, is_archived: bool
) -> None:
    """Each that is named is one of the catalogue: a new resource needs its own, or an entry."""
    detail = not_found(code, is_archived=is_archived).problem.detail
    named = re.findall(r"[a-z_]+\.[a-z_]+", detail)
    assert named and set(named) <= OPERATIONS.keys()


def wrong(name: str, msg: str, kind: str = "k", *deeper: str | int) -> FieldError:
    """A field that breaks a rule."""
    return FieldError(loc=[name, *deeper], type=kind, msg=msg)


@pytest.mark.parametrize(
    ("errors", "detail"),
    [
        ([wrong("npi", "M")], "npi: M."),
        ([wrong("a", "M"), wrong("b", "N"), wrong("c", "M")], "a, c: M; b: N."),
        (
            [wrong("teeth", "M", "k", 3), wrong("rows", "N", "k", 0, "surname")],
            "teeth[3]: M; rows[0].surname: N.",
        ),
        (
            [wrong("referral", "M", "missing", "reason_codes", 0, "system")],
            "referral.reason_codes[0].system: M.",
        ),
        # What a form calls its own field is the client's text, and so is what lies in it.
        ([wrong("rows", "M", "k", 0, "paula_pace")], "rows[0]: M."),
        ([wrong("rows", "M", "k", 0, "paula_pace", 1, "surname")], "rows[0]: M."),
        ([wrong("reason_codes", "M", "extra_forbidden", 1, "paula_pace")], "reason_codes[1]: M."),
        ([wrong("paula_pace", "M", "extra_forbidden")], "M."),
        ([wrong("", "M", "string_unicode")], "M."),
        ([FieldError(loc=[], type="answer_too_large", msg="M")], "M."),
        ([wrong(x, x.upper()) for x in "abcde"], "a: A; b: B; c: C; and 2 more in errors."),
        ([wrong(x, "M") for x in "abcdefg"], "a, b, c, d, e, …: M."),
    ],
)
def test_the_detail_of_a_validation_error_says_its_fields(
    errors: list[FieldError], detail: str
) -> None:
    """A parked message carries the detail alone. Of a field that there is not, the name is the
    client's own text and is not repeated in a header."""
    assert invalid(errors).problem.detail == detail
