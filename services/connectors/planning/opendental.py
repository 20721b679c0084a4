"""Plans for Open Dental's rows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.connecting import ImportKind, RowCode, RowResolution
from contracts.fulfilment import FORWARD, fulfilment_after
from contracts.referral import FulfilmentStatus, Response
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
            return _attribution(row, known, around, options)
    return _referral(row, known, around, options)


def _uuid(known: Known | None) -> str:
    assert known is not None
    return str(known.uuid)


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
        fields = {"provider_uuid": _uuid(known), "observed_at": format_time(at)}
        return Send("provider.archive", fields, Then.GONE, skew_seconds=skew)
    found = mapped(row.kind, row.kept, row.stamp, around.now, options)
    if found.fields["name"] is None:
        return _nameless(found)
    fields = {"provider_uuid": _uuid(known), **found.fields, "observed_at": format_time(at)}
    return Send("provider.put", fields, Then.MADE, skew_seconds=skew)


def _patient(row: Row, known: Known | None, around: Around, options: OpenDentalOptions) -> Step:
    if row.gone:
        return Nothing()
    found = mapped(row.kind, row.kept, row.stamp, around.now, options)
    if found.fields["name"] is None:
        return _nameless(found)
    held = known.observed_at if known is not None else None
    at, skew = observed_at(row.stamp, options.zone, around.now, held)
    fields = {"patient_uuid": _uuid(known), **_json(found.fields), "observed_at": format_time(at)}
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
        row, known, around, options, "referral_partner", fields, {"id": _uuid(known)}
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
        "id": _uuid(known),
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
        if row.gone or moved or _is_doubled(attached, around):
            then = Then.GONE if row.gone else Then.NEXT_GENERATION
            fields: dict[str, Any] = {**named, "base_version": known.version}
            return Send("referral_attribution.archive", fields, then, known.version)
        return _noted(row, known, named, around.now, options)
    if row.gone or _is_doubled(attached, around):
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
    written = mapped(row.kind, row.kept, row.stamp, around.now, options).fields
    created = {
        "id": _uuid(known),
        "patient_uuid": str(patient.uuid),
        "attribution_role": role.value,
        **target,
        **_json(written),
    }
    return Send("referral_attribution.create", created, Then.MADE, variant=role.value)


def _is_doubled(attached: RefAttachRow, around: Around) -> bool:
    """Whether the patient is attached to that referral by a row before this one, too: after a merge
    there. One of them is the attribution."""
    mine = (attached.item_order, attached.ref_attach_num)
    twins = around.twins(str(attached.pat_num), attached.referral_num)
    return any((order, int(number)) < mine for number, order in twins.items())


def _noted(
    row: Row, known: Known, named: Mapping[str, Any], now: datetime, options: OpenDentalOptions
) -> Step:
    if not known.base:
        return Nothing()
    held, note = (
        mapped(row.kind, kept, None, now, options).fields["source_note"]
        for kept in (known.base, row.kept)
    )
    if note == held:
        return Nothing()
    fields = {**named, "base_version": known.version, "source_note": note}
    return Send("referral_attribution.update", fields, Then.CHANGED, known.version)


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
    """Their status where it was changed there and is not behind ours; what we wrote there says what
    we hold. Whether it contradicts ours is for the service to say.

    `variant` holds ours: the same answer is given again once ours has moved.
    """
    response = mapping.response_of(attached.ref_to_status)
    is_news = not known.base or known.base["ref_to_status"] != attached.ref_to_status
    if response is None or not is_news:
        return Nothing()
    held = None if known.fulfilment_status is None else FulfilmentStatus(known.fulfilment_status)
    if held is not None and not _says_more(response, held):
        return Nothing()
    fields = {"referral_uuid": str(known.uuid), "response": response.value}
    variant = f"{response.value}:{held or ''}"
    return Send("referral.record_response", fields, Then.RESPONDED, variant=variant)


def _says_more(response: Response, held: FulfilmentStatus) -> bool:
    """Whether an answer from there is to be recorded here.

    Not what says the same (failed here is Declined there), nothing after a cancel, and no step that
    ours has passed. A refusal is passed by nothing: that contradicts whoever goes on.
    """
    same = held.value == response.value
    declined = held is FulfilmentStatus.FAILED and response is Response.REJECTED
    if same or declined or held is FulfilmentStatus.CANCELLED:
        return False
    passed = held.value in FORWARD[fulfilment_after(response)]
    return response is Response.REJECTED or not passed


def _json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Dates and times as they travel; what is null is left out."""
    shown: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, datetime):
            shown[name] = format_time(value)
        elif value is not None:
            shown[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return shown
