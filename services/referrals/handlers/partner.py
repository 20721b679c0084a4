"""The handlers of referral partners."""

from typing import Any

from contracts.problems import ProblemCode
from contracts.referral_partner import (
    ARCHIVE_REFERRAL_PARTNER,
    CREATE_REFERRAL_PARTNER,
    REFERRAL_PARTNER_ARCHIVED,
    REFERRAL_PARTNER_CREATED,
    REFERRAL_PARTNER_UPDATED,
    UPDATE_REFERRAL_PARTNER,
    PartnerFields,
    ReferralPartnerArchive,
    ReferralPartnerCreate,
    ReferralPartnerUpdate,
    display_name,
)
from contracts.referral_partner import ReferralPartner as Resource
from contracts.shapes import resource_fields
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, own_id, row_to_change
from services.referrals.handlers.versions import archived, made, updated
from services.referrals.models.partner import ReferralPartner
from services.referrals.rules.partner import check_given, read_partner, search_text

FIELDS = tuple(PartnerFields.model_fields)


def partner_resource(row: ReferralPartner) -> Resource:
    """A partner as it is shown."""
    return Resource.model_construct(
        **resource_fields(row),
        **{name: getattr(row, name) for name in FIELDS},
    )


def partner_name(row: ReferralPartner) -> str:
    """The display name, as references show it."""
    return display_name(row.contact_type, row.first_name, row.last_name, row.practice_name)


def create(command: ReferralPartnerCreate, workspace: Workspace) -> Done[Resource]:
    fields = read_partner(_given(command), FIELDS)
    row = ReferralPartner(
        org_id=workspace.org_id,
        id=command.id or workspace.new_id(),
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
    )
    _set(row, fields)
    workspace.add(ReferralPartner, row.id, row=row)
    return made(row, partner_resource(row), REFERRAL_PARTNER_CREATED, workspace)


def update(command: ReferralPartnerUpdate, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(ReferralPartner, command.referral_partner_uuid)
    before = partner_resource(row)
    held = {name: getattr(row, name) for name in FIELDS}
    changes = command.changes()
    _set(row, read_partner({**held, **changes}, changes))
    return updated(row, before, lambda: partner_resource(row), REFERRAL_PARTNER_UPDATED, workspace)


def archive(command: ReferralPartnerArchive, workspace: Workspace) -> Done[None]:
    row = workspace.get(ReferralPartner, command.referral_partner_uuid)
    return archived(row, lambda: partner_resource(row), REFERRAL_PARTNER_ARCHIVED, workspace)


def _given(command: ReferralPartnerCreate) -> dict[str, Any]:
    return {name: getattr(command, name) for name in FIELDS}


def _check_created(command: ReferralPartnerCreate) -> None:
    read_partner(_given(command), FIELDS)


def _set(row: ReferralPartner, fields: dict[str, Any]) -> None:
    for name in FIELDS:
        setattr(row, name, fields[name])
    name = partner_name(row)
    row.sort_name, row.name_text = name.lower(), name.casefold()
    row.search_text = search_text(row.first_name, row.last_name, row.practice_name, row.npi)
    row.specialty_text = row.specialty.casefold() if row.specialty else None


def _needs_of_change(command: ReferralPartnerUpdate | ReferralPartnerArchive) -> list[Need]:
    return [
        row_to_change(
            ReferralPartner, command.referral_partner_uuid, ProblemCode.REFERRAL_PARTNER_NOT_FOUND
        )
    ]


HANDLERS = [
    handles(
        CREATE_REFERRAL_PARTNER,
        create,
        needs=lambda command: own_id(ReferralPartner, command.id),
        check=_check_created,
    ),
    handles(
        UPDATE_REFERRAL_PARTNER,
        update,
        needs=_needs_of_change,
        check=lambda command: check_given(command.changes()),
    ),
    handles(ARCHIVE_REFERRAL_PARTNER, archive, needs=_needs_of_change),
]
