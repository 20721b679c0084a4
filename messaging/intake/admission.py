"""From a delivered message to what a handler can be asked: form, operation, grant, contract."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

from aiormq.abc import DeliveredMessage
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from contracts.events import EVENT_CONTENT_TYPE
from contracts.field_texts import sentence
from contracts.problems import UNKNOWN_FIELD, FieldError, ProblemCode, Refusal, invalid
from contracts.shapes import Query
from messaging.handlers.handler import Handler, Handlers, MessageT
from messaging.handlers.reader import Reader, Readers
from messaging.intake.grants import Grants
from messaging.intake.hints import MOST_HINTS, about_field, about_operation
from messaging.wire.envelope import Envelope, read_envelope

OperationT = TypeVar("OperationT")

_LONGEST_LOCATION = 64
MOST_ERRORS = 100
"""So many wrong fields are named at most: 1 MiB can hold 100,000 of them, and a refusal that names
them all would be 7 MiB to store and send."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that is well-formed, known and permitted.

    `message` is its contract, or `refusal` says why it does not keep to it: that is only told if it
    turns out not to be a repeat.
    """

    delivery: DeliveredMessage
    envelope: Envelope
    handler: Handler[Any]
    message: BaseModel | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that is well-formed, known, permitted and as its contract has it."""

    envelope: Envelope
    reader: Reader[Any]
    query: Query


# Of events a repeated id is dropped however it is written this time
# (docs/contract/wire.md#event-promises).
_ANY_BODY = b""

Intake = Callable[[DeliveredMessage], Incoming | None]
"""Reads a delivery. None: it is well-formed and not for us. Raises Refusal (400 or 403)."""


def command_intake(handlers: Handlers, grants: Grants) -> Intake:
    """The intake of a service's commands."""

    def read(delivery: DeliveredMessage) -> Incoming:
        envelope = read_envelope(delivery)
        handler = _admitted(handlers, envelope, delivery, grants)
        return _incoming(delivery, envelope, handler)

    return read


def event_intake(handlers: Handlers, grants: Grants) -> Intake:
    """The intake of another service's events; types that nobody here handles are left alone."""

    def read(delivery: DeliveredMessage) -> Incoming | None:
        envelope = read_envelope(delivery, org_field="orgid", content_type=EVENT_CONTENT_TYPE)
        handler = handlers.get(envelope.operation)
        if handler is None:
            return None
        grants.check_event(envelope)
        return _incoming(delivery, replace(envelope, body_hash=_ANY_BODY), handler)

    return read


def query_intake(readers: Readers, grants: Grants) -> Callable[[DeliveredMessage], Asked]:
    """The intake of a service's queries. Raises Refusal: nothing of a query is remembered, so what
    its contract refuses is said at once."""

    def read(delivery: DeliveredMessage) -> Asked:
        envelope = read_envelope(delivery, needs_message_id=False, needs_reply_to=True)
        reader = _admitted(readers, envelope, delivery, grants)
        return Asked(envelope, reader, parse(reader.message, envelope.payload))

    return read


def _admitted(
    operations: Mapping[str, OperationT],
    envelope: Envelope,
    delivery: DeliveredMessage,
    grants: Grants,
) -> OperationT:
    """What is done with the envelope's operation. Raises Refusal `unknown_operation`, and as
    `check_permitted` does."""
    operation = operations.get(envelope.operation)
    if operation is None:
        hint = about_operation(envelope.operation, delivery.exchange or "")
        raise Refusal(ProblemCode.UNKNOWN_OPERATION, hint)
    check_permitted(grants, envelope, delivery)
    return operation


def check_permitted(grants: Grants, envelope: Envelope, delivery: DeliveredMessage) -> None:
    """Raises Refusal `forbidden`: an operation without a grant, or a `reply_to` of another's."""
    grants.check(envelope)
    if delivery.header.properties.reply_to and not grants.may_reply(delivery):
        raise Refusal(
            ProblemCode.FORBIDDEN,
            "reply_to must be a queue of the client's own: amq.rabbitmq.reply-to, one that the "
            "broker named (amq.gen-…), or reply.<user_id>.….",
        )


def _incoming(
    delivery: DeliveredMessage,
    envelope: Envelope,
    handler: Handler[Any],
) -> Incoming:
    # What the contract does not take of a body must not wait in memory with the batch: of 1 MiB of
    # JSON, Python makes 30. A refusal holds it too, by the frames and the error that it came from.
    without_payload = replace(envelope, payload={})
    try:
        message = parse(handler.message, envelope.payload)
        if handler.check is not None:
            handler.check(message)
    except Refusal as refusal:
        refusal.__traceback__ = refusal.__context__ = None
        return Incoming(delivery, without_payload, handler, None, refusal)
    return Incoming(delivery, without_payload, handler, message, None)


def parse(shape: type[MessageT], payload: dict[str, Any]) -> MessageT:
    """The payload as its contract. Raises Refusal `validation_error`; no text quotes a value."""
    try:
        return shape.model_validate(payload)
    except ValidationError as error:
        raise invalid(field_errors(error, shape)) from None


def field_errors(error: ValidationError, shape: type[BaseModel]) -> list[FieldError]:
    """Pydantic's errors, the first 100 of them, without the values they are about.

    A field that there is not is told what it may have meant of those that there are.
    """
    errors: list[FieldError] = []
    hints = 0
    found = error.errors(include_url=False, include_input=False)
    for item in found[:MOST_ERRORS]:
        field = item["loc"][-1] if item["loc"] else ""
        message = sentence(item["type"], field, item.get("ctx", {}), item["msg"])
        if item["type"] == UNKNOWN_FIELD:
            hints += 1
            fields = _fields_at(shape, item["loc"][:-1]) if hints <= MOST_HINTS else []
            if fields:
                message = about_field(str(field), fields)
        loc = [_printable(part) for part in item["loc"]]
        errors.append(FieldError(loc=loc, type=item["type"], msg=message))
    return errors


def _fields_at(shape: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The names of the fields that there are at a place of a shape; none where it is no shape."""
    for part in path:
        if isinstance(part, int):
            continue
        found = _named(shape).get(part)
        inner = None if found is None else _shape_in(found.annotation)
        if inner is None:
            return []
        shape = inner
    return list(_named(shape))


def _named(shape: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in shape.model_fields.items()}


def _shape_in(annotation: Any) -> type[BaseModel] | None:
    """The shape that a field has, or each item of its list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_shape_in(inner) for inner in get_args(annotation))
    return next((one for one in found if one is not None), None)


def _printable(part: str | int) -> str | int:
    """A location as it may be shown: an unknown field's name is the client's own text."""
    if isinstance(part, int):
        return part
    return part.encode("ascii", "backslashreplace").decode()[:_LONGEST_LOCATION]
