"""A handler: what a service does with one kind of message."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from contracts.events import Event
from contracts.operations import CommandT, Operation, ReplyT
from messaging.handlers.workspace import Done, Need, Workspace

MessageT = TypeVar("MessageT", bound=BaseModel)


def _nothing(_: object) -> tuple[Need, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Handler(Generic[MessageT]):
    """What is done with one kind of message.

    `needs` are the rows named in it, parent before child; `then_needs` those that they point to.
    `check` raises Refusal for a rule on the message alone that its contract cannot express.
    `only_with`: a table; in an org that has no row of it the message changes nothing, and is not
    remembered.
    """

    message: type[MessageT]
    handle: Callable[[MessageT, Workspace], Done[Any]]
    needs: Callable[[MessageT], Sequence[Need]] = _nothing
    then_needs: Callable[[MessageT, Workspace], Sequence[Need]] | None = None
    check: Callable[[MessageT], None] | None = None
    only_with: type[Any] | None = None


Handlers = Mapping[str, Handler[Any]]
"""By the name of the operation or event."""
NamedHandler = tuple[str, Handler[Any]]


def handles(
    operation: Operation[CommandT, ReplyT],
    handle: Callable[[CommandT, Workspace], Done[ReplyT]],
    *,
    needs: Callable[[CommandT], Sequence[Need]] = _nothing,
    then_needs: Callable[[CommandT, Workspace], Sequence[Need]] | None = None,
    check: Callable[[CommandT], None] | None = None,
) -> NamedHandler:
    """The handler of a command, under its name; it takes its request and gives its reply."""
    return operation.name, Handler(operation.request, handle, needs, then_needs, check)


def hears(
    event: Event[Any],
    shape: type[MessageT],
    handle: Callable[[MessageT, Workspace], Done[None]],
    *,
    needs: Callable[[MessageT], Sequence[Need]] = _nothing,
    then_needs: Callable[[MessageT, Workspace], Sequence[Need]] | None = None,
    only_with: type[Any] | None = None,
) -> NamedHandler:
    """The handler of another service's event, under its name; `shape`: what of it is read."""
    return event.name, Handler(shape, handle, needs, then_needs, only_with=only_with)
