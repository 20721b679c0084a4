"""A handler: what a service does with one kind of message, declared once for each operation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from messaging.handlers.workspace import Done, Need, Workspace

MessageT = TypeVar("MessageT", bound=BaseModel)


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
