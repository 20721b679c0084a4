"""How a command is decided: every check in the wire contract's order, in this one place.

Form, operation and grant come before (`messaging.intake`), the repeats too (`messaging.batch`).
From there on, first failure wins: what is decidable from the command alone (422), every row that it
names (404), its base version (409), the id that it brings (409); then the handler: other conflicts
(409), and the rules on the merged state (422).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from contracts.problems import FieldError, ProblemCode, Refusal, invalid, not_found
from messaging.workspace import Done, Need, Workspace

MessageT = TypeVar("MessageT", bound=BaseModel)
_LONGEST_LOCATION = 64
MOST_ERRORS = 100
"""So many wrong fields are named at most: 1 MiB can hold 100,000 of them, and a refusal that names
them all would be 7 MiB to store and send."""


@dataclass(frozen=True, slots=True)
class Handler(Generic[MessageT]):
    """What is done with one kind of message.

    `needs` are the rows named in it, parent before child; `then_needs` those that they point to.
    `check` raises Refusal for a rule on the message alone that its contract cannot express.
    """

    message: type[MessageT]
    handle: Callable[[MessageT, Workspace], Done]
    needs: Callable[[MessageT], Sequence[Need]] = lambda _: ()
    then_needs: Callable[[MessageT, Workspace], Sequence[Need]] | None = None
    check: Callable[[MessageT], None] | None = None


Handlers = Mapping[str, Handler[Any]]


def parse(shape: type[MessageT], payload: dict[str, Any]) -> MessageT:
    """The payload as its contract. Raises Refusal `validation_error`; no text quotes a value."""
    try:
        return shape.model_validate(payload)
    except ValidationError as error:
        raise invalid(field_errors(error)) from None


def field_errors(error: ValidationError) -> list[FieldError]:
    """Pydantic's errors, the first 100 of them, without the values they are about."""
    return [
        FieldError(
            loc=[_printable(part) for part in item["loc"]], type=item["type"], msg=item["msg"]
        )
        for item in error.errors(include_url=False, include_context=False, include_input=False)[
            :MOST_ERRORS
        ]
    ]


def decide(
    handler: Handler[MessageT], message: MessageT, named: Sequence[Need], workspace: Workspace
) -> Done:
    """Run the checks that need rows, then the handler. Raises Refusal.

    `named` is what `handler.needs` says. What those rows point to is asked for again: a message
    before this one, in the same transaction, may have changed it. Raises LookupError where that
    was not loaded.
    """
    needs = list(named)
    if handler.then_needs is not None:
        needs += handler.then_needs(message, workspace)
    versioned: Any = None
    for need in needs:
        if need.by:
            continue  # It names no row: the handler looks at what there is.
        row = workspace.find(need.model, *need.key)
        if need.missing is not None and not _is_there(need, row):
            raise not_found(need.missing, need.key[-1] if need.key else None)
        if need.versioned:
            versioned = row
    if versioned is not None:
        _check_version(getattr(message, "base_version", None), versioned.version)
    for need in needs:
        if need.new and workspace.find(need.model, *need.key) is not None:
            raise Refusal(ProblemCode.ALREADY_EXISTS, "There is one with this id, or was.")
    return handler.handle(message, workspace)


def _is_there(need: Need, row: Any) -> bool:
    return (
        row is not None
        and getattr(row, "deleted_at", None) is None
        and (need.belongs is None or need.belongs(row))
    )


def _check_version(base: int | None, current: int) -> None:
    if base != current:
        raise Refusal(
            ProblemCode.VERSION_CONFLICT,
            "It was changed since it was read; read it again and decide anew.",
            current_version=current,
        )


def _printable(part: str | int) -> str | int:
    """A location as it may be shown: an unknown field's name is the client's own text."""
    if isinstance(part, int):
        return part
    return part.encode("ascii", "backslashreplace").decode()[:_LONGEST_LOCATION]
