"""The fields of each operation: exact JSON types, none unknown, null only where it is allowed."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from contracts.catalogue import OPERATIONS
from contracts.directory import PatientArchive, PatientPut, PracticePut, ProviderPut
from contracts.referral import ReferralCreate, ReferralGet, ReferralSend
from contracts.referral_partner import (
    ReferralPartner,
    ReferralPartnerArchive,
    ReferralPartnerCreate,
    ReferralPartnerList,
    ReferralPartnerUpdate,
)
from contracts.shapes import Listing, Shape
from tests.unit.contracts.judging import refused_fields

A_UUID = "0192d4e0-7b1a-7c3d-8e4f-123456789abc"
WHEN = "2026-01-31T09:30:00Z"

LEAST: dict[type[Shape], dict[str, Any]] = {
    ReferralPartnerCreate: {"org_id": "o"},
    ReferralPartnerUpdate: {"org_id": "o", "referral_partner_uuid": A_UUID, "base_version": 1},
    ReferralPartnerArchive: {"org_id": "o", "referral_partner_uuid": A_UUID, "base_version": 1},
    ReferralPartnerList: {"org_id": "o"},
    PatientPut: {"org_id": "o", "patient_uuid": A_UUID, "name": "P", "observed_at": WHEN},
    PatientArchive: {"org_id": "o", "patient_uuid": A_UUID, "observed_at": WHEN},
    ProviderPut: {"org_id": "o", "provider_uuid": A_UUID, "name": "P", "observed_at": WHEN},
    PracticePut: {"org_id": "o", "name": "P", "observed_at": WHEN},
    ReferralCreate: {
        "org_id": "o",
        "patient_uuid": A_UUID,
        "referral_partner_uuid": A_UUID,
        "reason": "R",
    },
    ReferralSend: {"org_id": "o", "referral_uuid": A_UUID, "base_version": 1},
    ReferralGet: {"org_id": "o", "referral_uuid": A_UUID},
}


def refused(shape: type[Shape], **fields: Any) -> set[tuple[str, str]]:
    """What is refused of the least message with these fields on top."""
    return refused_fields(shape, {**LEAST[shape], **fields})


@pytest.mark.parametrize("shape", LEAST, ids=lambda shape: shape.__name__)
def test_the_least_message_is_taken_and_lacks_nothing(shape: type[Shape]) -> None:
    """Without any one of its fields it is refused, for that field alone."""
    assert refused(shape) == set()
    for name in LEAST[shape]:
        least = {key: value for key, value in LEAST[shape].items() if key != name}
        assert refused_fields(shape, least) == {(name, "missing")}


@pytest.mark.parametrize("shape", LEAST, ids=lambda shape: shape.__name__)
def test_an_unknown_field_is_refused(shape: type[Shape]) -> None:
    """Also one of another operation, one of the resource that nobody sets, one in another case."""
    for name in ("deleted_at", "sort_name", "created_at", "Org_id", "", "org_id ", "\u202e", "$id"):
        assert refused(shape, **{name: None}) == {(name, "extra_forbidden")}


@pytest.mark.parametrize("shape", LEAST, ids=lambda shape: shape.__name__)
def test_an_unknown_field_with_a_name_that_is_no_text_is_refused(shape: type[Shape]) -> None:
    """A lone surrogate in a field's name is the client's fault and nothing else."""
    assert refused(shape, **{"\ud800": 1}) == {("", "string_unicode")}


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_refuses_what_it_does_not_know(operation: str) -> None:
    """The rule holds for the whole catalogue."""
    request = OPERATIONS[operation].request
    assert ("no_such_field", "extra_forbidden") in refused_fields(request, {"no_such_field": 1})
    assert ("org_id", "missing") in refused_fields(request, {})


@pytest.mark.parametrize(
    ("shape", "field", "value"),
    [
        (ReferralPartnerUpdate, "base_version", "1"),
        (ReferralPartnerUpdate, "base_version", True),
        (ReferralPartnerUpdate, "base_version", Decimal("1.0")),
        (ReferralPartnerUpdate, "base_version", Decimal("1e0")),
        (ReferralPartnerUpdate, "base_version", 0),
        (ReferralPartnerUpdate, "base_version", -1),
        (ReferralPartnerUpdate, "base_version", None),
        (ReferralPartnerCreate, "is_active", "true"),
        (ReferralPartnerCreate, "is_active", 1),
        (ReferralPartnerCreate, "is_active", 0),
        (ReferralPartnerCreate, "accepts_ereferral", "yes"),
        (ReferralPartnerCreate, "contact_type", "Provider"),
        (ReferralPartnerCreate, "contact_type", "dentist"),
        (ReferralPartnerCreate, "contact_type", 1),
        (ReferralPartnerCreate, "contact_type", ""),
        (ReferralPartnerCreate, "preferred_contact_method", "mail"),
        (ReferralPartnerCreate, "preferred_contact_method", "\ud800"),
        (ReferralPartnerCreate, "first_name", 1),
        (ReferralPartnerCreate, "notes", ["a"]),
        (ReferralPartnerCreate, "id", "1"),
        (ReferralPartnerList, "is_active", "false"),
        (ReferralPartnerList, "contact_type", "PRACTICE"),
        (PatientPut, "name", None),
        (PatientPut, "name", ""),
        (PatientPut, "date_of_birth", 19840309),
        (PatientPut, "observed_at", 1769851800),
        (PatientPut, "observed_at", None),
        (ReferralCreate, "reason", ""),
        (ReferralCreate, "teeth", "14"),
        (ReferralCreate, "teeth", [14]),
        (ReferralCreate, "reason_codes", {"system": "s", "code": "c"}),
        (ReferralCreate, "reason_codes", [{"system": "s"}]),
        (ReferralCreate, "reason_codes", [{"system": "s", "code": "c", "version": "1"}]),
        (ReferralCreate, "reason_codes", [{"system": "", "code": "c"}]),
        (ReferralCreate, "priority", "high"),
        (ReferralCreate, "respond_by", "2026-01-31"),
        (ReferralGet, "referral_uuid", None),
    ],
)
def test_json_types_are_exact(shape: type[Shape], field: str, value: object) -> None:
    """`"2"` is not 2, 1 is not true, 1.0 is not an integer; the one field is named, no other."""
    assert {name for name, _ in refused(shape, **{field: value})} == {field}


NOT_NULLABLE = ["contact_type", "country", "is_active", "accepts_ereferral"]
NULLABLE = [
    *("first_name", "last_name", "practice_name", "npi", "specialty", "email", "phone", "fax"),
    *("address_line1", "address_line2", "city", "state", "postal_code", "notes"),
    *("ereferral_endpoint", "preferred_contact_method"),
]


@pytest.mark.parametrize("shape", [ReferralPartnerCreate, ReferralPartnerUpdate])
@pytest.mark.parametrize("field", NOT_NULLABLE)
def test_null_is_refused_where_a_field_is_not_nullable_in_create_too(
    shape: type[Shape], field: str
) -> None:
    """Null is a value like any other: it is not the same as leaving the field out."""
    assert {name for name, _ in refused(shape, **{field: None})} == {field}


@pytest.mark.parametrize("shape", [ReferralPartnerCreate, ReferralPartnerUpdate])
@pytest.mark.parametrize("field", NULLABLE)
def test_null_is_taken_where_a_field_is_nullable(shape: type[Shape], field: str) -> None:
    """It clears the field in an update."""
    assert refused(shape, **{field: None}) == set()


@pytest.mark.parametrize("field", ["priority", "reason"])
def test_priority_and_reason_of_a_referral_are_never_null(field: str) -> None:
    """Not nullable, in create too."""
    assert {name for name, _ in refused(ReferralCreate, **{field: None})} == {field}


def test_the_country_of_a_practice_is_never_null() -> None:
    """Null is refused, as it is for a partner's country."""
    assert {name for name, _ in refused(PracticePut, country=None)} == {"country"}


