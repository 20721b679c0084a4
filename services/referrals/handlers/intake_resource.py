"""A row from outside as it is shown: what its commands, retention and erasure have in common."""

from contracts.intake import Intake as Resource
from contracts.shapes import FieldWarning, reference, resource_fields
from messaging.handlers.workspace import Need, Workspace
from services.referrals.models.contact import Contact
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
    "decided_by",
    "emptied_at",
)
"""What is shown as the row's column of that name has it."""


def intake_resource(row: Intake, name: str | None) -> Resource:
    """A row as it is shown. `name`: what the patient or contact is called now whom it became."""
    return Resource.model_construct(
        **resource_fields(row),
        **{name: getattr(row, name) for name in FIELDS},
        group_uuid=row.group_id,
        warnings=[FieldWarning.model_construct(**warning) for warning in row.warnings],
        patient=reference(row.patient_id, name),
        contact=reference(row.contact_id, name),
        referral_attribution_uuid=row.attribution_id,
        referral_uuid=row.referral_id,
    )


def pointed_to(row: Intake) -> list[Need]:
    """The rows whose names it shows."""
    became = ((Patient, row.patient_id), (Contact, row.contact_id))
    return [Need(model, (uuid,)) for model, uuid in became if uuid is not None]


def shown(row: Intake, workspace: Workspace) -> Resource:
    """As it is now. Raises LookupError where what it points to was not asked for."""
    workspace.concerns(row.patient_id)
    became: Patient | Contact | None = None
    if row.patient_id is not None:
        became = workspace.find(Patient, row.patient_id)
    elif row.contact_id is not None:
        became = workspace.find(Contact, row.contact_id)
    return intake_resource(row, became.name if became else None)
