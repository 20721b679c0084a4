"""The catalogue: every operation by its name, with what goes in and what comes out."""

from dataclasses import dataclass
from enum import StrEnum

from contracts import directory as d
from contracts import ereferral as e
from contracts import ereferral_staff as s
from contracts import referral as r
from contracts import referral_attribution as a
from contracts import referral_partner as p
from contracts import referral_source as rs
from contracts import referral_source_cost as c
from contracts.replies import ReplyStatus
from contracts.shapes import Command, Listing, ListQuery, Query, Resource, Shape, Stretch


class Service(StrEnum):
    """Who answers; its name opens the names of its exchanges and queues."""

    REFERRALS = "referrals"
    EREFERRAL_DISPATCH = "ereferral_dispatch"


class Kind(StrEnum):
    """What an operation is; ends the names of its exchange and queue."""

    COMMAND = "commands"
    QUERY = "queries"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `name` is its routing key; `response` is the reply's `data` at success.

    `stretch` is that of a list that was asked with a cursor.
    """

    name: str
    service: Service
    kind: Kind
    request: type[Command | Query]
    response: type[Shape] | None
    status: ReplyStatus
    stretch: type[Shape] | None = None

    @property
    def exchange(self) -> str:
        """Where a client publishes it: `referrals.commands`."""
        return f"{self.service}.{self.kind}"


def _command(
    service: Service,
    name: str,
    request: type[Command],
    response: type[Shape] | None,
    status: ReplyStatus = ReplyStatus.OK,
) -> Operation:
    return Operation(name, service, Kind.COMMAND, request, response, status)


def _query(service: Service, name: str, request: type[Query], response: type[Shape]) -> Operation:
    return Operation(name, service, Kind.QUERY, request, response, ReplyStatus.OK)


def _list(service: Service, name: str, request: type[ListQuery], item: type[Resource]) -> Operation:
    page, stretch = Listing[item], Stretch[item]  # type: ignore[valid-type]
    return Operation(name, service, Kind.QUERY, request, page, ReplyStatus.OK, stretch)


_R, _D = Service.REFERRALS, Service.EREFERRAL_DISPATCH
_CREATED, _ACCEPTED, _ARCHIVED = (
    ReplyStatus.CREATED,
    ReplyStatus.ACCEPTED,
    ReplyStatus.ARCHIVED,
)

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        _command(
            _R, "referral_partner.create", p.ReferralPartnerCreate, p.ReferralPartner, _CREATED
        ),
        _command(_R, "referral_partner.update", p.ReferralPartnerUpdate, p.ReferralPartner),
        _command(_R, "referral_partner.archive", p.ReferralPartnerArchive, None, _ARCHIVED),
        _query(_R, "referral_partner.get", p.ReferralPartnerGet, p.ReferralPartner),
        _list(_R, "referral_partner.list", p.ReferralPartnerList, p.ReferralPartner),
        _command(
            _R, "referral_source.create", rs.ReferralSourceCreate, rs.ReferralSource, _CREATED
        ),
        _command(_R, "referral_source.update", rs.ReferralSourceUpdate, rs.ReferralSource),
        _command(_R, "referral_source.archive", rs.ReferralSourceArchive, None, _ARCHIVED),
        _query(_R, "referral_source.get", rs.ReferralSourceGet, rs.ReferralSource),
        _list(_R, "referral_source.list", rs.ReferralSourceList, rs.ReferralSource),
        _query(_R, "referral_source.report", rs.ReferralSourceReport, rs.SourceReport),
        _command(
            _R,
            "referral_source_cost.create",
            c.ReferralSourceCostCreate,
            c.ReferralSourceCost,
            _CREATED,
        ),
        _command(
            _R, "referral_source_cost.update", c.ReferralSourceCostUpdate, c.ReferralSourceCost
        ),
        _command(_R, "referral_source_cost.archive", c.ReferralSourceCostArchive, None, _ARCHIVED),
        _query(_R, "referral_source_cost.get", c.ReferralSourceCostGet, c.ReferralSourceCost),
        _list(_R, "referral_source_cost.list", c.ReferralSourceCostList, c.ReferralSourceCost),
        _command(
            _R,
            "referral_attribution.create",
            a.ReferralAttributionCreate,
            a.ReferralAttribution,
            _CREATED,
        ),
        _command(
            _R, "referral_attribution.update", a.ReferralAttributionUpdate, a.ReferralAttribution
        ),
        _command(_R, "referral_attribution.archive", a.ReferralAttributionArchive, None, _ARCHIVED),
        _query(_R, "referral_attribution.get", a.ReferralAttributionGet, a.ReferralAttribution),
        _list(_R, "referral_attribution.list", a.ReferralAttributionList, a.ReferralAttribution),
        _command(_R, "patient.put", d.PatientPut, d.Patient),
        _command(_R, "patient.archive", d.PatientArchive, None, _ARCHIVED),
        _query(_R, "patient.get", d.PatientGet, d.Patient),
        _command(_R, "provider.put", d.ProviderPut, d.Provider),
        _command(_R, "provider.archive", d.ProviderArchive, None, _ARCHIVED),
        _query(_R, "provider.get", d.ProviderGet, d.Provider),
        _command(_R, "practice.put", d.PracticePut, d.Practice),
        _query(_R, "practice.get", d.PracticeGet, d.Practice),
        _command(_R, "referral.create", r.ReferralCreate, r.Referral, _CREATED),
        _command(_R, "referral.update", r.ReferralUpdate, r.Referral),
        _command(_R, "referral.send", r.ReferralSend, r.Referral, _ACCEPTED),
        _command(_R, "referral.cancel", r.ReferralCancel, r.Referral),
        _command(_R, "referral.record_response", r.ReferralRecordResponse, r.Referral),
        _query(_R, "referral.get", r.ReferralGet, r.ReferralDetail),
        _list(_R, "referral.list", r.ReferralList, r.Referral),
        _command(_D, "ereferral.dispatch", e.EreferralDispatch, e.Ereferral, _ACCEPTED),
        _command(_D, "ereferral.cancel", e.EreferralCancel, e.Ereferral, _ACCEPTED),
        _command(_D, "ereferral.retry", s.EreferralRetry, e.Ereferral, _ACCEPTED),
        _command(_D, "ereferral.complete_call", s.EreferralCompleteCall, e.Ereferral),
        _command(_D, "ereferral.resolve", s.EreferralResolve, e.Ereferral),
        _command(_D, "ereferral.record_response", s.EreferralRecordResponse, e.Ereferral),
        _command(_D, "partner_channel.release", s.PartnerChannelRelease, s.PartnerChannel),
        _query(_D, "ereferral.get", e.EreferralGet, e.EreferralDetail),
        _list(_D, "ereferral.list", e.EreferralList, e.Ereferral),
    )
}


def operations_of(service: Service, kind: Kind) -> dict[str, Operation]:
    """The operations that one queue takes, by name."""
    return {o.name: o for o in OPERATIONS.values() if o.service is service and o.kind is kind}
