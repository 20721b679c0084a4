"""The handlers of referral sources."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from contracts.problems import ProblemCode
from contracts.referral_source import (
    ARCHIVE_REFERRAL_SOURCE,
    CREATE_REFERRAL_SOURCE,
    REFERRAL_SOURCE_ARCHIVED,
    REFERRAL_SOURCE_CREATED,
    REFERRAL_SOURCE_UPDATED,
    UPDATE_REFERRAL_SOURCE,
    ReferralSourceArchive,
    ReferralSourceCreate,
    ReferralSourceUpdate,
)
from contracts.referral_source import ReferralSource as Resource
from contracts.shapes import reference, resource_fields
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, own_id, row_to_change
from services.referrals.handlers.named import named_patient
from services.referrals.handlers.partner import partner_name
from services.referrals.handlers.versions import archived, made, updated
from services.referrals.models.directory import Patient
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.source import OrgCounter, ReferralSource, SourceFigures
from services.referrals.rules.source import check_links

_COLUMNS = {
    "name": "name",
    "category": "category",
    "description": "description",
    "is_active": "is_active",
    "linked_patient_uuid": "linked_patient_id",
    "linked_referral_partner_uuid": "linked_referral_partner_id",
}


def source_resource(
    row: ReferralSource,
    figures: SourceFigures,
    patient: Patient | None,
    partner: ReferralPartner | None,
) -> Resource:
    """A source as it is shown, with the names that its links have now."""
    return Resource.model_construct(
        **resource_fields(row),
        name=row.name,
        category=row.category,
        description=row.description,
        is_active=row.is_active,
        linked_patient=reference(row.linked_patient_id, patient.name if patient else None),
        linked_referral_partner=reference(
            row.linked_referral_partner_id, partner_name(partner) if partner else None
        ),
        sort_order=row.sort_order,
        patient_count=figures.patient_count,
        total_cost=figures.total_cost,
    )


def create(command: ReferralSourceCreate, workspace: Workspace) -> Done[Resource]:
    row = ReferralSource(
        org_id=workspace.org_id,
        id=command.id or workspace.new_id(),
        sort_order=_next_sort_order(workspace),
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
    )
    _set(row, {name: getattr(command, name) for name in _COLUMNS})
    workspace.add(ReferralSource, row.id, row=row)
    figures = SourceFigures(
        org_id=row.org_id, referral_source_id=row.id, patient_count=0, total_cost=Decimal("0.00")
    )
    workspace.add(SourceFigures, row.id, row=figures)
    return made(row, shown(row, workspace), REFERRAL_SOURCE_CREATED, workspace)


def update(command: ReferralSourceUpdate, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(ReferralSource, command.referral_source_uuid)
    held = {name: getattr(row, column) for name, column in _COLUMNS.items()}
    merged = {**held, **command.changes()}
    check_links(merged["linked_patient_uuid"], merged["linked_referral_partner_uuid"])
    before = shown(row, workspace)
    _set(row, merged)
    return updated(row, before, lambda: shown(row, workspace), REFERRAL_SOURCE_UPDATED, workspace)


def archive(command: ReferralSourceArchive, workspace: Workspace) -> Done[None]:
    row = workspace.get(ReferralSource, command.referral_source_uuid)
    return archived(row, lambda: shown(row, workspace), REFERRAL_SOURCE_ARCHIVED, workspace)


def _next_sort_order(workspace: Workspace) -> int:
    """The org's last + 1, under its counter's lock; an org's very first makes the counter.

    Two replicas may both make it: one insert is refused, and that message is decided once more.
    """
    counter = workspace.find(OrgCounter)
    if counter is None:
        counter = OrgCounter(org_id=workspace.org_id, last_sort_order=0)
        workspace.add(OrgCounter, row=counter)
    counter.last_sort_order += 1
    return counter.last_sort_order


def _set(row: ReferralSource, fields: dict[str, Any]) -> None:
    for name, column in _COLUMNS.items():
        setattr(row, column, fields[name])
    row.search_text = row.name.casefold()


def pointed_to(row: ReferralSource) -> list[Need]:
    """The rows that it shows something of."""
    needs = [Need(SourceFigures, (row.id,))]
    if row.linked_patient_id is not None:
        needs.append(Need(Patient, (row.linked_patient_id,)))
    if row.linked_referral_partner_id is not None:
        needs.append(Need(ReferralPartner, (row.linked_referral_partner_id,)))
    return needs


def shown(row: ReferralSource, workspace: Workspace) -> Resource:
    """As it is now. Raises LookupError where what it points to was not asked for."""
    patient, partner = row.linked_patient_id, row.linked_referral_partner_id
    workspace.concerns(patient)
    return source_resource(
        row,
        workspace.get(SourceFigures, row.id),
        workspace.find(Patient, patient) if patient is not None else None,
        workspace.find(ReferralPartner, partner) if partner is not None else None,
    )


def _check(command: ReferralSourceCreate | ReferralSourceUpdate) -> None:
    check_links(command.linked_patient_uuid, command.linked_referral_partner_uuid)


def _links_named(command: ReferralSourceCreate | ReferralSourceUpdate) -> list[Need]:
    needs = []
    if command.linked_patient_uuid is not None:
        uuid = command.linked_patient_uuid
        needs.append(named_patient(uuid))
    if command.linked_referral_partner_uuid is not None:
        uuid = command.linked_referral_partner_uuid
        needs.append(Need(ReferralPartner, (uuid,), missing=ProblemCode.REFERRAL_PARTNER_NOT_FOUND))
    return needs


def _needs_of_create(command: ReferralSourceCreate) -> list[Need]:
    return [
        *_links_named(command),
        *own_id(ReferralSource, command.id),
        Need(OrgCounter, writes=True),
    ]


def _needs_of_change(command: ReferralSourceUpdate | ReferralSourceArchive) -> list[Need]:
    return [
        row_to_change(
            ReferralSource, command.referral_source_uuid, ProblemCode.REFERRAL_SOURCE_NOT_FOUND
        )
    ]


def _needs_of_update(command: ReferralSourceUpdate) -> list[Need]:
    return [*_needs_of_change(command), *_links_named(command)]


def _to_show(
    command: ReferralSourceUpdate | ReferralSourceArchive, workspace: Workspace
) -> Sequence[Need]:
    row = workspace.find(ReferralSource, command.referral_source_uuid)
    # The figures in any case: of one that is not there, that they are not there either.
    return (
        [Need(SourceFigures, (command.referral_source_uuid,))] if row is None else pointed_to(row)
    )


HANDLERS = [
    handles(CREATE_REFERRAL_SOURCE, create, needs=_needs_of_create, check=_check),
    handles(
        UPDATE_REFERRAL_SOURCE, update, needs=_needs_of_update, then_needs=_to_show, check=_check
    ),
    handles(ARCHIVE_REFERRAL_SOURCE, archive, needs=_needs_of_change, then_needs=_to_show),
]
