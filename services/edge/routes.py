"""The table of routes: which operation a method and a path stand for.

A path's parameters are the fields of that name of the operation's request. What is left of the
request comes in the query where the operation reads, in the body where it writes; a write that
takes nothing else but its `base_version` takes that in the query.
Source: docs/contract/http.md#routes. Two interfaces have a form of their own (`Form`).
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum
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
    JSON_API = "application/vnd.api+json"
    PDF = "application/pdf"
    """The document that the reply holds in base64 as `pdf`, beside its `reference`."""


class Form(Enum):
    """How a request says its operation's fields, and how it is answered."""

    FIELDS = "fields"
    """A JSON object of the fields; refusals are problem details."""
    JSON_API = "json_api"
    """A JSON:API document; refusals are its errors. Source: docs/contract/http.md#json-api."""
    EXTERNAL_REFERRAL = "external_referral"
    """Rows as a form or a program sends them. Source: docs/contract/http.md#external-referrals."""


@dataclass(frozen=True)
class Route:
    """One row. `operation` is found in the catalogue by its name.

    A path that names no org is for tokens of one org: it is theirs.
    """

    method: str
    path: str
    name: str
    shown: Shown = Shown.JSON
    form: Form = Form.FIELDS

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
        """The request's fields that the path says, the org first if it says it."""
        return tuple(_PARAMETER.findall(self.path))

    @cached_property
    def _elsewhere(self) -> tuple[str, ...]:
        declared = self.operation.request.model_fields
        fields = [field.alias or name for name, field in declared.items()]
        if unknown := [name for name in self.in_path if name not in fields]:
            raise DeclarationError(f"{self.name} has no field {unknown[0]}, which its path names")
        return tuple(name for name in fields if name not in (ORG_FIELD, *self.in_path))

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
        if field in (ORG_FIELD, *self.in_path):
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
    Route("GET", f"{O}/patients/{{patient_uuid}}/trail", "patient_trail.get"),
    Route("GET", f"{O}/patients/{{patient_uuid}}/ereferral-trail", "ereferral_trail.get"),
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
    Route("POST", f"{_D}/{{referral_uuid}}/reopen", "referral.reopen"),
    Route("POST", f"{_D}/{{referral_uuid}}/information", "referral.provide_information"),
    Route("GET", f"{_D}/{{referral_uuid}}/preview", "referral.preview", Shown.PDF),
    Route("GET", _E, "ereferral.list"),
    Route("GET", f"{_E}/{{ereferral_uuid}}", "ereferral.get"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/retry", "ereferral.retry"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/complete-call", "ereferral.complete_call"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/resolve", "ereferral.resolve"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/responses", "ereferral.record_response"),
    Route("POST", f"{_E}/{{ereferral_uuid}}/answer-link", "answer_link.renew"),
    Route("GET", f"{O}/answer-links", "answer_link.list"),
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

_N = f"{O}/connections"
_W = f"{O}/import-rows"

CONNECTION_ROUTES = (
    Route("GET", _N, "connection.list"),
    Route("GET", f"{_N}/{{connection_uuid}}", "connection.get"),
    Route("GET", f"{_N}/{{connection_uuid}}/runs", "connection.runs"),
    Route("POST", f"{_N}/{{connection_uuid}}/sync", "connection.sync"),
    Route("PUT", f"{_N}/{{connection_uuid}}/source-map", "source_map.set"),
    Route("PUT", f"{_N}/{{connection_uuid}}/operator-map", "operator_map.set"),
    Route("POST", f"{_N}/{{connection_uuid}}/external-ids", "external_id.link"),
    Route("GET", f"{O}/external-ids", "external_id.list"),
    Route("GET", _W, "import_row.list"),
    Route("POST", f"{_W}/{{import_row_uuid}}/resolve", "import_row.resolve"),
)
"""What is imported from practice-management systems, and what a person decides about it."""


def _json_api(root: str) -> tuple[Route, ...]:
    """The rows of contact referrals below a root: the same for each."""
    listed = f"{root}/contacts/{{contact_uuid}}/referrals"
    one = f"{listed}/{{contact_referral_uuid}}"
    rows = (
        ("GET", listed, "contact_referral.list"),
        ("POST", listed, "contact_referral.create"),
        ("GET", one, "contact_referral.get"),
        ("PUT", one, "contact_referral.update"),
        ("PATCH", one, "contact_referral.update"),
        ("DELETE", one, "contact_referral.archive"),
    )
    return tuple(Route(*row, Shown.JSON_API, Form.JSON_API) for row in rows)


JSON_API_ROUTES = (*_json_api(O), *_json_api("/api/v2"))
"""Contact referrals, as the programs of contact-management systems ask for them."""

SUBMIT_ROUTE = Route("PUT", "/v2/external_referral", "intake.submit", form=Form.EXTERNAL_REFERRAL)
"""Referrals from outside, as web forms and other applications send them."""

FIELD_ROUTES = (
    *MARKETING_ROUTES,
    *DIRECTORY_ROUTES,
    *REFERRAL_ROUTES,
    *INTAKE_ROUTES,
    *CONNECTION_ROUTES,
)

ROUTES = (*FIELD_ROUTES, *JSON_API_ROUTES, SUBMIT_ROUTE)

NOT_REACHABLE = frozenset(
    {
        *("ereferral.dispatch", "ereferral.cancel"),
        *("ereferral.reopen", "ereferral.provide_information"),
    }
)
"""Operations on packages, which referrals alone makes, and what it tells dispatch of a referral: no
route leads to them."""

BY_LINK_ALONE = frozenset(
    {"answer_link.open", "answer_link.verify", "ereferral.request_information"}
)
"""What a partner asks by the link in a letter, on a page of its own: no token does."""

OF_PAGES_ALONE = {"ereferral.preview": "referral.preview"}
"""What a page of the desk asks and no route does: a letter as its form is written. Each by the
operation that a person's token has to allow."""

EXCHANGES = frozenset(route.operation.exchange for route in ROUTES)
"""Where the edge publishes."""

EVENT_EXCHANGES = frozenset(f"{service}.events" for service in Service)
"""Where the edge listens."""

OPTIONAL_EXCHANGES = frozenset(
    f"{Service.CONNECTORS}.{kind}" for kind in ("commands", "queries", "events")
)
"""Those of a service that need not run: not every practice connects another system."""


def by_path() -> dict[str, list[Route]]:
    """The rows of each path, in the table's order."""
    paths: dict[str, list[Route]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, []).append(route)
    return paths
