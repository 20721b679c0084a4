"""A row from outside as it is shown: what its commands, retention and erasure have in common."""

from contracts.intake import Intake as Resource
from contracts.intake import IntakeWarning
from contracts.shapes import reference, resource_fields
from messaging.handlers.workspace import Need, Workspace
from services.referrals.models.directory import Patient
from services.referrals.models.intake import Intake

FIELDS = (
    "row_number",
    "status",
    "first_name",
    "surname",
    "org_type_id",
    "source",
    "referral_role",
    "project",
    "description",
    "date_of_birth",
    "telephone",
    "mobile",
    "email",
    "extra",
    "suspected_spam",
    "possible_repeat_of",
    "reason",
    "note",
    "decided_at",
    "emptied_at",
)
"""What is shown as the row's column of that name has it."""


def intake_resource(row: Intake, patient: str | None) -> Resource:
    """A row as it is shown. `patient`: what the patient is called now whom it was taken in as."""
    return Resource.model_construct(
        **resource_fields(row),
        **{name: getattr(row, name) for name in FIELDS},
        group_uuid=row.group_id,
        warnings=[IntakeWarning.model_construct(**warning) for warning in row.warnings],
        patient=reference(row.patient_id, patient),
        referral_attribution_uuid=row.attribution_id,
        referral_uuid=row.referral_id,
    )


def pointed_to(row: Intake) -> list[Need]:
    """The rows whose names it shows."""
    return [] if row.patient_id is None else [Need(Patient, (row.patient_id,))]


def shown(row: Intake, workspace: Workspace) -> Resource:
    """As it is now. Raises LookupError where what it points to was not asked for."""
    workspace.concerns(row.patient_id)
    patient = None if row.patient_id is None else workspace.find(Patient, row.patient_id)
    return intake_resource(row, patient.name if patient else None)
