"""Source costs: what was spent on a referral source, and for which days."""

from typing import Any, Final

from contracts.events import Event, EventSource
from contracts.money import Money
from contracts.operations import Service, archive, command, listing, query
from contracts.replies import ReplyStatus
from contracts.shapes import Command, ListQuery, Query, Reference, Resource, Shape, Update
from contracts.text import Notes
from contracts.values import Date, Uuid

_LEFT_OUT: Any = None
"""In an update, of a field that may be left out and may not be null: nobody looks at it."""


class CostFields(Shape):
    """What a client may leave out."""

    notes: Notes = None


class ReferralSourceCostCreate(CostFields, Command):
    """`referral_source_cost.create` → 201. Both days belong to the period."""

    referral_source_uuid: Uuid
    id: Uuid | None = None
    amount: Money
    period_start: Date
    period_end: Date


class ReferralSourceCostUpdate(CostFields, Update):
    """`referral_source_cost.update` → 200."""

    referral_source_uuid: Uuid
    cost_uuid: Uuid
    amount: Money = _LEFT_OUT
    period_start: Date = _LEFT_OUT
    period_end: Date = _LEFT_OUT

    @classmethod
    def identity(cls) -> set[str]:
        return {"referral_source_uuid", "cost_uuid"}


class ReferralSourceCostArchive(Update):
    """`referral_source_cost.archive` → 204."""

    referral_source_uuid: Uuid
    cost_uuid: Uuid


class ReferralSourceCostGet(Query):
    """`referral_source_cost.get` → 200."""

    referral_source_uuid: Uuid
    cost_uuid: Uuid


class ReferralSourceCostList(ListQuery):
    """`referral_source_cost.list` → 200, by `period_start`."""

    referral_source_uuid: Uuid


class ReferralSourceCost(Resource):
    """A cost as it is shown."""

    referral_source: Reference
    amount: Money
    period_start: Date
    period_end: Date
    notes: str | None = None


CREATE_REFERRAL_SOURCE_COST: Final = command(
    "referral_source_cost.create",
    Service.REFERRALS,
    ReferralSourceCostCreate,
    ReferralSourceCost,
    ReplyStatus.CREATED,
)
UPDATE_REFERRAL_SOURCE_COST: Final = command(
    "referral_source_cost.update", Service.REFERRALS, ReferralSourceCostUpdate, ReferralSourceCost
)
ARCHIVE_REFERRAL_SOURCE_COST: Final = archive(
    "referral_source_cost.archive", Service.REFERRALS, ReferralSourceCostArchive
)
GET_REFERRAL_SOURCE_COST: Final = query(
    "referral_source_cost.get", Service.REFERRALS, ReferralSourceCostGet, ReferralSourceCost
)
LIST_REFERRAL_SOURCE_COSTS: Final = listing(
    "referral_source_cost.list", Service.REFERRALS, ReferralSourceCostList, ReferralSourceCost
)

REFERRAL_SOURCE_COST_CREATED: Final = Event(
    "referral_source_cost.created", EventSource.REFERRALS, ReferralSourceCost
)
REFERRAL_SOURCE_COST_UPDATED: Final = Event(
    "referral_source_cost.updated", EventSource.REFERRALS, ReferralSourceCost
)
REFERRAL_SOURCE_COST_ARCHIVED: Final = Event(
    "referral_source_cost.archived", EventSource.REFERRALS, ReferralSourceCost
)
