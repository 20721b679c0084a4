"""Plans for Open Dental's refattaches: attributions and referrals."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.connecting import ImportKind, RowCode
from contracts.fulfilment import FORWARD, fulfilment_after
from contracts.referral import FulfilmentStatus, Response
from contracts.referral_attribution import AttributionRole
from services.connectors.config import OpenDentalOptions
from services.connectors.opendental import mapping
from services.connectors.opendental.rows import RefAttachRow, ReferralRow
from services.connectors.planning.steps import (
    Around,
    Known,
    Nothing,
    Refused,
    Row,
    Send,
    StageAlso,
    Step,
    Then,
    Waits,
    as_sent,
    uuid_of,
)


def plan_attribution(
    row: Row, known: Known | None, around: Around, options: OpenDentalOptions
) -> Step:
    """The next step for a RefFrom: what brought a patient."""
    attached = RefAttachRow(**row.kept)
    patient = around.known(ImportKind.PATIENT, str(attached.pat_num))
    if patient is None or not patient.made:
        return Nothing() if row.gone else Waits(RowCode.MISSING_REFERENCE)
    exists = known is not None and known.version is not None and not known.gone
    named = {"patient_uuid": str(patient.uuid), "attribution_uuid": uuid_of(known)}
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
    written = mapping.attribution_fields(attached, row.stamp, options.zone, around.now).fields
    created = {
        "id": uuid_of(known),
        "patient_uuid": str(patient.uuid),
        "attribution_role": role.value,
        **target,
        **as_sent(written),
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
        mapping.attribution_fields(RefAttachRow(**kept), None, options.zone, now).fields[
            "source_note"
        ]
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


def plan_referral(
    row: Row, known: Known | None, around: Around, options: OpenDentalOptions
) -> Step:
    """The next step for a RefTo: whom a patient is referred to, and how far that is."""
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
        "id": uuid_of(known),
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
