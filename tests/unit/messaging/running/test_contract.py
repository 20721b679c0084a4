"""The document that FastStream's pages and commands show."""

import json
from importlib import import_module

import pytest

from messaging.running.contract import Contract
from messaging.running.serving import FromEnvironment
from ops.environment import CHECKOUT

DOCUMENT: dict[str, object] = {
    "asyncapi": "3.0.0",
    "info": {"title": "Orders", "version": "1"},
    "x": ["ä", None],
}


@pytest.mark.parametrize("service", ["referrals", "ereferral_dispatch"])
def test_an_applications_schema_is_the_document_that_is_shipped(service: str) -> None:
    """Made from the contracts, and nothing of FastStream's own in it."""
    app: FromEnvironment = import_module(f"services.{service}.app").app
    shipped = json.loads((CHECKOUT / "docs" / "asyncapi" / f"{service}.json").read_text("utf-8"))
    specification = app.schema.to_specification()
    assert specification.to_jsonable() == shipped
    assert specification.title == shipped["info"]["title"]


def test_each_form_says_the_same() -> None:
    """JSON is YAML too."""
    specification = Contract("Orders", lambda: DOCUMENT).to_specification()
    assert json.loads(specification.to_json()) == DOCUMENT
    assert json.loads(specification.to_yaml()) == DOCUMENT


def test_it_is_made_when_it_is_asked_for_and_once() -> None:
    """A service that cannot describe itself starts, and says why when it is asked."""
    made: list[int] = []

    def make() -> dict[str, object]:
        made.append(1)
        return DOCUMENT

    contract = Contract("Orders", make)
    assert contract.add_broker(None) is contract.add_http_route("/", None) is contract
    assert made == []
    contract.to_specification()
    contract.to_specification()
    assert made == [1]
