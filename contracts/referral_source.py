"""Referral sources: the marketing channels and people that bring patients, and what they cost."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final

import orjson
from pydantic import WithJsonSchema

from contracts.events import Event, EventSource
from contracts.money import Money
from contracts.operations import Service, archive, command, listing, query
from contracts.replies import ReplyStatus
from contracts.shapes import Command, Lax, ListQuery, Query, Reference, Resource, Shape, Update
from contracts.text import Notes, RequiredLine, SearchText
from contracts.values import Date, Uuid

_LEFT_OUT: Any = None
"""In an update, of a field that may be left out and may not be null: nobody looks at it."""


class SourceCategory(StrEnum):
    """The kind of marketing that a source is."""

    PATIENT_REFERRAL = "patient_referral"
    DOCTOR_REFERRAL = "doctor_referral"
    DIGITAL_ADVERTISING = "digital_advertising"
    ORGANIC_SEARCH = "organic_search"
    SOCIAL_MEDIA = "social_media"
    ONLINE_DIRECTORY = "online_directory"
    WEBSITE = "website"
    INSURANCE_PLAN = "insurance_plan"
    DIRECT_MAIL = "direct_mail"
    PRINT_MEDIA = "print_media"
    COMMUNITY_EVENT = "community_event"
    SIGNAGE = "signage"
    TV_RADIO = "tv_radio"
    EMAIL_MARKETING = "email_marketing"
    WALK_IN = "walk_in"
    INTERNAL_TRANSFER = "internal_transfer"
    OTHER = "other"


class SourceFields(Shape):
    """What a client may leave out. A source is linked to a patient, or to a partner, or to none."""

    description: Notes = None
    is_active: bool = True
    linked_patient_uuid: Uuid | None = None
    linked_referral_partner_uuid: Uuid | None = None


class ReferralSourceCreate(SourceFields, Command):
    """`referral_source.create` → 201."""

    id: Uuid | None = None
    name: RequiredLine
    category: Annotated[SourceCategory, Lax]


class ReferralSourceUpdate(SourceFields, Update):
    """`referral_source.update` → 200."""

    referral_source_uuid: Uuid
    name: RequiredLine = _LEFT_OUT
    category: Annotated[SourceCategory, Lax] = _LEFT_OUT

    @classmethod
    def identity(cls) -> set[str]:
        return {"referral_source_uuid"}


class ReferralSourceArchive(Update):
    """`referral_source.archive` → 204. Attributions to it are kept."""

    referral_source_uuid: Uuid


class ReferralSourceGet(Query):
    """`referral_source.get` → 200."""

    referral_source_uuid: Uuid


class ReferralSourceList(ListQuery):
    """`referral_source.list` → 200, by `sort_order`."""

    category: Annotated[SourceCategory, Lax] | None = None
    is_active: bool | None = None
    search: SearchText | None = None


class ReferralSourceReport(Query):
    """`referral_source.report` → 200. Both days belong to the period."""

    period_start: Date
    period_end: Date


class ReferralSource(Resource):
    """A source as it is shown.

    `sort_order` counts the org's sources from 1, archived ones too. `patient_count`: the distinct
    patients with an unarchived attribution to it. `total_cost`: its unarchived costs, in dollars.
    """

    name: str
    category: Annotated[SourceCategory, Lax]
    description: str | None = None
    is_active: bool = True
    linked_patient: Reference | None = None
    linked_referral_partner: Reference | None = None
    sort_order: int
    patient_count: int
    total_cost: Annotated[Decimal, WithJsonSchema({"type": "number", "minimum": 0})]

    def to_json(self) -> bytes:
        """As every shape, with `total_cost` as the number that it is, digit for digit.

        Pydantic writes a Decimal as a string, or as a float that loses cents above 16 digits.
        """
        shown = self.model_dump(mode="json", warnings="none")
        shown["total_cost"] = orjson.Fragment(f"{self.total_cost:f}")
        return orjson.dumps(shown)


class AcquisitionFigures(Shape):
    """What a period cost, how many new patients it brought, and the one by the other."""

    total_cost: Money
    new_patients: int
    cost_per_acquisition: Money | None = None


class SourceReportItem(AcquisitionFigures):
    """One source's figures."""

    referral_source: Reference
    category: Annotated[SourceCategory, Lax]


class SourceReport(Shape):
    """Each unarchived source by its `sort_order`, and all of them together."""

    period_start: Date
    period_end: Date
    items: list[SourceReportItem]
    total: AcquisitionFigures


CREATE_REFERRAL_SOURCE: Final = command(
    "referral_source.create",
    Service.REFERRALS,
    ReferralSourceCreate,
    ReferralSource,
    ReplyStatus.CREATED,
)
UPDATE_REFERRAL_SOURCE: Final = command(
    "referral_source.update", Service.REFERRALS, ReferralSourceUpdate, ReferralSource
)
ARCHIVE_REFERRAL_SOURCE: Final = archive(
    "referral_source.archive", Service.REFERRALS, ReferralSourceArchive
)
GET_REFERRAL_SOURCE: Final = query(
    "referral_source.get", Service.REFERRALS, ReferralSourceGet, ReferralSource
)
LIST_REFERRAL_SOURCES: Final = listing(
    "referral_source.list", Service.REFERRALS, ReferralSourceList, ReferralSource
)
REPORT_REFERRAL_SOURCES: Final = query(
    "referral_source.report", Service.REFERRALS, ReferralSourceReport, SourceReport
)

REFERRAL_SOURCE_CREATED: Final = Event(
    "referral_source.created", EventSource.REFERRALS, ReferralSource
)
REFERRAL_SOURCE_UPDATED: Final = Event(
    "referral_source.updated", EventSource.REFERRALS, ReferralSource
)
REFERRAL_SOURCE_ARCHIVED: Final = Event(
    "referral_source.archived", EventSource.REFERRALS, ReferralSource
)
