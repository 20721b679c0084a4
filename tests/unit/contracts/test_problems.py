"""The codes of problems, and the status of each."""

from contracts.problems import ProblemCode

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
    "ereferral_not_found": 404,
    "letter_not_found": 404,
    "version_conflict": 409,
    "message_id_reused": 409,
    "already_exists": 409,
    "primary_attribution_exists": 409,
    "invalid_transition": 409,
    "validation_error": 422,
    "partner_inactive": 422,
    "partner_does_not_accept_ereferrals": 422,
    "no_usable_contact_point": 422,
    "internal_error": 500,
}


def test_every_problem_has_its_status() -> None:
    """The table of docs/contract/wire.md#problems: no code more, none less."""
    assert {code.value: code.status for code in ProblemCode} == STATUSES
