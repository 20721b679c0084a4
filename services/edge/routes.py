"""The table of routes: which operation a method and a path stand for.

A path's parameters are the fields of that name of the operation's request. What is left of the
request comes in the query where the operation reads, in the body where it writes; a write that
takes nothing else but its `base_version` takes that in the query.
Source: docs/contract/http.md#routes.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from contracts.catalogue import OPERATIONS, AnyOperation
from contracts.operations import DeclarationError, Kind, Service

ORG_FIELD = "org_id"
VERSION_FIELD = "base_version"
O = f"/api/v1/{{{ORG_FIELD}}}"  # noqa: E741  # as docs/contract/http.md#routes has it
_PARAMETER = re.compile(r"\{(\w+)\}")


class Shown(StrEnum):
    """As what a success is answered, by its media type."""

    JSON = "application/json"
    PDF = "application/pdf"
    """The document that the reply holds in base64 as `pdf`, beside its `reference`."""


@dataclass(frozen=True)
class Route:
    """One row. `operation` is found in the catalogue by its name."""

    method: str
    path: str
    name: str
    shown: Shown = Shown.JSON

    @cached_property
    def operation(self) -> AnyOperation:
        """Raises KeyError where the catalogue has none of that name."""
        return OPERATIONS[self.name]

    @property
    def writes(self) -> bool:
        """Whether it changes anything: such a call has an idempotency key."""
        return self.operation.kind is Kind.COMMAND

    @cached_property
    def in_path(self) -> tuple[str, ...]:
        """The request's fields that the path says, the org first."""
        return tuple(_PARAMETER.findall(self.path))

    @cached_property
    def _elsewhere(self) -> tuple[str, ...]:
        declared = self.operation.request.model_fields
        fields = [field.alias or name for name, field in declared.items()]
        if unknown := [name for name in self.in_path if name not in fields]:
            raise DeclarationError(f"{self.name} has no field {unknown[0]}, which its path names")
        return tuple(name for name in fields if name not in self.in_path)

    @cached_property
    def in_query(self) -> tuple[str, ...]:
        """The request's fields that the query says."""
        in_query = not self.writes or self._elsewhere == (VERSION_FIELD,)
        return self._elsewhere if in_query else ()

    @cached_property
    def in_body(self) -> tuple[str, ...]:
        """The request's fields that the body says; none: the route takes no body."""
        return () if self.in_query else self._elsewhere if self.writes else ()

    @property
    def versioned(self) -> bool:
        """Whether the version that was read has to be named: by `base_version` or `If-Match`."""
        return self.writes and VERSION_FIELD in self._elsewhere

    def place_of(self, field: str) -> str:
        """Where a field of the request is said: `path`, `query` or `body`."""
        if field in self.in_path:
            return "path"
        return "query" if field in self.in_query else "body"


_A = f"{O}/patients/{{patient_uuid}}/referral-attributions"
_R = f"{O}/referral-partners"
_U = f"{O}/referral-sources"
_C = f"{_U}/{{referral_source_uuid}}/costs"
_D = f"{O}/referrals"
_E = f"{O}/ereferrals"
_I = f"{O}/intake"

MARKETING_ROUTES = (
    Route("GET", _A, "referral_attribution.list"),
    Route("POST", _A, "referral_attribution.create"),
    Route("POST", f"{_A}/{{attribution_uuid}}/archive", "referral_attribution.archive"),
    Route("PATCH", f"{_A}/{{attribution_uuid}}", "referral_attribution.update"),
    Route("GET", _R, "referral_partner.list"),
    Route("GET", f"{_R}/{{referral_partner_uuid}}", "referral_partner.get"),
    Route("POST", _R, "referral_partner.create"),
    Route("POST", f"{_R}/{{referral_partner_uuid}}/archive", "referral_partner.archive"),
    Route("PATCH", f"{_R}/{{referral_partner_uuid}}", "referral_partner.update"),
    Route("GET", _U, "referral_source.list"),
    Route("GET", f"{_U}/report", "referral_source.report"),  # before the next, which it fits too
    Route("GET", f"{_U}/{{referral_source_uuid}}", "referral_source.get"),
    Route("POST", _U, "referral_source.create"),
    Route("POST", f"{_U}/{{referral_source_uuid}}/archive", "referral_source.archive"),
    Route("PATCH", f"{_U}/{{referral_source_uuid}}", "referral_source.update"),
    Route("GET", _C, "referral_source_cost.list"),
    Route("POST", _C, "referral_source_cost.create"),
    Route("POST", f"{_C}/{{cost_uuid}}/archive", "referral_source_cost.archive"),
    Route("PATCH", f"{_C}/{{cost_uuid}}", "referral_source_cost.update"),
    Route("GET", f"{_A}/{{attribution_uuid}}", "referral_attribution.get"),
    Route("GET", f"{_C}/{{cost_uuid}}", "referral_source_cost.get"),
)
"""Marketing: the interface that practices' own programs were written to, and what belongs to it."""

