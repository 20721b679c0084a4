"""Every command is decided in a unit test of its service, and every constant found by one name."""

import ast
import pkgutil
from importlib import import_module

import pytest

import contracts
from contracts.catalogue import OPERATIONS, AnyOperation
from contracts.operations import Kind, Operation
from ops.environment import CHECKOUT

CONSTANTS = {
    value.name: name
    for module in pkgutil.iter_modules(contracts.__path__, "contracts.")
    for name, value in vars(import_module(module.name)).items()
    if isinstance(value, Operation)
}
COMMANDS = [one for one in OPERATIONS.values() if one.kind is Kind.COMMAND]


def decided(service: str) -> set[str]:
    """The names that the handlers' tests of a service use."""
    tests = CHECKOUT / "tests" / "unit" / "services" / service / "handlers"
    trees = [ast.parse(path.read_text("utf-8")) for path in tests.glob("test_*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return names | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("operation", COMMANDS, ids=lambda operation: operation.name)
def test_every_command_is_decided_in_a_unit_test(operation: AnyOperation) -> None:
    """Without a database, by the constant that declares it."""
    assert CONSTANTS[operation.name] in decided(operation.service)


def test_every_operation_has_a_constant() -> None:
    """All of the catalogue: else the law above would look at nothing."""
    assert CONSTANTS.keys() == OPERATIONS.keys()
    assert len(COMMANDS) >= 29
