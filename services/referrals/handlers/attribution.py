"""The handlers of patients' attributions.

Every one of them locks the patient: what they find of the patient's other attributions stays true
until they have committed. The database's unique index on primaries is a net beneath that.
"""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

from contracts.clock import ahead_errors
from contracts.problems import ProblemCode, invalid
from contracts.referral_attribution import (
    ARCHIVE_REFERRAL_ATTRIBUTION,
    CREATE_REFERRAL_ATTRIBUTION,
    REFERRAL_ATTRIBUTION_ARCHIVED,
    REFERRAL_ATTRIBUTION_CREATED,
    REFERRAL_ATTRIBUTION_UPDATED,
    UPDATE_REFERRAL_ATTRIBUTION,
    ReferralAttributionArchive,
    ReferralAttributionCreate,
    ReferralAttributionUpdate,
)
from contracts.referral_attribution import ReferralAttribution as Resource
from contracts.shapes import Reference, reference, resource_fields
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, own_id, row_to_change
from services.referrals.handlers.named import named_patient, named_source
from services.referrals.handlers.partner import partner_name
from services.referrals.handlers.source_figures import bring_patient, lose_patient, moving
from services.referrals.handlers.versions import archived, made, updated
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.directory import Patient, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.source import ReferralSource
from services.referrals.rules.attribution import (
    REFERENCES,
    check_active,
    check_primary,
    check_references,
)

Change = ReferralAttributionUpdate | ReferralAttributionArchive

BY_PATIENT = ("patient_id",)
FIELDS = ("attribution_role", "source_note")


def attribution_resource(
    row: ReferralAttribution,
    patient: Patient,
    source: ReferralSource | None,
    partner: ReferralPartner | None,
    provider: Provider | None,
    referrer: Patient | None,
) -> Resource:
    """An attribution as it is shown, with the names that its references have now."""
    return Resource.model_construct(
        **resource_fields(row),
        patient=Reference.model_construct(uuid=row.patient_id, name=patient.name),
        attribution_role=row.attribution_role,
        source_note=row.source_note,
        referral_source=reference(row.referral_source_id, source.name if source else None),
        referral_partner=reference(
            row.referral_partner_id, partner_name(partner) if partner else None
        ),
        provider=reference(row.provider_id, provider.name if provider else None),
        referring_patient=reference(row.referring_patient_id, referrer.name if referrer else None),
        attributed_at=row.attributed_at,
    )


def check_create(command: ReferralAttributionCreate, workspace: Workspace) -> None:
    """Raises the Refusal that `create` raises; nothing is changed."""
    if errors := ahead_errors("attributed_at", command.attributed_at, workspace.now):
        raise invalid(errors)
    others = unarchived(command.patient_uuid, workspace)
    check_primary(command.attribution_role, (one.attribution_role for one in others))
    _check_active(command, workspace)


def create(command: ReferralAttributionCreate, workspace: Workspace) -> Done[Resource]:
    check_create(command, workspace)
    others = unarchived(command.patient_uuid, workspace)
    row = ReferralAttribution(
        org_id=workspace.org_id,
        id=command.id or workspace.new_id(),
        patient_id=command.patient_uuid,
        referral_source_id=command.referral_source_uuid,
        referral_partner_id=command.referral_partner_uuid,
        provider_id=command.provider_uuid,
        referring_patient_id=command.referring_patient_uuid,
        attributed_at=command.attributed_at or workspace.now,
        version=1,
        created_at=workspace.now,
        updated_at=workspace.now,
        **{name: getattr(command, name) for name in FIELDS},
    )
    workspace.add(ReferralAttribution, row.id, row=row)
    workspace.find_all(ReferralAttribution, BY_PATIENT, row.patient_id).append(row)
    bring_patient(row.referral_source_id, others, workspace)
    return made(row, shown(row, workspace), REFERRAL_ATTRIBUTION_CREATED, workspace)


def update(command: ReferralAttributionUpdate, workspace: Workspace) -> Done[Resource]:
    row = workspace.get(ReferralAttribution, command.attribution_uuid)
    before = shown(row, workspace)
    changes = command.changes()
    others = unarchived(row.patient_id, workspace, but=row)
    check_primary(
        changes.get("attribution_role", row.attribution_role),
        (one.attribution_role for one in others),
    )
    for name, value in changes.items():
        setattr(row, name, value)
    return updated(
        row,
        before,
        lambda: shown(row, workspace),
        REFERRAL_ATTRIBUTION_UPDATED,
        workspace,
    )


def archive(command: ReferralAttributionArchive, workspace: Workspace) -> Done[None]:
    row = workspace.get(ReferralAttribution, command.attribution_uuid)
    others = unarchived(row.patient_id, workspace, but=row)
    lose_patient(row.referral_source_id, others, workspace)
    return archived(row, lambda: shown(row, workspace), REFERRAL_ATTRIBUTION_ARCHIVED, workspace)