DIRECTORY_ROUTES = (
    Route("GET", f"{O}/patients", "patient.list"),
    Route("GET", f"{O}/providers", "provider.list"),
    Route("GET", f"{O}/patients/{{patient_uuid}}", "patient.get"),
    Route("PUT", f"{O}/patients/{{patient_uuid}}", "patient.put"),
    Route("POST", f"{O}/patients/{{patient_uuid}}/archive", "patient.archive"),
    Route("GET", f"{O}/providers/{{provider_uuid}}", "provider.get"),
    Route("PUT", f"{O}/providers/{{provider_uuid}}", "provider.put"),
    Route("POST", f"{O}/providers/{{provider_uuid}}/archive", "provider.archive"),
    Route("GET", f"{O}/practice", "practice.get"),
    Route("PUT", f"{O}/practice", "practice.put"),
    Route("GET", f"{O}/contacts", "contact.list"),
    Route("GET", f"{O}/contacts/{{contact_uuid}}", "contact.get"),
    Route("PUT", f"{O}/contacts/{{contact_uuid}}", "contact.put"),
    Route("POST", f"{O}/contacts/{{contact_uuid}}/archive", "contact.archive"),
)

REFERRAL_ROUTES = (
    Route("GET", _D, "referral.list"),
    Route("POST", _D, "referral.create"),
    Route("GET", f"{_D}/{{referral_uuid}}", "referral.get"),
    Route("PATCH", f"{_D}/{{referral_uuid}}", "referral.update"),
    Route("POST", f"{_D}/{{referral_uuid}}/send", "referral.send"),
    Route("POST", f"{_D}/{{referral_uuid}}/cancel", "referral.cancel"),
    Route("POST", f"{_D}/{{referral_uuid}}/responses", "referral.record_response"),
    Route("GET", f"{_D}/{{referral_uuid}}/preview", "referral.preview", Shown.PDF),
    Route("GET", _E, "ereferral.list"),
    Route("GET", f"{_E}/{{ereferral_uuid}}", "ereferral.get"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/retry", "ereferral.retry"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/complete-call", "ereferral.complete_call"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/resolve", "ereferral.resolve"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/responses", "ereferral.record_response"),
    Route("GET", f"{_E}/{{ereferral_uuid}}/letter", "ereferral.letter", Shown.PDF),
    Route(
        "POST",
        f"{_R}/{{referral_partner_uuid}}/channels/{{channel}}/release",
        "partner_channel.release",
    ),
)

INTAKE_ROUTES = (
    Route("GET", _I, "intake.list"),
    Route("GET", f"{_I}/{{intake_uuid}}", "intake.get"),
    Route("POST", f"{_I}/{{intake_uuid}}/accept", "intake.accept"),
    Route("POST", f"{_I}/{{intake_uuid}}/link", "intake.link"),
    Route("POST", f"{_I}/{{intake_uuid}}/reject", "intake.reject"),
    Route("POST", f"{_I}/{{intake_uuid}}/reopen", "intake.reopen"),
    Route("GET", f"{O}/intake-map", "intake_map.list"),
    Route("PUT", f"{O}/intake-map", "intake_map.put"),
)

ROUTES = (*MARKETING_ROUTES, *DIRECTORY_ROUTES, *REFERRAL_ROUTES, *INTAKE_ROUTES)

NOT_REACHABLE = frozenset({"ereferral.dispatch", "ereferral.cancel", "ereferral.preview"})
"""Operations on packages, which referrals alone makes: no route leads to them."""

OTHER_FORMS = frozenset(
    {
        *(f"contact_referral.{verb}" for verb in ("archive", "create", "get", "list", "update")),
        "intake.submit",
    }
)
"""Operations whose interface has a form of its own, and so no row here."""

NOT_YET = frozenset(
    name for name, operation in OPERATIONS.items() if operation.service is Service.CONNECTORS
)
"""Operations that are asked by AMQP alone so far."""

EXCHANGES = frozenset(route.operation.exchange for route in ROUTES)
"""Where the edge publishes."""


def by_path() -> dict[str, list[Route]]:
    """The rows of each path, in the table's order."""
    paths: dict[str, list[Route]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, []).append(route)
    return paths