def test_an_update_holds_what_was_given_and_nothing_else() -> None:
    """PATCH: a field that was left out is not a change, one that is null is."""
    update = ReferralPartnerUpdate.model_validate(
        {**LEAST[ReferralPartnerUpdate], "email": None, "first_name": "Ann"}
    )
    assert update.changes() == {"email": None, "first_name": "Ann"}


def test_the_defaults_of_a_new_partner() -> None:
    """A provider in the US, active, without e-referrals."""
    partner = ReferralPartnerCreate.model_validate({"org_id": "o"})
    assert partner.model_dump(mode="json", exclude={"org_id"}, exclude_none=True) == {
        "contact_type": "provider",
        "country": "US",
        "is_active": True,
        "accepts_ereferral": False,
    }


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("page", 0, "greater_than_equal"),
        ("page", -1, "greater_than_equal"),
        ("page", "1", "int_type"),
        ("page", None, "int_type"),
        ("page", Decimal("1.5"), "int_type"),
        ("page_size", 0, "greater_than_equal"),
        ("page_size", 201, "less_than_equal"),
        ("page_size", True, "int_type"),
        ("search", "", "text_empty"),
        ("search", "   ", "text_empty"),
        ("search", "x" * 101, "string_too_long"),
        ("search", "a\tb", "text_characters"),
    ],
)
def test_a_page_and_a_search_have_bounds(field: str, value: object, error: str) -> None:
    """`page` from 1, `page_size` 1 to 200, `search` 1 to 100 characters."""
    assert refused(ReferralPartnerList, **{field: value}) == {(field, error)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("page", 1), ("page", 2**31), ("page", 2**63), ("page", 10**29), ("page", 10**300)),
        *(("page_size", 1), ("page_size", 200)),
        *(("search", "x"), ("search", "%"), ("search", "x" * 100), ("search", None)),
    ],
)
def test_a_page_and_a_search_within_their_bounds_are_taken(field: str, value: object) -> None:
    """A page has no highest number: past the end there is nothing on it."""
    assert refused(ReferralPartnerList, **{field: value}) == set()


