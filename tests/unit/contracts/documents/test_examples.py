"""The examples: each is valid, and each operation has one."""

import pytest

from contracts.catalogue import OPERATIONS
from contracts.documents.examples import EXAMPLES, Another, body_of


def test_each_operation_has_an_example_and_nothing_else_has() -> None:
    """`handoff example` answers for whatever `handoff operations` lists."""
    assert set(EXAMPLES) == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_example_keeps_to_its_contract(operation: str) -> None:
    """It is taken as it stands, without a field that the contract does not know."""
    request = OPERATIONS[operation].request.model_validate(body_of(operation))
    assert request.org_id == "demo"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_an_example_needs_is_whole_and_in_order(operation: str) -> None:
    """Whatever a needed example needs itself comes before it."""
    needs = EXAMPLES[operation].needs
    for place, need in enumerate(needs):
        name = need.operation if isinstance(need, Another) else need
        assert set(EXAMPLES[name].needs) <= set(needs[:place]), need


def test_another_body_keeps_to_its_contract_too() -> None:
    """Two contacts have to be there before one can have referred the other."""
    others = {n for one in EXAMPLES.values() for n in one.needs if isinstance(n, Another)}
    assert [one.operation for one in others] == ["contact.put"]
    for one in others:
        OPERATIONS[one.operation].request.model_validate({"org_id": "demo", **one.body})
        assert one.body != EXAMPLES[one.operation].body


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_an_operation_does_is_said_in_one_short_sentence(operation: str) -> None:
    """It fits on a line of `handoff operations`."""
    does = EXAMPLES[operation].does
    assert does.endswith(".")
    assert does.count(". ") == 0
    assert len(does) <= 70
