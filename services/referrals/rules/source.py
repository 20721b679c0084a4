"""The link of a referral source, to a patient or to a partner.

Source: docs/contract/wire.md#sources, after the Referrals API.
"""

from uuid import UUID

from contracts.problems import FieldError, invalid


def check_links(linked_patient: UUID | None, linked_partner: UUID | None) -> None:
    """A patient, a partner or neither; which of them fits a category is advice, not a rule.

    Raises Refusal `validation_error`.
    """
    if linked_patient is None or linked_partner is None:
        return
    raise invalid(
        [
            FieldError(
                loc=[name],
                type="exclusive_links",
                msg="A source is linked to a patient or to a partner, not to both: give one",
            )
            for name in ("linked_patient_uuid", "linked_referral_partner_uuid")
        ]
    )
