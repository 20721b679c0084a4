"""The meaning of the forms outside: a form's source of patients, a project's partner.

Source: docs/contract/wire.md#intake.
"""

from typing import Final

from contracts.intake_row import IdText
from contracts.operations import Service, command_or_null, listing
from contracts.replies import ReplyStatus
from contracts.shapes import Command, ListQuery, Reference, Resource
from contracts.text import Line
from contracts.values import Uuid


class IntakeMapPut(Command):
    """`intake_map.put` → 200 with what now holds; null where it was removed.

    Either `source`, with a `referral_role` or for all of its roles, and `referral_source_uuid`; or
    `project` and `referral_partner_uuid`. A null uuid removes.
    """

    source: IdText = None
    referral_role: IdText = None
    referral_source_uuid: Uuid | None = None
    project: IdText = None
    referral_partner_uuid: Uuid | None = None


class IntakeMapList(ListQuery):
    """`intake_map.list` → 200: projects, then sources, each by its id outside."""


class IntakeMapEntry(Resource):
    """A form's role, or a whole form, with its referral source; or a project with its partner."""

    source: Line = None
    referral_role: Line = None
    referral_source: Reference | None = None
    project: Line = None
    referral_partner: Reference | None = None


PUT_INTAKE_MAP: Final = command_or_null(
    "intake_map.put",
    Service.REFERRALS,
    IntakeMapPut,
    IntakeMapEntry,
    {ReplyStatus.OK: (IntakeMapEntry, None)},
)
LIST_INTAKE_MAP: Final = listing(
    "intake_map.list", Service.REFERRALS, IntakeMapList, IntakeMapEntry
)
