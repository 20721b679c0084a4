"""A service's handlers and readers, collected from its modules and compared with the catalogue."""

import pkgutil
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from typing import Any, TypeVar

from contracts.catalogue import EVENTS, operations_of
from contracts.operations import DeclarationError, Kind, Service
from messaging.handlers.handler import NamedHandler
from messaging.handlers.reader import NamedReader

FoundT = TypeVar("FoundT")


def declared_handlers(package: str, constant: str = "HANDLERS") -> list[NamedHandler]:
    """What the modules of a package hold under that name; those that have none are left alone."""
    return _declared(package, constant)


def declared_readers(package: str) -> list[NamedReader]:
    """What the modules of a package hold as READERS."""
    return _declared(package, "READERS")


def _declared(package: str, constant: str) -> list[Any]:
    modules = pkgutil.iter_modules(import_module(package).__path__, f"{package}.")
    return [one for module in modules for one in getattr(import_module(module.name), constant, ())]


def found_by_operation(
    service: Service, kind: Kind, named: Iterable[tuple[str, FoundT]]
) -> dict[str, FoundT]:
    """One for each operation of the service, by its name.

    Raises DeclarationError, which names what has none, what has several and what is no operation of
    this service and kind.
    """
    named = list(named)
    given = Counter(name for name, _ in named)
    declared = operations_of(service, kind).keys()
    wrong = [f"nothing does {name}" for name in sorted(declared - given.keys())]
    wrong += [f"{name} is no operation of its {kind}" for name in sorted(given.keys() - declared)]
    wrong += [f"{name} is done {times} times" for name, times in sorted(given.items()) if times > 1]
    if wrong:
        raise DeclarationError(f"{service}: {'; '.join(wrong)}")
    return dict(named)


def found_by_event(service: Service, named: Iterable[tuple[str, FoundT]]) -> dict[str, FoundT]:
    """One for each event that the service hears, by its type.

    Raises DeclarationError, which names what several hear and what nobody publishes.
    """
    named = list(named)
    given = Counter(name for name, _ in named)
    wrong = [f"nobody publishes {name}" for name in sorted(given.keys() - EVENTS.keys())]
    wrong += [
        f"{name} is heard {times} times" for name, times in sorted(given.items()) if times > 1
    ]
    if wrong:
        raise DeclarationError(f"{service}: {'; '.join(wrong)}")
    return dict(named)
