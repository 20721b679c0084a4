"""The one referrer that an attribution has, and the one primary attribution of a patient.

Source: docs/contract/wire.md#attributions, after the Referrals API.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from contracts.problems import FieldError, ProblemCode, Refusal, invalid
from contracts.referral_attribution import AttributionRole

REFERENCES = (
    "referral_source_uuid",
    "referral_partner_uuid",
    "provider_uuid",
    "referring_patient_uuid",
)


def check_references(patient: UUID, references: Mapping[str, UUID | None]) -> None:
    """Exactly one of REFERENCES is given, and nobody refers themselves.

    Raises Refusal `validation_error`.
    """
    given = [name for name in REFERENCES if references[name] is not None]
    if len(given) != 1:
        raise invalid(
            [
                FieldError(
                    loc=[name],
                    type="exactly_one_reference",
                    msg=f"Give exactly one of {', '.join(REFERENCES)}",
                )
                for name in given or REFERENCES
            ]
        )
    if references["referring_patient_uuid"] == patient:
        raise invalid(
            [
                FieldError(
                    loc=["referring_patient_uuid"],
                    type="own_referrer",
                    msg="A patient cannot be their own referrer: name another patient",
                )
            ]
        )


def check_primary(role: AttributionRole, other_roles: Iterable[AttributionRole]) -> None:
    """At most one of a patient's unarchived attributions is primary; `other_roles`: the others'.

    Raises Refusal `primary_attribution_exists`.
    """
    if role is AttributionRole.PRIMARY and AttributionRole.PRIMARY in other_roles:
        raise Refusal(
            ProblemCode.PRIMARY_ATTRIBUTION_EXISTS,
            "The patient has a primary attribution: archive it (referral_attribution.archive), "
            "change its role (referral_attribution.update), or give this one the attribution_role "
            "secondary or assist.",
        )


def check_active(field: str, *, is_active: bool) -> None:
    """A source or partner that is not active gets no new attributions.

    Raises Refusal `validation_error`.
    """
    if not is_active:
        update = f"{field.removesuffix('_uuid')}.update"
        msg = f"It is not active: {update} with is_active true makes it so"
        raise invalid([FieldError(loc=[field], type="inactive", msg=msg)])
