"""The table of routes."""

import re
from collections import Counter

import pytest
from starlette.routing import compile_path

from contracts.catalogue import OPERATIONS
from contracts.operations import DeclarationError
from ops.environment import CHECKOUT
from services.edge.routes import (
    BY_LINK_ALONE,
    FIELD_ROUTES,
    JSON_API_ROUTES,
    NOT_REACHABLE,
    OF_PAGES_ALONE,
    ROUTES,
    SUBMIT_ROUTE,
    Route,
)


def row(name: str) -> Route:
    """The one row of an operation."""
    (found,) = [route for route in ROUTES if route.name == name]
    return found


def test_every_operation_has_one_route() -> None:
    """But those that only a service, a page or a partner's link asks for: what can be asked by AMQP
    can be asked by HTTP."""
    routed = Counter(route.name for route in FIELD_ROUTES)
    in_another_form = {route.name for route in (*JSON_API_ROUTES, SUBMIT_ROUTE)}
    unrouted = NOT_REACHABLE | BY_LINK_ALONE | OF_PAGES_ALONE.keys() | in_another_form
    assert set(routed) == OPERATIONS.keys() - unrouted
    assert set(routed.values()) == {1}
    assert OPERATIONS.keys() >= unrouted


def test_the_page_of_the_contract_has_every_operation_of_the_table() -> None:
    """And none besides: in its table `.get` is of the resource that was named last."""
    page = (CHECKOUT / "docs" / "contract" / "http.md").read_text("utf-8")
    section = page.partition("## 1. Routes")[2].partition("\n## ")[0]
    told, resource = set(), ""
    for line in re.findall(r"^\| .* \| (.*) \| .* \|$", section, re.MULTILINE):
        for named, verb in re.findall(r"`(\w*)\.(\w+)`", line):
            resource = named or resource
            told.add(f"{resource}.{verb}")
    assert told == {route.name for route in ROUTES}


def test_the_routes_that_have_a_form_of_their_own() -> None:
    """Contact referrals below either root, PUT and PATCH alike; what forms outside send."""
    below = "/contacts/{contact_uuid}/referrals"
    one = f"{below}/{{contact_referral_uuid}}"
    expected = [
        (method, f"{root}{path}", f"contact_referral.{verb}")
        for root in ("/api/v1/{org_id}", "/api/v2")
        for method, path, verb in (
            ("GET", below, "list"),
            ("POST", below, "create"),
            ("GET", one, "get"),
            ("PUT", one, "update"),
            ("PATCH", one, "update"),
            ("DELETE", one, "archive"),
        )
    ]
    assert [(row.method, row.path, row.name) for row in JSON_API_ROUTES] == expected
    assert (SUBMIT_ROUTE.method, SUBMIT_ROUTE.path) == ("PUT", "/v2/external_referral")
    assert SUBMIT_ROUTE.in_body == ("rows", "suspected_spam", "fingerprint")


def test_no_row_hides_another() -> None:
    """A path that two rows fit is the earlier one's: the one with fewer parameters has to be it."""
    for place, route in enumerate(ROUTES):
        example = route.path
        for earlier in ROUTES[:place]:
            fits = compile_path(earlier.path)[0].match(example)
            assert not (fits and earlier.method == route.method), (earlier, route)


@pytest.mark.parametrize("route", FIELD_ROUTES, ids=lambda route: route.name)
def test_every_field_of_a_request_has_one_place(route: Route) -> None:
    """In the path, the query or the body; the org in the path of all."""
    places = [*route.in_path, *route.in_query, *route.in_body]
    assert sorted(places) == sorted(route.operation.request.model_json_schema()["properties"])
    assert route.in_path[0] == "org_id"
    assert not (route.in_query and route.in_body)


def test_where_fields_are_said() -> None:
    """Filters in the query, changes in the body; a version alone in the query."""
    listing, update = row("referral_source_cost.list"), row("referral_source_cost.update")
    assert listing.in_path == ("org_id", "referral_source_uuid")
    assert listing.in_query == ("page", "page_size", "cursor")
    assert set(update.in_body) == {"amount", "base_version", "notes", "period_end", "period_start"}
    for name in ("referral_source.archive", "referral.send"):
        assert row(name).in_query == ("base_version",)
        assert row(name).in_body == ()
    assert row("patient.archive").in_body == ("observed_at",)
    assert row("partner_channel.release").in_body == ()
    assert row("referral_source_cost.update").place_of("cost_uuid") == "path"


def test_what_takes_a_version() -> None:
    """Updates, archives and what staff does; no create, no put, no read."""
    names = ("referral.update", "referral_source.archive", "ereferral.resolve")
    assert all(row(name).versioned for name in names)
    others = ("referral.create", "patient.put", "patient.archive", "referral.get")
    assert not any(row(name).versioned for name in others)


def test_a_path_that_names_no_field_is_refused() -> None:
    """A row that could never be asked."""
    with pytest.raises(DeclarationError, match="patient_id"):
        _ = Route("GET", "/api/v1/{org_id}/patients/{patient_id}", "patient.get").in_query