def test_a_page_of_any_number_is_shown() -> None:
    """Past the end too, where no item is; 64 bits are not the end of JSON's integers."""
    page = Listing[ReferralPartner].model_construct(items=[], page=10**40, page_size=50, total=3)
    assert json.loads(page.to_json()) == {
        "items": [],
        "page": 10**40,
        "page_size": 50,
        "total": 3,
    }


def test_a_list_starts_with_the_first_50() -> None:
    """The defaults of `page` and `page_size`."""
    asked = ReferralPartnerList.model_validate({"org_id": "o"})
    assert (asked.page, asked.page_size) == (1, 50)


@pytest.mark.parametrize("tooth", ["1", "9", "10", "14", "19", "29", "30", "32", "A", "J", "T"])
def test_a_tooth_is_one_of_the_ada_universal_numbers(tooth: str) -> None:
    """1 to 32 for the permanent, A to T for the primary teeth."""
    assert refused(ReferralCreate, teeth=[tooth]) == set()


@pytest.mark.parametrize(
    "tooth", ["0", "33", "01", "100", "U", "a", "AB", "", "1 ", "1\n", "١", "51"]
)
def test_any_other_tooth_is_refused(tooth: str) -> None:
    """FDI numbers beyond 32, lower case, leading zeros."""
    assert {name for name, _ in refused(ReferralCreate, teeth=["14", tooth])} == {"teeth"}


def test_a_referral_has_at_most_20_reason_codes() -> None:
    """FHIR Codings: system, code, display or none."""
    code = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "K04.0", "display": None}
    assert refused(ReferralCreate, reason_codes=[code] * 20) == set()
    assert refused(ReferralCreate, reason_codes=[code] * 21) == {("reason_codes", "too_long")}


@pytest.mark.parametrize("priority", ["routine", "urgent", "asap", "stat"])
def test_a_priority_is_one_of_fhirs(priority: str) -> None:
    """The four codes of FHIR R4's value set request-priority."""
    assert refused(ReferralCreate, priority=priority) == set()


def test_a_new_referral_is_routine() -> None:
    """The default of `priority`; everything else that may be left out is null."""
    referral = ReferralCreate.model_validate(LEAST[ReferralCreate])
    assert referral.model_dump(mode="json", exclude_none=True) == {
        "org_id": "o",
        "patient_uuid": A_UUID,
        "referral_partner_uuid": A_UUID,
        "reason": "R",
        "priority": "routine",
    }
    assert referral.patient_uuid == UUID(A_UUID)


@pytest.mark.parametrize(
    ("field", "longest"),
    [
        *((name, 200) for name in ("first_name", "last_name", "practice_name", "specialty")),
        *((name, 200) for name in ("address_line1", "address_line2", "city", "state")),
        *(("postal_code", 200), ("notes", 10_000)),
    ],
)
def test_the_texts_of_a_partner_have_their_length(field: str, longest: int) -> None:
    """One-line texts 200, notes 10,000 characters."""
    assert refused(ReferralPartnerCreate, **{field: "x" * longest}) == set()
    too_long = {(field, "string_too_long")}
    assert refused(ReferralPartnerCreate, **{field: "x" * (longest + 1)}) == too_long


def test_a_reason_has_at_most_2000_characters() -> None:
    """And may have line breaks."""
    assert refused(ReferralCreate, reason="a\n" + "x" * 1_998) == set()
    assert refused(ReferralCreate, reason="x" * 2_001) == {("reason", "string_too_long")}
