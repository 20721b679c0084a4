"""The handlers of the costs of referral sources."""

from collections.abc import Sequence

from contracts.problems import ProblemCode
from contracts.referral_source_cost import (
    ARCHIVE_REFERRAL_SOURCE_COST,
    CREATE_REFERRAL_SOURCE_COST,
    REFERRAL_SOURCE_COST_ARCHIVED,
    REFERRAL_SOURCE_COST_CREATED,
    REFERRAL_SOURCE_COST_UPDATED,
    UPDATE_REFERRAL_SOURCE_COST,
    ReferralSourceCostArchive,
    ReferralSourceCostCreate,
    ReferralSourceCostUpdate,
)
from contracts.referral_source_cost import ReferralSourceCost as Resource
from contracts.shapes import Reference, resource_fields
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, own_id, row_to_change
from services.referrals.handlers.named import named_source
from services.referrals.handlers.source_figures import moving, spend
from services.referrals.handlers.versions import archived, made, updated
from services.referrals.models.source import ReferralSource, ReferralSourceCost
from services.referrals.rules.period import period_of

FIELDS = ("amount", "period_start", "period_end", "notes")
Command = ReferralSourceCostCreate | ReferralSourceCostUpdate | ReferralSourceCostArchive


def cost_resource(row: ReferralSourceCost, source: ReferralSource) -> Resource:
    """A cost as it is shown, with the name that its source has now."""
    return Resource.model_construct(
        **resource_fields(row),
        referral_source=Reference.model_construct(uuid=source.id, name=source.name),
        **{name: getattr(row, name) for name in FIELDS},
    )


def create(command: ReferralSourceCostCreate, workspace: Workspace) -> Done[Resource]:
    source = _source_of(command, workspace)
    row = ReferralSourceCost(
        org_id=workspace.org_id,
        id=command.id or workspace.new_id(),
        referral_source_id=source.id,
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
        **{name: getattr(command, name) for name in FIELDS},
    )
    workspace.add(ReferralSourceCost, row.id, row=row)
    spend(source.id, row.amount, workspace)
    return made(row, cost_resource(row, source), REFERRAL_SOURCE_COST_CREATED, workspace)


def update(command: ReferralSourceCostUpdate, workspace: Workspace) -> Done[Resource]:
    source = _source_of(command, workspace)
    row = workspace.get(ReferralSourceCost, command.cost_uuid)
    merged = {**{name: getattr(row, name) for name in FIELDS}, **command.changes()}
    period_of(merged["period_start"], merged["period_end"])
    before = cost_resource(row, source)
    for name in FIELDS:
        setattr(row, name, merged[name])
    if row.amount != before.amount:
        spend(source.id, row.amount - before.amount, workspace)
    return updated(
        row,
        before,
        lambda: cost_resource(row, source),
        REFERRAL_SOURCE_COST_UPDATED,
        workspace,
    )


def archive(command: ReferralSourceCostArchive, workspace: Workspace) -> Done[None]:
    source = _source_of(command, workspace)
    row = workspace.get(ReferralSourceCost, command.cost_uuid)
    spend(source.id, -row.amount, workspace)
    return archived(
        row, lambda: cost_resource(row, source), REFERRAL_SOURCE_COST_ARCHIVED, workspace
    )


def _source_of(command: Command, workspace: Workspace) -> ReferralSource:
    """The command's source. What it cost is about the patient that it is linked to."""
    source = workspace.get(ReferralSource, command.referral_source_uuid)
    workspace.concerns(source.linked_patient_id)
    return source


def _check_created(command: ReferralSourceCostCreate) -> None:
    period_of(command.period_start, command.period_end)


def _check_changes(command: ReferralSourceCostUpdate) -> None:
    if {"period_start", "period_end"} <= command.model_fields_set:
        period_of(command.period_start, command.period_end)


def _source(command: Command) -> Need:
    return named_source(command.referral_source_uuid)


def _needs_of_create(command: ReferralSourceCostCreate) -> list[Need]:
    return [_source(command), *own_id(ReferralSourceCost, command.id)]


def _needs_of_change(command: ReferralSourceCostUpdate | ReferralSourceCostArchive) -> list[Need]:
    return [
        _source(command),
        row_to_change(
            ReferralSourceCost,
            command.cost_uuid,
            ProblemCode.REFERRAL_SOURCE_COST_NOT_FOUND,
            belongs=lambda row: bool(row.referral_source_id == command.referral_source_uuid),
        ),
    ]


def _moved(command: Command, _: Workspace) -> Sequence[Need]:
    return moving(command.referral_source_uuid)


HANDLERS = [
    handles(
        CREATE_REFERRAL_SOURCE_COST,
        create,
        needs=_needs_of_create,
        then_needs=_moved,
        check=_check_created,
    ),
    handles(
        UPDATE_REFERRAL_SOURCE_COST,
        update,
        needs=_needs_of_change,
        then_needs=_moved,
        check=_check_changes,
    ),
    handles(ARCHIVE_REFERRAL_SOURCE_COST, archive, needs=_needs_of_change, then_needs=_moved),
]
