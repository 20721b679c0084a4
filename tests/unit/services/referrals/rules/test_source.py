"""The links of sources, and the referrers of attributions."""

from collections.abc import Iterator
from itertools import combinations
from uuid import UUID

import pytest

from contracts.catalogue import OPERATIONS
from contracts.problems import Problem, ProblemCode, Refusal
from contracts.referral_attribution import AttributionRole
from contracts.referral_source import SourceCategory
from services.referrals.rules.attribution import (
    REFERENCES,
    check_active,
    check_primary,
    check_references,
)
from services.referrals.rules.source import check_links
from tests.unit.contracts.judging import refused_fields

PATIENT, OTHER = UUID(int=1), UUID(int=2)


def errors(problem: Problem) -> list[tuple[str | int, str]]:
    return [(error.loc[0], error.type) for error in problem.errors]


def test_the_categories_are_the_seventeen() -> None:
    """The list of the practices' own API."""
    assert " ".join(SourceCategory) == (
        "patient_referral doctor_referral digital_advertising organic_search social_media "
        "online_directory website insurance_plan direct_mail print_media community_event signage "
        "tv_radio email_marketing walk_in internal_transfer other"
    )
    assert len(SourceCategory) == 17


def test_a_source_has_one_link_at_most() -> None:
    """To a patient, to a partner, or to nobody; both are told of both."""
    check_links(None, None)
    check_links(PATIENT, None)
    check_links(None, OTHER)
    with pytest.raises(Refusal) as refused:
        check_links(PATIENT, OTHER)
    assert refused.value.problem.code is ProblemCode.VALIDATION_ERROR
    assert errors(refused.value.problem) == [
        ("linked_patient_uuid", "exclusive_links"),
        ("linked_referral_partner_uuid", "exclusive_links"),
    ]


def _several() -> Iterator[tuple[str, ...]]:
    for count in (2, 3, 4):
        yield from combinations(REFERENCES, count)


@pytest.mark.parametrize("name", REFERENCES)
def test_an_attribution_has_one_reference(name: str) -> None:
    """Any one of the four is enough."""
    check_references(PATIENT, {**dict.fromkeys(REFERENCES), name: OTHER})


@pytest.mark.parametrize("given", [(), *_several()], ids=" ".join)
def test_no_or_several_references_are_refused(given: tuple[str, ...]) -> None:
    """The errors name those that were given, or all four where none was."""
    with pytest.raises(Refusal) as refused:
        check_references(PATIENT, {name: OTHER if name in given else None for name in REFERENCES})
    assert errors(refused.value.problem) == [
        (name, "exactly_one_reference") for name in given or REFERENCES
    ]


def test_a_patient_is_not_their_own_referrer() -> None:
    """Only as the referring patient: another resource may well have the same id."""
    with pytest.raises(Refusal) as refused:
        check_references(PATIENT, {**dict.fromkeys(REFERENCES), "referring_patient_uuid": PATIENT})
    assert errors(refused.value.problem) == [("referring_patient_uuid", "own_referrer")]
    check_references(PATIENT, {**dict.fromkeys(REFERENCES), "referral_source_uuid": PATIENT})


@pytest.mark.parametrize(
    ("role", "others", "possible"),
    [
        ("primary", [], True),
        ("primary", ["secondary", "assist", "assist"], True),
        ("primary", ["assist", "primary"], False),
        ("secondary", ["primary"], True),
        ("assist", ["primary", "assist"], True),
    ],
)
def test_one_attribution_of_a_patient_is_primary(
    role: str, others: list[str], possible: bool
) -> None:
    """Of the others there may be any number."""
    its_role, others_roles = AttributionRole(role), [AttributionRole(other) for other in others]
    if possible:
        check_primary(its_role, others_roles)
        return
    with pytest.raises(Refusal) as refused:
        check_primary(its_role, others_roles)
    assert refused.value.problem.code is ProblemCode.PRIMARY_ATTRIBUTION_EXISTS
    assert refused.value.problem.code.status == 409


def test_what_is_not_active_gets_no_attribution() -> None:
    """The error names the field."""
    check_active("referral_partner_uuid", is_active=True)
    with pytest.raises(Refusal) as refused:
        check_active("referral_partner_uuid", is_active=False)
    assert refused.value.problem.code is ProblemCode.VALIDATION_ERROR
    assert errors(refused.value.problem) == [("referral_partner_uuid", "inactive")]


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("referral_source.update", ("name", "category", "is_active")),
        ("referral_source_cost.update", ("amount", "period_start", "period_end")),
        ("referral_attribution.update", ("attribution_role",)),
        ("referral_source.create", ("name", "category", "is_active")),
        ("referral_source_cost.create", ("amount", "period_start", "period_end")),
        ("referral_attribution.create", ("attribution_role",)),
    ],
)
def test_what_is_not_nullable_is_not_null_in_create_or_update(
    operation: str, fields: tuple[str, ...]
) -> None:
    """Left out of an update it stays; null is refused."""
    request = OPERATIONS[operation].request
    nulls = refused_fields(request, dict.fromkeys(fields))
    refused = {field for field, error in nulls if error != "missing"}
    assert refused == set(fields)


def test_the_references_of_an_attribution_never_change() -> None:
    """An update that names one is refused as one that names anything unknown."""
    request = OPERATIONS["referral_attribution.update"].request
    for name in REFERENCES:
        assert (name, "extra_forbidden") in refused_fields(request, {name: str(OTHER)})
