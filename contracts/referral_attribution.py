"""Attributions: who or what brought a patient to the practice."""

from enum import StrEnum
from typing import Annotated, Final

from contracts.events import Event, EventSource
from contracts.operations import Service, archive, command, listing, query
from contracts.replies import ReplyStatus
from contracts.shapes import (
    Command,
    Lax,
    ListQuery,
    Query,
    Reference,
    Resource,
    Shape,
    Update,
)
from contracts.text import Notes
from contracts.values import Time, Uuid


class AttributionRole(StrEnum):
    """What part it had. At most one unarchived attribution of a patient is the primary one."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    ASSIST = "assist"


class AttributionFields(Shape):
    """What a client may set and change."""

    attribution_role: Annotated[AttributionRole, Lax] = AttributionRole.PRIMARY
    source_note: Notes = None


class ReferralAttributionCreate(AttributionFields, Command):
    """`referral_attribution.create` → 201. Exactly one of the four references is given.

    `attributed_at`: when it brought the patient, if not now; of history that is imported.
    """

    patient_uuid: Uuid
    id: Uuid | None = None
    referral_source_uuid: Uuid | None = None
    referral_partner_uuid: Uuid | None = None
    provider_uuid: Uuid | None = None
    referring_patient_uuid: Uuid | None = None
    attributed_at: Time | None = None


class ReferralAttributionUpdate(AttributionFields, Update):
    """`referral_attribution.update` → 200. The references never change."""

    patient_uuid: Uuid
    attribution_uuid: Uuid

    @classmethod
    def identity(cls) -> set[str]:
        return {"patient_uuid", "attribution_uuid"}


class ReferralAttributionArchive(Update):
    """`referral_attribution.archive` → 204. The place of a primary one is free again."""

    patient_uuid: Uuid
    attribution_uuid: Uuid


class ReferralAttributionGet(Query):
    """`referral_attribution.get` → 200."""

    patient_uuid: Uuid
    attribution_uuid: Uuid


class ReferralAttributionList(ListQuery):
    """`referral_attribution.list` → 200, newest first."""

    patient_uuid: Uuid


class ReferralAttribution(Resource):
    """An attribution as it is shown: one of the four references is set."""

    patient: Reference
    attribution_role: Annotated[AttributionRole, Lax]
    source_note: str | None = None
    referral_source: Reference | None = None
    referral_partner: Reference | None = None
    provider: Reference | None = None
    referring_patient: Reference | None = None
    attributed_at: Time


CREATE_REFERRAL_ATTRIBUTION: Final = command(
    "referral_attribution.create",
    Service.REFERRALS,
    ReferralAttributionCreate,
    ReferralAttribution,
    ReplyStatus.CREATED,
)
UPDATE_REFERRAL_ATTRIBUTION: Final = command(
    "referral_attribution.update", Service.REFERRALS, ReferralAttributionUpdate, ReferralAttribution
)
ARCHIVE_REFERRAL_ATTRIBUTION: Final = archive(
    "referral_attribution.archive", Service.REFERRALS, ReferralAttributionArchive
)
GET_REFERRAL_ATTRIBUTION: Final = query(
    "referral_attribution.get", Service.REFERRALS, ReferralAttributionGet, ReferralAttribution
)
LIST_REFERRAL_ATTRIBUTIONS: Final = listing(
    "referral_attribution.list", Service.REFERRALS, ReferralAttributionList, ReferralAttribution
)

REFERRAL_ATTRIBUTION_CREATED: Final = Event(
    "referral_attribution.created", EventSource.REFERRALS, ReferralAttribution
)
REFERRAL_ATTRIBUTION_UPDATED: Final = Event(
    "referral_attribution.updated", EventSource.REFERRALS, ReferralAttribution
)
REFERRAL_ATTRIBUTION_ARCHIVED: Final = Event(
    "referral_attribution.archived", EventSource.REFERRALS, ReferralAttribution
)
