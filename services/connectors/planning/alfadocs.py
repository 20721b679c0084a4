"""Plans for AlfaDocs' rows."""

from datetime import datetime

from contracts.connecting import ImportKind, RowCode
from contracts.referral_attribution import AttributionRole
from contracts.values import format_time
from services.connectors.alfadocs import mapping
from services.connectors.alfadocs.rows import OperatorRow, PatientRow
from services.connectors.planning.steps import (
    Around,
    Kept,
    Known,
    Nothing,
    Refused,
    Row,
    Send,
    Step,
    Then,
    Waits,
    as_sent,
    uuid_of,
)
from services.connectors.rules.clocks import observed_at
from services.connectors.rules.reading import Mapped


def mapped(kind: ImportKind, kept: Kept, stamp: str | None, now: datetime) -> Mapped:
    """The fields of ours that a row has by itself, and those of its own that are not taken.

    What is wrong with the date of an attribution is told of its patient, whose row it is.
    """
    match kind:
        case ImportKind.PROVIDER:
            return mapping.operator_fields(OperatorRow(**kept))
        case ImportKind.PATIENT:
            return mapping.patient_fields(PatientRow(**kept), now)
    named = {"patient_uuid": "id", "referral_source_uuid": "sourceId", "attributed_at": "createdAt"}
    return Mapped({}, (), named)


def plan(row: Row, known: Known | None, around: Around) -> Step:
    """The next step for a row. A row is applied once it leads to Nothing."""
    if known is not None and known.archived:
        return Nothing()
    if row.kind is ImportKind.PROVIDER:
        return _operator(row, known, around)
    if row.kind is ImportKind.PATIENT:
        return _patient(row, known, around)
    return _attribution(row, known, around)


def _operator(row: Row, known: Known | None, around: Around) -> Step:
    operator = OperatorRow(**row.kept)
    held = known.observed_at if known is not None else None
    at, _ = observed_at(None, mapping.ZONE, around.now, held)
    if operator.is_deleted or row.gone:
        if known is None or known.version is None or known.gone:
            return Nothing()
        fields = {"provider_uuid": uuid_of(known), "observed_at": format_time(at)}
        return Send("provider.archive", fields, Then.GONE)
    found = mapped(row.kind, row.kept, row.stamp, around.now)
    if found.fields["name"] is None:
        return Refused(RowCode.FIELD_REFUSED, ("name",))
    fields = {"provider_uuid": uuid_of(known), **found.fields, "observed_at": format_time(at)}
    return Send("provider.put", fields, Then.MADE)


def _patient(row: Row, known: Known | None, around: Around) -> Step:
    patient = PatientRow(**row.kept)
    is_new = known is None or known.version is None
    if is_new and patient.source_id and around.mapped_source(str(patient.source_id)) is None:
        return Waits(RowCode.UNMAPPED_SOURCE)
    found = mapped(row.kind, row.kept, row.stamp, around.now)
    if found.fields["name"] is None:
        refused = tuple(name for name in ("firstName", "lastName") if name in found.refused)
        return Refused(RowCode.FIELD_REFUSED, refused or ("lastName",))
    held = known.observed_at if known is not None else None
    at, skew = observed_at(row.stamp, mapping.ZONE, around.now, held)
    fields = {
        "patient_uuid": uuid_of(known),
        **as_sent(found.fields),
        "observed_at": format_time(at),
    }
    return Send("patient.put", fields, Then.MADE, skew_seconds=skew)


def _attribution(row: Row, known: Known | None, around: Around) -> Step:
    """What brought a patient. It is never taken back: another source joins the first."""
    if known is not None and known.version is not None:
        return Nothing()
    source = around.mapped_source(str(row.kept["source_id"]))
    if source is None:
        return Waits(RowCode.UNMAPPED_SOURCE)
    patient = around.known(ImportKind.PATIENT, str(row.kept["id"]))
    if patient is None or not patient.made:
        return Waits(RowCode.MISSING_REFERENCE)
    first = not row.as_secondary and not any(
        one != row.external_id for one in around.siblings(str(row.kept["id"]))
    )
    role = AttributionRole.PRIMARY if first else AttributionRole.SECONDARY
    at = mapping.attributed_at(row.kept["created_at"], row.stamp, around.now)
    fields = {
        "id": uuid_of(known),
        "patient_uuid": str(patient.uuid),
        "referral_source_uuid": str(source),
        "attribution_role": role.value,
    }
    if at is not None:
        fields["attributed_at"] = format_time(at)
    # What a number means may be said anew: with another source it is another command.
    variant = f"{role}:{source}"
    return Send("referral_attribution.create", fields, Then.MADE, variant=variant)
