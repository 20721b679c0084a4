"""The first check of a message: is it well-formed, and what does its envelope say.

Source: docs/contract/wire.md#messages. Whatever fails here is 400 `malformed_message`.
"""

import hashlib
import json
import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn, TypeGuard
from uuid import UUID

from aiormq.abc import DeliveredMessage
from pydantic import TypeAdapter, ValidationError

from contracts.problems import ProblemCode, Refusal
from contracts.values import ORG_ID_WORDS, OrgId, parse_uuid
from messaging.wire.lenient_pamqp import MAX_NESTING, unreadable

MAX_BODY_BYTES = 1024 * 1024
MAX_ACTOR_LENGTH = 128
JSON_CONTENT_TYPE = "application/json"
_MATTERING = (
    "content_type",
    "content_encoding",
    "headers",
    "correlation_id",
    "reply_to",
    "message_id",
    "message_type",
    "user_id",
)
"""The properties of docs/contract/wire.md#messages; whatever the others say is nothing to us."""
_CONTENT_ENCODINGS = ("", "identity", "utf-8", "utf8")
"""Spring AMQP puts the charset there; `identity` says that nothing was packed."""
_LONGEST_INTEGER_DIGITS = 4_000
# A string that does not end is taken to the body's end: were it passed over, it would be looked for
# again from each quote in it, and a body of quotes took hours.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.?)*+"?|[\[\]{}]', re.DOTALL)

_ORG_ID: TypeAdapter[str] = TypeAdapter(OrgId)
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a message says besides its body.

    `message_id` is None only for a query, where it is optional and has no meaning.
    `body_hash` is SHA-256 of operation and body.
    """

    operation: str
    org_id: str
    message_id: UUID | None
    user_id: str | None
    actor: str | None
    traceparent: str | None
    body_hash: bytes
    payload: dict[str, Any] = field(repr=False)


def malformed(detail: str) -> Refusal:
    """The refusal of a message that is not well-formed."""
    return Refusal(ProblemCode.MALFORMED_MESSAGE, detail)


def read_message_id(message: DeliveredMessage) -> UUID | None:
    """The message id as a UUID; None where there is none or it is something else."""
    try:
        value = parse_uuid(message.header.properties.message_id or None)
    except ValueError:
        return None
    return value if isinstance(value, UUID) else None


def read_envelope(
    message: DeliveredMessage,
    *,
    org_field: str = "org_id",
    content_type: str = JSON_CONTENT_TYPE,
    needs_message_id: bool = True,
    needs_reply_to: bool = False,
) -> Envelope:
    """Check a delivered message's form. Raises Refusal `malformed_message`."""
    if odd := [name for name in unreadable(message) if name in _MATTERING]:
        raise malformed(f"Must be UTF-8, and of the type that AMQP gives it: {', '.join(odd)}.")
    properties = message.header.properties
    operation = message.routing_key or ""
    _check_content_type(properties.content_type, content_type)
    if (properties.content_encoding or "").lower() not in _CONTENT_ENCODINGS:
        raise malformed("content_encoding must be utf-8 or absent; the body must not be packed.")
    if properties.message_type and properties.message_type != operation:
        raise malformed("type must equal the routing key, or be absent.")
    message_id = read_message_id(message)
    if message_id is None and needs_message_id:
        raise malformed("message_id must be a UUID, a new one for each command.")
    if needs_reply_to and not properties.reply_to:
        raise malformed("A query needs reply_to: amq.rabbitmq.reply-to, or a queue of yours.")
    headers = properties.headers or {}
    payload = read_body(message.body)
    try:
        org_id = _ORG_ID.validate_python(payload.get(org_field), strict=True)
    except ValidationError:
        raise malformed(f"{org_field} must be in the body: {ORG_ID_WORDS}.") from None
    return Envelope(
        operation=operation,
        org_id=org_id,
        message_id=message_id,
        user_id=properties.user_id or None,
        actor=_actor(headers.get("actor")),
        traceparent=_traceparent(headers.get("traceparent")),
        body_hash=hashlib.sha256(
            operation.encode() + b"\0" + message.body.removeprefix(BOM_UTF8)
        ).digest(),
        payload=payload,
    )


def _check_content_type(said: str | None, content_type: str) -> None:
    """It is this one, in any case (RFC 9110, section 8.3.1), in UTF-8. Raises Refusal."""
    name, _, parameter = (said or "").partition(";")
    if name.strip().lower() != content_type:
        raise malformed(f"content_type must be {content_type}.")
    if parameter.replace('"', "").replace(" ", "").lower() not in ("", "charset=utf-8"):
        raise malformed(
            f"content_type must be {content_type} with charset=utf-8 behind it or nothing: the "
            "body must be in UTF-8."
        )


def read_body(body: bytes) -> dict[str, Any]:
    """One JSON object, as `read_json` reads it. Raises Refusal `malformed_message`."""
    payload = read_json(body)
    if not isinstance(payload, dict):
        raise malformed('The body must be one JSON object: {"org_id": …}, not a list or a value.')
    return payload


def read_json(body: bytes) -> Any:
    """One JSON value (RFC 8259) in UTF-8. Numbers stay exact: fractions come as Decimal.

    A byte order mark before it is passed over (RFC 8259, section 8.1). Raises Refusal
    `malformed_message`.
    """
    if len(body) > MAX_BODY_BYTES:
        raise malformed("The body must be at most 1 MiB.")
    if nested_too_deep(body):
        raise malformed(f"The body must be nested at most {MAX_NESTING} deep.")
    try:
        return _JSON.decode(body.removeprefix(BOM_UTF8).decode("utf-8"))
    except UnicodeDecodeError:
        raise malformed("The body must be in UTF-8.") from None
    except (ValueError, ArithmeticError):
        raise malformed("The body must be JSON: one object, its names in quotes.") from None


def nested_too_deep(body: bytes) -> bool:
    """Whether JSON is nested deeper than a body may be.

    Looked at before it is parsed: how deep Python's parser goes, and what it says of a broken
    document that goes deeper, differs by its version.
    """
    if body.count(b"{") + body.count(b"[") <= MAX_NESTING:
        return False
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(body):
        match found[0]:
            case b"{" | b"[":
                depth += 1
            case b"}" | b"]":
                depth -= 1
        if depth > MAX_NESTING:
            return True
    return False


def _integer(digits: str) -> int | Decimal:
    """An integer of any length: int() refuses thousands of digits, and no field takes that many."""
    return int(digits) if len(digits) <= _LONGEST_INTEGER_DIGITS else Decimal(digits)


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


# Kept, since json.loads makes another one for each text.
_JSON = json.JSONDecoder(parse_float=Decimal, parse_int=_integer, parse_constant=_refuse_constant)


def _actor(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_ACTOR_LENGTH or not value.isprintable():
        raise malformed(
            f"The header actor must be a string of at most {MAX_ACTOR_LENGTH} printable characters."
        )
    return value or None


def _traceparent(value: Any) -> str | None:
    """The W3C trace context where it is one; a broken one is left out, as that standard asks."""
    return value if is_traceparent(value) else None


def is_traceparent(value: Any) -> TypeGuard[str]:
    """Whether it is a W3C trace context."""
    return isinstance(value, str) and _TRACEPARENT.fullmatch(value) is not None
