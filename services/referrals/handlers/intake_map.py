"""The handler of what a form outside means here."""

from collections.abc import Iterable
from uuid import UUID

from contracts.intake_map import PUT_INTAKE_MAP, IntakeMapPut
from contracts.intake_map import IntakeMapEntry as Resource
from contracts.problems import FieldError, ProblemCode, invalid
from contracts.replies import ReplyStatus
from contracts.shapes import reference, resource_fields
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace
from services.referrals.handlers.partner import partner_name
from services.referrals.handlers.versions import next_version
from services.referrals.models.intake import IntakeMapEntry, MapKind
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.source import ReferralSource

BY_KIND = ("kind",)
ALL_ROLES = ""


def map_resource(
    row: IntakeMapEntry, source: ReferralSource | None, partner: ReferralPartner | None
) -> Resource:
    """An entry as it is shown, with the names that things have now."""
    is_source = row.kind is MapKind.SOURCE
    return Resource.model_construct(
        **resource_fields(row),
        source=row.outside_id if is_source else None,
        referral_role=row.referral_role or None,
        referral_source=reference(row.referral_source_id, source.name if source else None),
        project=None if is_source else row.outside_id,
        referral_partner=reference(
            row.referral_partner_id, partner_name(partner) if partner else None
        ),
    )


def put(command: IntakeMapPut, workspace: Workspace) -> Done[Resource | None]:
    """Map, map to something else, or remove; what is so already is left as it is."""
    key, target = _key(command), command.referral_source_uuid or command.referral_partner_uuid
    row = workspace.find(IntakeMapEntry, *key)
    if target is None:
        return _remove(row, workspace)
    if row is None:
        row = _made(key, workspace)
    elif (row.referral_source_id or row.referral_partner_id, row.deleted_at) == (target, None):
        return Done(ReplyStatus.OK, _shown(row, workspace), row.id)
    row.referral_source_id = command.referral_source_uuid
    row.referral_partner_id = command.referral_partner_uuid
    row.deleted_at = None
    next_version(row, workspace)
    return Done(ReplyStatus.OK, _shown(row, workspace), row.id)


def _made(key: tuple[MapKind, str, str], workspace: Workspace) -> IntakeMapEntry:
    kind, outside_id, role = key
    row = IntakeMapEntry(
        org_id=workspace.org_id,
        kind=kind,
        outside_id=outside_id,
        referral_role=role,
        id=workspace.new_id(),
        version=0,
        created_at=workspace.now,
        updated_at=workspace.now,
    )
    workspace.add(IntakeMapEntry, *key, row=row)
    workspace.list_too(row, BY_KIND)
    return row


def _remove(row: IntakeMapEntry | None, workspace: Workspace) -> Done[Resource | None]:
    if row is not None and row.deleted_at is None:
        next_version(row, workspace)
        row.deleted_at = workspace.now
    return Done(ReplyStatus.OK, None, None if row is None else row.id)


def _shown(row: IntakeMapEntry, workspace: Workspace) -> Resource:
    source, partner = row.referral_source_id, row.referral_partner_id
    return map_resource(
        row,
        workspace.find(ReferralSource, source) if source is not None else None,
        workspace.find(ReferralPartner, partner) if partner is not None else None,
    )


def mapped_source(
    entries: Iterable[IntakeMapEntry], source: str | None, role: str | None
) -> UUID | None:
    """The referral source of a form's role: what the role is mapped to, else what the form is."""
    held = {
        (row.outside_id, row.referral_role): row.referral_source_id
        for row in entries
        if row.kind is MapKind.SOURCE and row.deleted_at is None
    }
    if source is None:
        return None
    return held.get((source, role or ALL_ROLES)) or held.get((source, ALL_ROLES))


def mapped_partner(entries: Iterable[IntakeMapEntry], project: str | None) -> UUID | None:
    """The partner to whom a project's referrals must go."""
    return next(
        (
            row.referral_partner_id
            for row in entries
            if row.kind is MapKind.PROJECT and row.deleted_at is None and row.outside_id == project
        ),
        None,
    )


def _key(command: IntakeMapPut) -> tuple[MapKind, str, str]:
    if command.source is not None:
        return MapKind.SOURCE, command.source, command.referral_role or ALL_ROLES
    return MapKind.PROJECT, command.project or "", ALL_ROLES


def _check(command: IntakeMapPut) -> None:
    """Either a source or a project, and beside it what it is mapped to, or null."""
    if (command.source is None) == (command.project is None):
        raise _refused("exactly_one", "Give either source or project", "source", "project")
    target, others = (
        ("referral_source_uuid", ("referral_partner_uuid",))
        if command.source is not None
        else ("referral_partner_uuid", ("referral_source_uuid", "referral_role"))
    )
    if target not in command.model_fields_set:
        raise _refused("missing", "Give what it is mapped to, or null to remove it", target)
    given = [name for name in others if getattr(command, name) is not None]
    if given:
        raise _refused("does_not_belong", "It does not belong to what is mapped here", *given)


def _refused(kind: str, msg: str, *names: str) -> Exception:
    return invalid([FieldError(loc=[name], type=kind, msg=msg) for name in names])


def _needs(command: IntakeMapPut) -> list[Need]:
    needs = [Need(IntakeMapEntry, _key(command), writes=True)]
    if (uuid := command.referral_source_uuid) is not None:
        missing = ProblemCode.REFERRAL_SOURCE_NOT_FOUND
        needs.append(Need(ReferralSource, (uuid,), missing=missing))
    if (uuid := command.referral_partner_uuid) is not None:
        missing = ProblemCode.REFERRAL_PARTNER_NOT_FOUND
        needs.append(Need(ReferralPartner, (uuid,), missing=missing))
    return needs


HANDLERS = [handles(PUT_INTAKE_MAP, put, needs=_needs, check=_check)]
