"""The query as fields."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.edge.calls.query import Parameter, parameters_of, read_query
from services.edge.problems import HttpProblem
from services.edge.routes import ROUTES

KNOWN = {
    "page": Parameter.INTEGER,
    "is_active": Parameter.BOOLEAN,
    "search": Parameter.TEXT,
}


def locs(query: bytes) -> list[list[str | int]]:
    """What is refused of it."""
    with pytest.raises(HttpProblem) as refused:
        read_query(query, KNOWN)
    return [list(one.loc) for one in refused.value.detail]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        (b"", {}),
        (b"page=2&is_active=true", {"page": 2, "is_active": True}),
        (b"is_active=false&search=", {"is_active": False, "search": ""}),
        (b"search=a+b%20c%2B", {"search": "a b c+"}),
        (b"search=%C3%A9", {"search": "é"}),
        (b"page=000000007", {"page": 7}),
        (b"search", {"search": ""}),
    ],
)
def test_what_it_says(query: bytes, fields: dict[str, object]) -> None:
    """As forms are written."""
    assert read_query(query, KNOWN) == fields


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (b"page=+1", ["page"]),
        (b"page=1e3", ["page"]),
        (b"page=%D9%A1", ["page"]),
        (b"page=1234567890", ["page"]),
        (b"is_active=TRUE", ["is_active"]),
        (b"search=a&search=a", ["search"]),
        (b"pages=1", ["pages"]),
        (b"Page=1", ["Page"]),
        (b"%C3%A9=1", ["\\xe9"]),
    ],
)
def test_what_is_refused(query: bytes, named: list[str]) -> None:
    """422 about the parameter."""
    assert locs(query) == [["query", name] for name in named]


@pytest.mark.parametrize("query", [b"search=%FF", b"search=%", b"search=%zz", b"a&" * 101])
def test_what_cannot_be_read(query: bytes) -> None:
    """400 about the query as a whole."""
    assert locs(query) == [["query"]]


@given(st.binary(max_size=60))
def test_any_query_is_read_or_refused(query: bytes) -> None:
    """Nothing else comes of it, and nothing unknown passes."""
    with suppress(HttpProblem):
        assert read_query(query, KNOWN).keys() <= KNOWN.keys()


def test_types_are_the_contracts() -> None:
    """Of a list's page, flags and ids."""
    (listing,) = [route for route in ROUTES if route.name == "referral.list"]
    found = parameters_of(listing)
    assert found["page"] is found["page_size"] is Parameter.INTEGER
    assert found["overdue"] is Parameter.BOOLEAN
    assert found["patient_uuid"] is found["status"] is found["cursor"] is Parameter.TEXT
