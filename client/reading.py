"""Replies and events as the contracts' shapes. Fields that a newer service adds are passed over."""

from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import TypeAdapter, ValidationError

from client.errors import Forgotten, UnreadableEvent, UnreadableReply, refused_class
from contracts.catalogue import EVENTS, OPERATIONS, AnyOperation
from contracts.events import CloudEvent
from contracts.operations import Operation
from contracts.problems import FieldError
from contracts.replies import ReplyStatus
from contracts.shapes import Command, Query, Resource, Shape

RequestT = TypeVar("RequestT", bound=Command | Query)
ReplyT = TypeVar("ReplyT", bound=Shape | None)
_FIRST_REFUSAL = 400


def read_reply(operation: Operation[RequestT, ReplyT], body: bytes) -> ReplyT:
    """The `data` of a reply. Raises Refused, Forgotten and UnreadableReply."""
    try:
        reply: dict[str, Any] = orjson.loads(body)
        status: int = reply["status"]
        problem = reply.get("problem")
        if problem is not None:
            errors = [FieldError.model_validate(one, extra="ignore") for one in problem["errors"]]
            raise refused_class(status, problem["code"])(
                operation.name,
                status,
                problem["code"],
                problem["detail"],
                errors,
                problem.get("current_version"),
            )
        data = reply["data"]
        if status >= _FIRST_REFUSAL or _is_id_alone(data):
            raise Forgotten(operation.name, status, UUID(data["id"]) if data else None)
        read: ReplyT = _data(operation.name, status).validate_json(
            orjson.dumps(data), extra="ignore"
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableReply(_said(f"the reply to {operation.name}", error)) from None
    return read


def read_event(body: bytes) -> tuple[CloudEvent, Resource]:
    """An event and the resource that it carries. Raises UnreadableEvent."""
    try:
        event = CloudEvent.model_validate_json(body, extra="ignore")
        shape = event_shape(event.type)
        return event, shape.validate_json(orjson.dumps(event.data), extra="ignore")
    except (KeyError, ValueError) as error:
        raise UnreadableEvent(_said("what came as an event", error)) from None


@cache
def event_shape(name: str) -> TypeAdapter[Resource]:
    """The shape of an event's data: of one that is newer than these contracts, its resource's as
    any other event has it. Raises KeyError where there is none."""
    declared = EVENTS.get(name)
    if declared is None:
        resource = name.partition(".")[0]
        declared = next((one for one in EVENTS.values() if one.resource == resource), None)
    if declared is None:
        raise KeyError(name)
    return TypeAdapter(declared.data)


@cache
def _data(name: str, status: int) -> TypeAdapter[Any]:
    """The shapes of a success. One whose status is not declared has any of the operation's."""
    replies = declared(name).replies
    shapes = (
        replies[ReplyStatus(status)]
        if status in replies
        else tuple(shape for options in replies.values() for shape in options)
    )
    union: Any = shapes[0]
    for shape in shapes[1:]:
        union = union | shape
    return TypeAdapter(union)


def declared(name: str) -> AnyOperation:
    """The operation of that name. Raises KeyError."""
    return OPERATIONS[name]


def _is_id_alone(data: Any) -> bool:
    return isinstance(data, dict) and data.keys() == {"id"}


def _said(what: str, error: Exception) -> str:
    """Where it differs, without a value: whoever logs this logs no patient."""
    if isinstance(error, ValidationError):
        where = (".".join(map(str, one["loc"])) for one in error.errors(include_input=False))
        return f"{what} is not as declared: {', '.join(sorted(set(where)))}"
    return f"{what} is not as declared"
