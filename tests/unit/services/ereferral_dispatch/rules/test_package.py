"""The agreement of a package with itself."""

from typing import Any
from uuid import UUID

import pytest

from contracts.ereferral import EreferralDispatch
from contracts.problems import ProblemCode, Refusal
from contracts.shapes import Reference
from contracts.text import ERASED
from services.ereferral_dispatch.rules.package import check_package
from tests.support.samples.packages import (
    PATIENT_ID,
    sample_package,
    sample_patient,
    sample_referral,
)

OTHER = Reference(uuid=UUID(int=7), name="Somebody Else")
NAMES = ("patient", "referral_partner", "referring_provider")


def refused(package: EreferralDispatch) -> list[tuple[list[str | int], str]]:
    """Where it contradicts itself."""
    with pytest.raises(Refusal) as refusal:
        check_package(package)
    problem = refusal.value.problem
    assert problem.code is ProblemCode.VALIDATION_ERROR
    assert not any("Somebody" in error.msg for error in problem.errors)
    return [(error.loc, error.type) for error in problem.errors]


@pytest.mark.parametrize("name", NAMES)
def test_the_referral_names_whom_the_package_holds(name: str) -> None:
    """Another one is refused where it is named."""
    package = sample_package(referral=sample_referral(**{name: OTHER}))
    assert refused(package) == [(["referral", name, "uuid"], "reference_mismatch")]


def test_every_contradiction_is_named() -> None:
    """A package that contradicts itself in three places is refused with three errors."""
    package = sample_package(referral=sample_referral(**dict.fromkeys(NAMES, OTHER)))
    assert [loc[1] for loc, _ in refused(package)] == list(NAMES)


@pytest.mark.parametrize(
    "package",
    [
        sample_package(),
        sample_package(referral=sample_referral(referring_provider=None)),
        sample_package().model_copy(update={"referring_provider": None}),
        sample_package(referral=sample_referral(referring_provider=None)).model_copy(
            update={"referring_provider": None}
        ),
        sample_package(referral=sample_referral(ereferral_uuid=UUID(int=8))),
        sample_package(referral=sample_referral(ereferral_uuid=None)),
        sample_package(referral=sample_referral(patient=Reference(uuid=PATIENT_ID))),
        sample_package(patient=sample_patient(name=ERASED, phone=None, email=None)),
    ],
)
def test_a_package_that_agrees_passes(package: Any) -> None:
    """Without a provider in either place, sent once more, or with a name that was erased."""
    check_package(package)
