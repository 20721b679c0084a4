"""Plans for Open Dental's rows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.connecting import ImportKind, RowCode, RowResolution
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
from services.connectors.planning import refattaches
from services.connectors.planning.steps import (
    Around,
    Kept,
    Known,
    Later,
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
from services.connectors.rules.ownership import merge
from services.connectors.rules.reading import Mapped

_NAMES = ("LName", "FName", "BusinessName", "Abbr")


def mapped(
    kind: ImportKind, kept: Kept, stamp: str | None, now: datetime, options: OpenDentalOptions
) -> Mapped:
    """The fields of ours that a row has by itself, and those of its own that are not taken."""
    match kind:
        case ImportKind.PROVIDER:
            return mapping.provider_fields(ProviderRow(**kept))
        case ImportKind.PATIENT:
            return mapping.patient_fields(PatientRow(**kept), now, options.country)
        case ImportKind.PARTNER:
            return mapping.partner_fields(ReferralRow(**kept), options.country)
        case ImportKind.SOURCE:
            return mapping.source_fields(ReferralRow(**kept))
        case ImportKind.ATTRIBUTION:
            return mapping.attribution_fields(RefAttachRow(**kept), stamp, options.zone, now)
    return mapping.referral_fields(RefAttachRow(**kept), None)


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
            return refattaches.plan_attribution(row, known, around, options)
    return refattaches.plan_referral(row, known, around, options)


def _nameless(found: Mapped) -> Refused:
    """Nothing that has no name can be made: the names that are refused, else the one that lacks."""
    refused = tuple(name for name in _NAMES if name in found.refused)
    return Refused(RowCode.FIELD_REFUSED, refused or ("LName",))


def _provider(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    held = known.observed_at if known is not None else None
    at, skew = observed_at(row.stamp, options.zone, around.now, held)
    if ProviderRow(**row.kept).is_deleted or row.gone:
        if known is None or known.version is None or known.gone:
            return Nothing()
        fields = {"provider_uuid": uuid_of(known), "observed_at": format_time(at)}
        return Send("provider.archive", fields, Then.GONE, skew_seconds=skew)
    found = mapped(row.kind, row.kept, row.stamp, around.now, options)
    if found.fields["name"] is None:
        return _nameless(found)
    fields = {"provider_uuid": uuid_of(known), **found.fields, "observed_at": format_time(at)}
    return Send("provider.put", fields, Then.MADE, skew_seconds=skew)


def _patient(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    if row.gone:
        return Nothing()
    found = mapped(row.kind, row.kept, row.stamp, around.now, options)
    if found.fields["name"] is None:
        return _nameless(found)
    held = known.observed_at if known is not None else None
    at, skew = observed_at(row.stamp, options.zone, around.now, held)
    fields = {
        "patient_uuid": uuid_of(known),
        **as_sent(found.fields),
        "observed_at": format_time(at),
    }
    return Send("patient.put", fields, Then.MADE, skew_seconds=skew)


def _partner(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    found = mapped(row.kind, row.kept, row.stamp, around.now, options)
    fields = dict(found.fields)
    if _is_partner_no_longer(row, known):
        row = replace(row, gone=True)
    nameless = fields["contact_type"] is ContactType.PRACTICE and not (
        fields["practice_name"] or fields["last_name"]
    )
    if nameless and not row.gone:
        return _nameless(found)
    return _made_or_changed(
        row, known, around, options, "referral_partner", fields, {"id": uuid_of(known)}
    )


def _is_partner_no_longer(row: Row, known: Known | None) -> bool:
    """Whether a doctor has become a source. A source of which a partner was made, so that patients
    can be referred to it, always was one."""
    if known is None or not known.base:
        return False
    was, is_now = (mapping.kind_of(ReferralRow(**kept)) for kept in (known.base, row.kept))
    return was is ImportKind.PARTNER and is_now is ImportKind.SOURCE


def _source(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    referral = ReferralRow(**row.kept)
    found = mapped(row.kind, row.kept, row.stamp, around.now, options)
    if found.fields["name"] is None and not row.gone:
        return _nameless(found)
    made: dict[str, Any] = {
        "id": uuid_of(known),
        "category": mapping.category_of(referral).value,
        "linked_patient_uuid": None,
    }
    if referral.pat_num and not row.gone:
        patient = around.known(ImportKind.PATIENT, str(referral.pat_num))
        if patient is None or not patient.made:
            return Waits(RowCode.MISSING_REFERENCE)
        made["linked_patient_uuid"] = str(patient.uuid)
    return _made_or_changed(
        row, known, around, options, "referral_source", dict(found.fields), made
    )


def _linked(row: Row, known: Known, made: Mapping[str, Any]) -> dict[str, Any]:
    """The link and the category of a source that became a patient's, or is one no longer. A
    category that somebody here has set stays."""
    if row.kind is not ImportKind.SOURCE or row.gone or not known.base:
        return {}
    was, is_now = ReferralRow(**known.base), ReferralRow(**row.kept)
    before = mapping.category_of(was).value
    changes = {}
    if is_now.pat_num != was.pat_num:
        changes["linked_patient_uuid"] = made["linked_patient_uuid"]
    if made["category"] != before and known.category == before:
        changes["category"] = made["category"]
    return changes


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
        given = {name: new for name, new in {**made, **fields}.items() if new is not None}
        base = None if fields["is_active"] else {**row.kept, "is_hidden": False}
        return Send(f"{resource}.create", {**given, "is_active": True}, Then.MADE, base=base)
    base_fields: dict[str, Any] = {}
    if known.base:
        base_fields = dict(mapped(row.kind, known.base, None, around.now, options).fields)
    if row.gone:
        fields = {**base_fields, "is_active": False}
    if known.gone:
        base_fields["is_active"] = False
    changes = {**merge(base_fields, fields).send, **_linked(row, known, made)}
    if row.resolution is RowResolution.THEIRS:
        changes |= {name: fields[name] for name in row.conflict if name in fields}
    elif row.resolution is RowResolution.OURS:
        changes = {name: new for name, new in changes.items() if name not in row.conflict}
    if not changes:
        return Nothing()
    if changes == {"is_active": False} and around.attributions_staged:
        return Later()
    named = {f"{resource}_uuid": uuid_of(known), "base_version": known.version, **changes}
    then = Then.GONE if row.gone else Then.CHANGED
    variant = "gone" if row.gone else ""
    base = None
    if "linked_patient_uuid" in changes and known.category is None and known.base:
        # The reply says of which category it is here; it is changed after that, or not.
        base = {**row.kept, **{name: known.base[name] for name in ("pat_num", "is_patient")}}
    return Send(f"{resource}.update", named, then, known.version, variant, base)
