"""`handoff call`: one command or query as a client sends it, and its reply."""

import difflib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from aiormq.exceptions import ChannelAccessRefused

from contracts.catalogue import OPERATIONS, AnyOperation
from contracts.operations import Kind
from messaging.intake.hints import nearest_operation
from messaging.replies.client import NobodyListens, Reply, open_client
from messaging.wire.connection import user_of
from messaging.wire.envelope import nested_too_deep
from ops.broker import broker, queue_state, refusal
from ops.catalogue import ServiceName
from ops.environment import CannotGoOn, WrongArgument, octets

NEAR_NAMES = 5


def find_operation(name: str) -> AnyOperation:
    """The operation of that name. Raises WrongArgument, which lists the names that are near."""
    operation = OPERATIONS.get(name)
    if operation is not None:
        return operation
    near = difflib.get_close_matches(name, OPERATIONS, n=NEAR_NAMES, cutoff=0.4)
    if (meant := nearest_operation(name)) is not None:
        near = [meant, *(one for one in near if one != meant)]
    near = near or [known for known in OPERATIONS if known.partition(".")[0] in name]
    listed = ", ".join(near or sorted(OPERATIONS))
    raise WrongArgument(f"There is no operation {name!r}; there are: {listed}")


def service_of(operation: AnyOperation) -> ServiceName:
    """Who answers it."""
    return next(name for name in ServiceName if name.service is operation.service)


def check_body(text: str) -> bytes:
    """The body as it will be sent. Raises WrongArgument where it is not one JSON object."""
    if nested_too_deep(text.encode(errors="replace")):
        raise WrongArgument("The body is nested too deep")
    try:
        # As a float: int() refuses thousands of digits, which are JSON.
        found = json.loads(text, parse_int=float)
    except json.JSONDecodeError as error:
        raise WrongArgument(
            f"The body is not JSON at line {error.lineno}, column {error.colno}: it is one object, "
            'its names and texts in double quotes, such as {"org_id": "demo"}; a file is sent by '
            "handoff call OPERATION - < FILE"
        ) from None
    except ValueError:
        raise WrongArgument("The body is not JSON: it holds what no number may be") from None
    if not isinstance(found, dict):
        raise WrongArgument('The body must be a JSON object, such as {"org_id": "demo"}')
    return octets(text, "The body")


async def call(
    url: str,
    operation: AnyOperation,
    body: bytes,
    *,
    message_id: UUID | None,
    actor: str | None,
    timeout_seconds: float,
) -> Reply:
    """Send it and await its reply.

    Raises WrongArgument for the actor, and CannotGoOn where the broker is away, nobody listens or
    no reply came in time. A command that found nobody is not sent at all: it would be done later,
    unseen.
    """
    name = service_of(operation)
    nobody = (
        f"Nobody takes {operation.exchange} on this broker: "
        f"start handoff serve {name}, or handoff up"
    )
    async with broker(name, url, "handoff.call.check") as opened:
        state = await queue_state(opened, operation.exchange)
        if state is None or not state.consumers:
            raise CannotGoOn(nobody)
    message_id = message_id or uuid_utils.uuid7()
    headers: Mapping[str, Any] = (
        {} if actor is None else {"actor": octets(actor, "--actor").decode()}
    )
    async with open_client(url, "handoff.call") as client:
        try:
            return await client.call(
                operation.exchange,
                operation.name,
                body,
                message_id=message_id,
                headers=headers,
                # The broker vouches for it: grants go by this name.
                user_id=user_of(url),
                timeout_seconds=timeout_seconds,
            )
        except TimeoutError:
            raise CannotGoOn(_no_reply(operation, message_id, timeout_seconds)) from None
        except NobodyListens:
            raise CannotGoOn(nobody) from None
        except ChannelAccessRefused as error:
            raise refusal(f"{name.prefix}RABBITMQ_URL", error) from None


def as_json(answered: Reply) -> str:
    """The reply as docs/contract/wire.md#replies has it."""
    what: dict[str, Any] = (
        {"data": answered.data} if answered.problem is None else {"problem": answered.problem}
    )
    return json.dumps({"status": answered.status, **what}, indent=2, ensure_ascii=False)


def _no_reply(operation: AnyOperation, message_id: UUID, timeout_seconds: float) -> str:
    line = f"No reply to {operation.name} within {timeout_seconds:g} s"
    if operation.kind is Kind.QUERY:
        return line
    return (
        f"{line}; it may still be done. Asking again with --message-id {message_id} "
        "has no second effect"
    )
