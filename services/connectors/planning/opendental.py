"""Plans for Open Dental's rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.connecting import ImportKind, RowCode, RowResolution
from contracts.referral import FulfilmentStatus
from contracts.referral_attribution import AttributionRole
from contracts.referral_partner import ContactType
from contracts.values import format_time
from services.connectors.config import OpenDentalOptions
from services.connectors.opendental import mapping
from services.connectors.opendental.rows import (
    PatientRow,
    ProviderRow,
    RefAttachRow,
    ReferralRow,
)
from services.connectors.planning.steps import (
    Around,
    Kept,
    Known,
    Later,
    Nothing,
    Refused,
    Row,
    Send,
    StageAlso,
    Step,
    Then,
    Waits,
)
from services.connectors.rules.clocks import observed_at
from services.connectors.rules.ownership import merge
from services.connectors.rules.reading import Mapped

_ORDER = {
    None: 0,
    FulfilmentStatus.REQUESTED: 1,
    FulfilmentStatus.ACCEPTED: 2,
    FulfilmentStatus.REJECTED: 2,
    FulfilmentStatus.IN_PROGRESS: 3,
    FulfilmentStatus.COMPLETED: 4,
    FulfilmentStatus.FAILED: 4,
    FulfilmentStatus.CANCELLED: 5,
}


def mapped_fields(kind: ImportKind, kept: Kept, options: OpenDentalOptions) -> Mapped:
    """The mapped fields of a partner's or source's row, by which two states of it are compared."""
    if kind is ImportKind.PARTNER:
        return mapping.partner_fields(ReferralRow(**kept), options.country)
    return mapping.source_fields(ReferralRow(**kept))


def plan(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    """The next step for a row. A row is applied once it leads to Nothing."""
    if known is not None and known.archived:
        return Nothing()
    match row.kind:
        case ImportKind.PROVIDER:
            return _provider(row, known, around, options)
        case ImportKind.PATIENT:
            return _patient(row, known, around, options)
        case ImportKind.PARTNER:
            return _partner(row, known, around, options)
        case ImportKind.SOURCE:
            return _source(row, known, around, options)
        case ImportKind.ATTRIBUTION:
            return _attribution(row, known, around, options)
    return _referral(row, known, around, options)


def _uuid(known: Known | None) -> str:
    assert known is not None
    return str(known.uuid)


def _provider(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    provider = ProviderRow(**row.kept)
    held = known.observed_at if known is not None else None
    at, skew = observed_at(row.stamp, options.zone, around.now, held)
    if provider.is_deleted or row.gone:
        if known is None or known.version is None or known.gone:
            return Nothing()
        fields = {"provider_uuid": _uuid(known), "observed_at": format_time(at)}
        return Send("provider.archive", fields, Then.GONE, skew_seconds=skew)
    mapped = mapping.provider_fields(provider)
    if mapped.fields["name"] is None:
        return Refused(RowCode.FIELD_REFUSED, mapped.refused or ("LName",))
    fields = {"provider_uuid": _uuid(known), **mapped.fields, "observed_at": format_time(at)}
    return Send("provider.put", fields, Then.MADE, skew_seconds=skew)


def _patient(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    if row.gone:
        return Nothing()
    mapped = mapping.patient_fields(PatientRow(**row.kept), options.country)
    if mapped.fields["name"] is None:
        return Refused(RowCode.FIELD_REFUSED, mapped.refused or ("LName",))
    held = known.observed_at if known is not None else None
    at, skew = observed_at(row.stamp, options.zone, around.now, held)
    fields = {"patient_uuid": _uuid(known), **_json(mapped.fields), "observed_at": format_time(at)}
    return Send("patient.put", fields, Then.MADE, skew_seconds=skew)


def _partner(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    fields = dict(mapped_fields(ImportKind.PARTNER, row.kept, options).fields)
    nameless = fields["contact_type"] is ContactType.PRACTICE and not (
        fields["practice_name"] or fields["last_name"]
    )
    if nameless and not row.gone:
        return Refused(RowCode.FIELD_REFUSED, ("LName",))
    return _made_or_changed(
        row, known, around, options, "referral_partner", fields, {"id": _uuid(known)}
    )


def _source(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    referral = ReferralRow(**row.kept)
    fields = dict(mapped_fields(ImportKind.SOURCE, row.kept, options).fields)
    if fields["name"] is None and not row.gone:
        return Refused(RowCode.FIELD_REFUSED, ("LName",))
    made = {"id": _uuid(known), "category": mapping.category_of(referral).value}
    if referral.pat_num and not row.gone:
        patient = around.known(ImportKind.PATIENT, str(referral.pat_num))
        if patient is None or not patient.made:
            return Waits(RowCode.MISSING_REFERENCE)
        made["linked_patient_uuid"] = str(patient.uuid)
    return _made_or_changed(row, known, around, options, "referral_source", fields, made)


def _made_or_changed(
    row: Row,
    known: Known | None,
    around: Around,
    options: OpenDentalOptions,
    resource: str,
    fields: dict[str, Any],
    made: Mapping[str, Any],
) -> Step:
    """A partner or source. One that is hidden there is made active first: attributions of the past
    are refused to an inactive one. It is made inactive once they are in."""
    if known is None or known.version is None:
        if row.gone:
            return Nothing()
        given = {name: value for name, value in fields.items() if value is not None}
        base = None if fields["is_active"] else {**row.kept, "is_hidden": False}
        created = {**made, **given, "is_active": True}
        return Send(f"{resource}.create", created, Then.MADE, base=base)
    base_row = known.base or {}
    base_fields = dict(mapped_fields(row.kind, base_row, options).fields) if base_row else {}
    if row.gone:
        fields = {**base_fields, "is_active": False}
    if known.gone:
        base_fields["is_active"] = False
    if row.resolution is RowResolution.THEIRS:
        base_fields = {}
    changes = merge(base_fields, fields).send
    if row.resolution is RowResolution.OURS or not changes:
        return Nothing()
    if changes == {"is_active": False} and around.attributions_staged:
        return Later()
    named = {f"{resource}_uuid": _uuid(known), "base_version": known.version, **changes}
    then = Then.GONE if row.gone else Then.CHANGED
    variant = "gone" if row.gone else ""
    return Send(f"{resource}.update", named, then, known.version, variant)


def _attribution(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    attached = RefAttachRow(**row.kept)
    patient = around.known(ImportKind.PATIENT, str(attached.pat_num))
    if patient is None or not patient.made:
        return Nothing() if row.gone else Waits(RowCode.MISSING_REFERENCE)
    exists = known is not None and known.version is not None and not known.gone
    named = {"patient_uuid": str(patient.uuid), "attribution_uuid": _uuid(known)}
    base = RefAttachRow(**known.base) if known is not None and known.base else None
    if exists and known is not None:
        moved = base is not None and base.referral_num != attached.referral_num
        if row.gone or moved:
            then = Then.GONE if row.gone else Then.NEXT_GENERATION
            fields: dict[str, Any] = {**named, "base_version": known.version}
            return Send("referral_attribution.archive", fields, then, known.version)
        return _noted(attached, base, named, known.version, around.now, options)
    if row.gone:
        return Nothing()
    target = _target(attached, around)
    if not isinstance(target, dict):
        return target
    siblings = {
        number: rank
        for number, rank in around.siblings(str(attached.pat_num)).items()
        if number != row.external_id
    }
    role = mapping.role_of(attached, siblings)
    if row.as_secondary:
        role = AttributionRole.SECONDARY
    written = mapping.attribution_fields(attached, options.zone, around.now).fields
    created = {
        "id": _uuid(known),
        "patient_uuid": str(patient.uuid),
        "attribution_role": role.value,
        **target,
        **_json(written),
    }
    return Send("referral_attribution.create", created, Then.MADE, variant=role.value)


def _noted(
    attached: RefAttachRow,
    base: RefAttachRow | None,
    named: Mapping[str, Any],
    version: int | None,
    now: datetime,
    options: OpenDentalOptions,
) -> Step:
    note = mapping.attribution_fields(attached, options.zone, now).fields["source_note"]
    held = None if base is None else base.note
    if base is None or (note or None) == (held or None):
        return Nothing()
    fields = {**named, "base_version": version, "source_note": note}
    return Send("referral_attribution.update", fields, Then.CHANGED, version)


def _target(attached: RefAttachRow, around: Around) -> dict[str, str] | Step:
    """Whom or what an attribution points to."""
    number = str(attached.referral_num)
    source = around.known(ImportKind.SOURCE, number)
    partner = around.known(ImportKind.PARTNER, number)
    for known in (source, partner):
        if known is not None and known.base and known.base.get("pat_num") == attached.pat_num:
            return Refused(RowCode.SELF_REFERRAL, ("ReferralNum",))
    if source is not None and source.made and not source.gone:
        return {"referral_source_uuid": str(source.uuid)}
    if partner is not None and partner.made:
        return {"referral_partner_uuid": str(partner.uuid)}
    if source is not None and source.made:
        return {"referral_source_uuid": str(source.uuid)}
    return Waits(RowCode.MISSING_REFERENCE)


def _referral(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    attached = RefAttachRow(**row.kept)
    if known is not None and known.version is not None:
        return Nothing() if row.gone else _answered(attached, known)
    if row.gone or not mapping.becomes_draft(attached, options.referrals_since):
        return Nothing()
    patient = around.known(ImportKind.PATIENT, str(attached.pat_num))
    if patient is None or not patient.made:
        return Waits(RowCode.MISSING_REFERENCE)
    number = str(attached.referral_num)
    partner = around.known(ImportKind.PARTNER, number)
    if partner is None or not partner.made:
        source = around.known(ImportKind.SOURCE, number)
        if partner is None and source is not None and source.base:
            return StageAlso(ImportKind.PARTNER, number, source.base)
        return Waits(RowCode.MISSING_REFERENCE)
    provider = around.known(ImportKind.PROVIDER, str(attached.prov_num))
    base = ReferralRow(**partner.base) if partner.base else None
    fields = {
        "id": _uuid(known),
        "patient_uuid": str(patient.uuid),
        "referral_partner_uuid": str(partner.uuid),
        **mapping.referral_fields(attached, base).fields,
    }
    if provider is not None and provider.made:
        fields["referring_provider_uuid"] = str(provider.uuid)
    return Send("referral.create", fields, Then.MADE)


def _answered(attached: RefAttachRow, known: Known) -> Step:
    """Their status where it says more than ours; what we wrote there says what we hold."""
    response = mapping.response_of(attached.ref_to_status)
    if response is None:
        return Nothing()
    held = known.fulfilment_status
    ours = _ORDER[None if held is None else FulfilmentStatus(held)]
    theirs = _ORDER[FulfilmentStatus(response.value)]
    if held == response.value or theirs < ours:
        return Nothing()
    fields = {"referral_uuid": str(known.uuid), "response": response.value}
    return Send("referral.record_response", fields, Then.RESPONDED, variant=response.value)


def _json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Dates and times as they travel; what is null is left out."""
    shown: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, datetime):
            shown[name] = format_time(value)
        elif value is not None:
            shown[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return shown
