"""Events that a service has published, as a test hears them."""

import asyncio
import secrets
from typing import Any

import asyncpg
from aiormq.abc import DeliveredMessage

from tests.support.waiting import until

SETTLED_WITHIN_SECONDS = 30.0
_MARK = "test.mark"


class Published:
    """All messages of a service's exchange of events, and of what else its queue is bound to.

    `service` names the service's schema, and its exchange: `referrals` has `referrals.events`.
    """

    def __init__(
        self,
        service: str,
        queue: asyncio.Queue[DeliveredMessage],
        channel: Any,
        database: asyncpg.Connection,
    ) -> None:
        self._service = service
        self._queue = queue
        self._channel = channel
        self._database = database
        self._messages: list[DeliveredMessage] = []

    async def messages(self) -> list[DeliveredMessage]:
        """All that was published up to now: it waits until the outbox is empty."""
        await until(self._outbox_is_empty, SETTLED_WITHIN_SECONDS)
        mark = secrets.token_hex(8).encode()
        # Behind everything that the broker has confirmed, because it goes to the same queue.
        await self._channel.basic_publish(
            mark, exchange=f"{self._service}.events", routing_key=_MARK
        )
        async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
            while True:
                message = await self._queue.get()
                if message.routing_key != _MARK:
                    self._messages.append(message)
                elif message.body == mark:
                    return list(self._messages)

    async def _outbox_is_empty(self) -> bool:
        waiting = f"SELECT count(*) FROM {self._service}.outbox"
        return not await self._database.fetchval(waiting)
