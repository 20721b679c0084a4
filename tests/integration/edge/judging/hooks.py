"""Rules that no JSON Schema of one value can say, each by its name: the judge may not know them.

Read by schemathesis (SCHEMATHESIS_HOOKS) in the place of its own check that right data is taken.
"""

from typing import Any

import schemathesis

RULES = {
    "message_id_reused": "a key is of one request; the judge takes one for many",
    "malformed_request": "an ETag is of an answer; the judge makes one up, not by its pattern",
    "page_and_cursor": "a page or a cursor, not both",
    "cursor_invalid": "a cursor is of the answer before",
    "text_empty": "a text shows something",
    "text_characters": "a text holds no control characters",
    "period_order": "a period ends after it began",
    "exactly_one_reference": "one of four references",
    "exactly_one": "a form's source or a project",
    "not_with_this_response": "a reason goes with a rejection, an appointment with an acceptance",
    "does_not_belong": "a source is mapped for a form, a partner for a project",
    "exclusive_links": "a patient or a partner",
    "not_of_the_path": "who refers is the path's contact",
    "self_referral": "nobody refers themselves",
    "inactive": "the partner or source is in use",
    "link_uuid": "a resource is named to link a row with it, and for nothing else",
    "endpoint_missing": "who accepts e-referrals has an endpoint",
    "time_in_future": "nothing is observed later than now",
    "date_in_future": "nobody is born later than tomorrow",
    "time_value": "a time that exists",
    "date_value": "a date that exists",
    "npi_format": "an NPI's digits",
    "npi_checksum": "an NPI's check digit",
    "email_invalid": "an address that can be",
    "phone_invalid": "a number that can be dialled",
    "country_code": "a country that is assigned",
    "time_zone": "a zone of the IANA database",
    "endpoint_invalid": "a URI that a referral can be sent to",
    "decimal_max_places": "an amount as a number has two decimals",
    "int_type": "1.0 is an integer to JSON Schema, and none in a message",
    "string_type": "a text that shows nothing is null, where null may be",
}
_NAMES = {
    *("first_name", "last_name", "practice_name", "ereferral_endpoint"),
    *("referral", "referral_role"),
    *("referral_source_uuid", "referral_partner_uuid"),
}
"""Required by the kind of partner, or by another field of a row: `missing` that no schema shows."""


@schemathesis.check
def right_data_is_taken(ctx: Any, response: Any, case: Any) -> None:
    """What keeps to the document is refused by one of these rules, and no other."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code not in (400, 422):
        return
    refusal = response.json()
    if "errors" in refusal:  # JSON:API
        assert all(one["code"] in RULES for one in refusal["errors"]), refusal
        return
    for one in refusal["detail"]:
        by_kind = one["type"] == "missing" and one["loc"][-1] in _NAMES
        assert one["type"] in RULES or by_kind, f"refused though it is as documented: {one}"