def unarchived(
    patient: UUID, workspace: Workspace, *, but: ReferralAttribution | None = None
) -> list[ReferralAttribution]:
    """The patient's unarchived attributions, but one."""
    rows = workspace.find_all(ReferralAttribution, BY_PATIENT, patient)
    return [row for row in rows if row.deleted_at is None and row is not but]


def _check_active(command: ReferralAttributionCreate, workspace: Workspace) -> None:
    if command.referral_source_uuid is not None:
        source = workspace.get(ReferralSource, command.referral_source_uuid)
        check_active("referral_source_uuid", is_active=source.is_active)
    if command.referral_partner_uuid is not None:
        partner = workspace.get(ReferralPartner, command.referral_partner_uuid)
        check_active("referral_partner_uuid", is_active=partner.is_active)


def pointed_to(row: ReferralAttribution) -> list[Need]:
    """The rows whose names it shows, but the patient's."""
    references = (
        (ReferralSource, row.referral_source_id),
        (ReferralPartner, row.referral_partner_id),
        (Provider, row.provider_id),
        (Patient, row.referring_patient_id),
    )
    return [Need(model, (uuid,)) for model, uuid in references if uuid is not None]


def shown(row: ReferralAttribution, workspace: Workspace) -> Resource:
    """As it is now. Raises LookupError where what it points to was not asked for.

    It is about whom it names, and about the patient that its source is linked to.
    """

    def named(model: Any, uuid: UUID | None) -> Any:
        return None if uuid is None else workspace.find(model, uuid)

    source = named(ReferralSource, row.referral_source_id)
    workspace.concerns(row.patient_id)
    workspace.concerns(row.referring_patient_id)
    workspace.concerns(source.linked_patient_id if source else None)
    return attribution_resource(
        row,
        workspace.get(Patient, row.patient_id),
        source,
        named(ReferralPartner, row.referral_partner_id),
        named(Provider, row.provider_id),
        named(Patient, row.referring_patient_id),
    )


class Referring(Protocol):
    """Whatever names one of the four references."""

    @property
    def referral_source_uuid(self) -> UUID | None: ...
    @property
    def referral_partner_uuid(self) -> UUID | None: ...
    @property
    def provider_uuid(self) -> UUID | None: ...
    @property
    def referring_patient_uuid(self) -> UUID | None: ...


def _check(command: ReferralAttributionCreate) -> None:
    check_references(command.patient_uuid, {name: getattr(command, name) for name in REFERENCES})


def patient_to_attribute(uuid: UUID) -> list[Need]:
    """The patient, locked, and what there is of theirs."""
    return [
        named_patient(uuid),
        Need(ReferralAttribution, (uuid,), by=BY_PATIENT),
    ]


def referred_to(command: Referring) -> list[Need]:
    """Who or what a command names as having brought the patient."""
    needs = []
    if (uuid := command.referral_source_uuid) is not None:
        needs.append(named_source(uuid))
    if (uuid := command.referral_partner_uuid) is not None:
        missing = ProblemCode.REFERRAL_PARTNER_NOT_FOUND
        needs.append(Need(ReferralPartner, (uuid,), missing=missing))
    if (uuid := command.provider_uuid) is not None:
        needs.append(Need(Provider, (uuid,), missing=ProblemCode.PROVIDER_NOT_FOUND))
    if (uuid := command.referring_patient_uuid) is not None:
        needs.append(named_patient(uuid))
    return needs


def _needs_of_create(command: ReferralAttributionCreate) -> list[Need]:
    return [
        *patient_to_attribute(command.patient_uuid),
        *referred_to(command),
        *own_id(ReferralAttribution, command.id),
    ]


def _needs_of_change(command: Change) -> list[Need]:
    return [
        *patient_to_attribute(command.patient_uuid),
        row_to_change(
            ReferralAttribution,
            command.attribution_uuid,
            ProblemCode.REFERRAL_ATTRIBUTION_NOT_FOUND,
            belongs=lambda row: bool(row.patient_id == command.patient_uuid),
        ),
    ]


def _brought_to(command: ReferralAttributionCreate, _: Workspace) -> Sequence[Need]:
    return moving(command.referral_source_uuid)


def _to_show(command: Change, workspace: Workspace) -> list[Need]:
    row = workspace.find(ReferralAttribution, command.attribution_uuid)
    return [] if row is None else pointed_to(row)


def _to_archive(command: ReferralAttributionArchive, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(ReferralAttribution, command.attribution_uuid)
    return [*_to_show(command, workspace), *moving(row.referral_source_id if row else None)]


HANDLERS = [
    handles(
        CREATE_REFERRAL_ATTRIBUTION,
        create,
        needs=_needs_of_create,
        then_needs=_brought_to,
        check=_check,
    ),
    handles(UPDATE_REFERRAL_ATTRIBUTION, update, needs=_needs_of_change, then_needs=_to_show),
    handles(ARCHIVE_REFERRAL_ATTRIBUTION, archive, needs=_needs_of_change, then_needs=_to_archive),
]
