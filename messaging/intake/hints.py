"""Hints for a refused message: the operation meant, its exchange, the field meant.

Only names of ours are said: what a client wrote is not quoted.
Source: docs/contract/wire.md#problems.
"""

import difflib
from collections.abc import Iterable

from contracts.catalogue import OPERATIONS

MOST_HINTS = 5
"""So many unknown fields get a hint at most: looking for the nearest name takes a moment."""
_LONGEST_NAME = 64
_EXCHANGES = {operation.exchange for operation in OPERATIONS.values()}
_OTHERS_VERBS = {
    "create": ("put", "submit", "dispatch"),
    "add": ("create", "put", "submit"),
    "delete": ("archive", "cancel"),
    "remove": ("archive", "cancel"),
    "upsert": ("put",),
    "update": ("put",),
    "read": ("get",),
    "search": ("list",),
}
"""Verbs as other products have them, and ours in the order in which they are tried."""
_OTHERS_WORDS = {"limit": "page_size", "per_page": "page_size", "offset": "page"}
"""Fields as other products call them, which no likeness leads to ours."""


def about_operation(operation: str, exchange: str) -> str:
    """Of an operation that the queue behind `exchange` does not take."""
    known = OPERATIONS.get(operation)
    if known is not None and known.exchange != exchange:
        return f"Publish {known.name} to the exchange {known.exchange}: it is not taken here."
    if operation in _EXCHANGES:
        return (
            f"The routing key is the operation's name; publish to the exchange {operation}, "
            "and not to a queue."
        )
    near = nearest_operation(operation)
    if near is None:
        return "This queue has no such operation; handoff operations lists all."
    meant = OPERATIONS[near]
    return (
        f"This queue has no such operation; the nearest is {near}, "
        f"on the exchange {meant.exchange}."
    )


def nearest_operation(name: str) -> str | None:
    """The operation that is meant by a name that none has; None where nothing is near.

    The same resource's by another verb first: who asks for `patient.create` means `patient.put`,
    though `patient.get` has more letters in common with it.
    """
    name = name.lower().replace("-", "_")
    resource, _, verb = name.partition(".")
    ours = (f"{resource}.{word}" for word in _OTHERS_VERBS.get(verb, ()))
    return next((one for one in ours if one in OPERATIONS), None) or _nearest(name, OPERATIONS)


def about_field(name: str, fields: list[str]) -> str:
    """Of a field that a shape does not have."""
    near = _OTHERS_WORDS.get(name)
    uuids = [one for one in fields if one.endswith("_uuid")]
    if name == "id" and len(uuids) == 1:
        near = uuids[0]
    if near not in fields:
        near = _nearest(name, fields)
    if near is not None:
        return f"There is no such field: perhaps {near} is meant"
    return f"There is no such field: the fields are {', '.join(sorted(fields))}"


def _nearest(name: str, known: Iterable[str]) -> str | None:
    found = difflib.get_close_matches(name[:_LONGEST_NAME], list(known), n=1)
    return found[0] if found else None
