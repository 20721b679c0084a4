"""Operations: what a client may ask of a service, each declared once, beside its shapes.

A contract's module declares its operations as constants, the verb first: `CREATE_REFERRAL_PARTNER`.
Handlers, readers, schemas and clients are made of these; `contracts.catalogue` has them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from contracts.replies import ReplyStatus
from contracts.shapes import Command, Listed, Listing, ListQuery, Query, Resource, Shape, Stretch

RequestT = TypeVar("RequestT", bound=Command | Query)
CommandT = TypeVar("CommandT", bound=Command)
QueryT = TypeVar("QueryT", bound=Query)
ListQueryT = TypeVar("ListQueryT", bound=ListQuery)
ReplyT = TypeVar("ReplyT", bound=Shape | None)
ShapeT = TypeVar("ShapeT", bound=Shape)
ItemT = TypeVar("ItemT", bound=Resource)


class Service(StrEnum):
    """Who answers; its name opens the names of its exchanges and queues."""

    REFERRALS = "referrals"
    EREFERRAL_DISPATCH = "ereferral_dispatch"
    CONNECTORS = "connectors"


class Kind(StrEnum):
    """What an operation is; ends the names of its exchange and queue."""

    COMMAND = "commands"
    QUERY = "queries"


class DeclarationError(Exception):
    """A declaration does not fit another one, or what is there for it. One line with its name."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[RequestT, ReplyT]):
    """One operation. `name` is its routing key.

    `replies`: each status of success, the usual one first, with the shapes that `data` may have;
    None among them: it may be null.
    """

    name: str
    service: Service
    request: type[RequestT]
    replies: Mapping[ReplyStatus, tuple[type[Shape] | None, ...]]

    @property
    def kind(self) -> Kind:
        """By the base of its request."""
        return Kind.COMMAND if issubclass(self.request, Command) else Kind.QUERY

    @property
    def exchange(self) -> str:
        """Where a client publishes it: `referrals.commands`."""
        return f"{self.service}.{self.kind}"

    @property
    def status(self) -> ReplyStatus:
        """The usual status of success."""
        return next(iter(self.replies))


def command(
    name: str,
    service: Service,
    request: type[CommandT],
    reply: type[ShapeT],
    status: ReplyStatus = ReplyStatus.OK,
) -> Operation[CommandT, ShapeT]:
    """A command that is always answered with `reply`."""
    return Operation(name, service, request, {status: (reply,)})


def archive(name: str, service: Service, request: type[CommandT]) -> Operation[CommandT, None]:
    """A command that is answered 204, without data."""
    return Operation(name, service, request, {ReplyStatus.ARCHIVED: (None,)})


def command_or_null(
    name: str,
    service: Service,
    request: type[CommandT],
    reply: type[ShapeT],
    replies: Mapping[ReplyStatus, tuple[type[Shape] | None, ...]],
) -> Operation[CommandT, ShapeT | None]:
    """A command that is answered with `reply` or null; `replies` says which goes with a status."""
    shapes = {shape for options in replies.values() for shape in options}
    if shapes != {reply, None}:
        raise DeclarationError(f"{name}: its replies are not {reply.__name__} and null")
    return Operation(name, service, request, replies)


def query(
    name: str, service: Service, request: type[QueryT], reply: type[ShapeT]
) -> Operation[QueryT, ShapeT]:
    """A query, answered 200 with `reply`."""
    return Operation(name, service, request, {ReplyStatus.OK: (reply,)})


def listing(
    name: str, service: Service, request: type[ListQueryT], item: type[ItemT]
) -> Operation[ListQueryT, Listed[ItemT]]:
    """A list: a page of it, or a stretch where a cursor was given."""
    shapes = (Listing[item], Stretch[item])  # type: ignore[valid-type]  # made at run time
    return Operation(name, service, request, {ReplyStatus.OK: shapes})
