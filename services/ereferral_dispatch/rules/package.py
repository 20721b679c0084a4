"""The agreement of a package with itself.

A rule on the command, not on the contract's shape: a package that was taken in earlier is read back
by that shape, and is sent as it is.
"""

from typing import TypeVar

from contracts.ereferral import EreferralPackage
from contracts.problems import FieldError, invalid
from contracts.values import offset_minutes

PackageT = TypeVar("PackageT", bound=EreferralPackage)


def with_named_offset(command: PackageT) -> PackageT:
    """The package with the offset of its `respond_by` beside it: JSON has all times in UTC."""
    if command.respond_by_offset_minutes is not None or command.referral.respond_by is None:
        return command
    named = offset_minutes(command.referral.respond_by)
    return command.model_copy(update={"respond_by_offset_minutes": named})


def check_package(command: EreferralPackage) -> None:
    """The referral is about the very patient, partner and provider that come with it.

    What is kept, found and erased goes by their ids, what is sent shows the referral's. A provider
    may be left out of either. `dispatch_uuid` may differ from the referral's `ereferral_uuid`: one
    referral may be dispatched again. Raises Refusal `validation_error`.
    """
    referral = command.referral
    pairs = [
        ("patient", referral.patient, command.patient),
        ("referral_partner", referral.referral_partner, command.partner),
        ("referring_provider", referral.referring_provider, command.referring_provider),
    ]
    errors = [
        FieldError(
            loc=["referral", name, "uuid"],
            type="reference_mismatch",
            msg="Must be the one that the package itself holds, as referral.send puts it together",
        )
        for name, named, held in pairs
        if named is not None and held is not None and named.uuid != held.id
    ]
    if errors:
        raise invalid(errors)
