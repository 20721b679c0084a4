"""The one link of a contact.

Source: docs/contract/wire.md#contacts.
"""

from collections.abc import Mapping
from uuid import UUID

from contracts.problems import FieldError, invalid

LINKS = ("patient_uuid", "referral_partner_uuid", "provider_uuid")


def check_one_link(links: Mapping[str, UUID | None]) -> None:
    """At most one of LINKS is given. Raises Refusal `validation_error`."""
    given = [name for name in LINKS if links[name] is not None]
    if len(given) > 1:
        raise invalid(
            [
                FieldError(
                    loc=[name],
                    type="exclusive_links",
                    msg="A contact is linked to one patient, partner or provider at most",
                )
                for name in given
            ]
        )
