"""`ReferralsClient`: commands and queries, typed by the operations that the contracts declare."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import orjson
from uuid_utils import compat as uuid_utils

from client.broker import BrokerWire
from client.errors import NoReply, NotPermitted, NotTaken
from client.reading import ReplyT, RequestT, read_reply
from client.wire import Lost, Undelivered, Wire
from contracts.operations import Operation
from contracts.shapes import Command, Listed, ListQuery, Query, Resource, Stretch

ListQueryT = TypeVar("ListQueryT", bound=ListQuery)
ItemT = TypeVar("ItemT", bound=Resource)

DEADLINE_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
LARGEST_STRETCH = 200


class ReferralsClient:
    """Asks both services over one connection, many requests at a time.

    A request whose connection is lost is sent again under its message id until its deadline, so
    that a command has one effect. `actor` is the person behind the program, for the audit trail.
    """

    def __init__(
        self,
        url: str | Wire,
        *,
        name: str = "handoff.client",
        actor: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._wire: Wire = BrokerWire(url, name) if isinstance(url, str) else url
        self._actor = actor
        self._deadline_seconds = deadline_seconds

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connection."""
        await self._wire.close()

    async def call(
        self,
        operation: Operation[RequestT, ReplyT],
        request: RequestT | Mapping[str, Any],
        *,
        message_id: UUID | None = None,
        deadline_seconds: float | None = None,
        actor: str | None = None,
        traceparent: str | None = None,
    ) -> ReplyT:
        """Send a command or query; the `data` of its reply.

        A `request` that is a mapping is sent as it is, unchecked; `operation` still says how the
        reply is read. Raises Refused (its class by the status), NotTaken, NoReply, Forgotten and
        UnreadableReply.
        """
        message_id = message_id or uuid_utils.uuid7()
        said = {"actor": actor or self._actor, "traceparent": traceparent}
        reply = await self._reply(
            operation,
            _body(request),
            message_id,
            {name: value for name, value in said.items() if value is not None},
            self._deadline_seconds if deadline_seconds is None else deadline_seconds,
        )
        return read_reply(operation, reply)

    async def read_all(
        self,
        operation: Operation[ListQueryT, Listed[ItemT]],
        request: ListQueryT,
        *,
        page_size: int = LARGEST_STRETCH,
    ) -> AsyncIterator[ItemT]:
        """Everything in a list, by cursor: a row that is there throughout comes exactly once."""
        cursor: str | None = ""
        while cursor is not None:
            asked = request.model_copy(update={"cursor": cursor, "page_size": page_size})
            stretch = await self.call(operation, asked)
            for item in stretch.items:
                yield item
            cursor = stretch.next_cursor if isinstance(stretch, Stretch) else None

    async def _reply(
        self,
        operation: Operation[Any, Any],
        body: bytes,
        message_id: UUID,
        headers: Mapping[str, Any],
        deadline_seconds: float,
    ) -> bytes:
        may_be_done, refused, why = False, False, "there was no time"
        pause = FIRST_PAUSE_SECONDS
        try:
            async with asyncio.timeout(deadline_seconds):
                while True:
                    # A deadline that passes from here on finds the message with the broker.
                    before, may_be_done = may_be_done, True
                    try:
                        return await self._wire.ask(
                            operation.exchange,
                            operation.name,
                            body,
                            message_id=message_id,
                            headers=headers,
                        )
                    except Undelivered as error:
                        may_be_done, why = before, str(error)
                        refused = error.refused
                        if not error.may_pass:
                            break
                    except Lost:
                        pass
                    await asyncio.sleep(pause * random.uniform(0.5, 1))
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        except TimeoutError:
            pass
        if may_be_done:
            raise NoReply(operation.name, message_id)
        raise (NotPermitted if refused else NotTaken)(f"{operation.name}: {why}")


def _body(request: Command | Query | Mapping[str, Any]) -> bytes:
    """What was given and no more: a field that an update leaves out stays as it is.

    Not by Pydantic's JSON: that has times in UTC, and the day of `respond_by` is the one in the
    offset in which it was named (docs/contract/wire.md#directory).
    """
    if isinstance(request, Command | Query):
        return orjson.dumps(request.model_dump(exclude_unset=True), default=str)
    return orjson.dumps(request)
