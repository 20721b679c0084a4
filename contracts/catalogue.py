"""The catalogue: every operation and every event by its name, as the contracts declare them.

Collected from the modules of `contracts`: whoever declares one need not enter it anywhere.
"""

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, TypeVar

import contracts
from contracts.events import Event, EventSource
from contracts.operations import DeclarationError, Kind, Operation, Service

AnyOperation = Operation[Any, Any]
AnyEvent = Event[Any]
DeclaredT = TypeVar("DeclaredT", AnyOperation, AnyEvent)


def _constants() -> Iterator[object]:
    """What the modules beside this one hold, modules in the order of their names."""
    for module in pkgutil.iter_modules(contracts.__path__, "contracts."):
        if module.name != __name__:
            yield from vars(import_module(module.name)).values()


def by_name(declared: Iterable[DeclaredT]) -> dict[str, DeclaredT]:
    """Each under its name. Raises DeclarationError where two have the same one."""
    named: dict[str, DeclaredT] = {}
    for one in declared:
        if named.setdefault(one.name, one) is not one:
            raise DeclarationError(f"{one.name} is declared twice")
    return named


OPERATIONS: dict[str, AnyOperation] = by_name(x for x in _constants() if isinstance(x, Operation))
EVENTS: dict[str, AnyEvent] = by_name(x for x in _constants() if isinstance(x, Event))


def operations_of(service: Service, kind: Kind) -> dict[str, AnyOperation]:
    """The operations that one queue takes, by name."""
    return {o.name: o for o in OPERATIONS.values() if o.service is service and o.kind is kind}


def events_of(source: EventSource) -> list[AnyEvent]:
    """The events that one service publishes."""
    return [event for event in EVENTS.values() if event.source is source]
