"""A practice's front desk: a client that asks again under the same id until it is answered."""

import asyncio
import random
from contextlib import AsyncExitStack, suppress
from typing import Any
from uuid import UUID, uuid4

from aiormq import spec
from orjson import dumps

from messaging.replies.client import Client, NobodyListens, Reply, open_client
from messaging.wire.connection import BROKER_ERRORS, PERSISTENT, connection
from messaging.wire.envelope import JSON_CONTENT_TYPE
from tests.faults.parties.books import Answered, Asked, Book
from tests.faults.parties.partners import Partners

REPLY_WITHIN_SECONDS = 2.0
PAUSE_SECONDS = 0.05
LEAVING = 0.05
TOGETHER = 50
_COMMANDS = "referrals.commands"
_LOST = (*BROKER_ERRORS, NobodyListens)


class Desk:
    """One org's client with a book. `answered` counts commands; `done`: it waits for nothing.

    `leaving` is the share of commands that are first sent by somebody who is gone before the reply;
    `left` counts them.
    """

    def __init__(
        self,
        org_id: str,
        url: str,
        book: Book,
        partners: Partners,
        chance: random.Random,
        leaving: float,
    ) -> None:
        self.org_id = org_id
        self.answered = 0
        self.left = 0
        self.done = False
        self._leaving = leaving
        self._url = url
        self._book = book
        self._partners = partners
        self._chance = chance
        self._asked: list[Asked] = []
        self._client: Client | None = None
        self._opened = AsyncExitStack()
        self._connecting = asyncio.Lock()

    async def work(self, stop: asyncio.Event) -> None:
        """Keep partners and refer patients to them, until told to stop; then finish what is open.

        Whatever the broker does, this goes on.
        """
        await self._ask("practice.put", name="Main Street Dental", observed_at=_OBSERVED)
        patient = str(uuid4())
        await self._ask(
            "patient.put", patient_uuid=patient, name="Paul Pace", observed_at=_OBSERVED
        )
        while not stop.is_set():
            for fields in self._partners.of_every_kind():
                if not stop.is_set():
                    await self._keep_partner(fields, patient, stop)
        self.done = True

    async def ask_all_again(self) -> None:
        """Send every command once more, as a client does that missed its reply."""
        for first in range(0, len(self._asked), TOGETHER):
            again = self._asked[first : first + TOGETHER]
            await asyncio.gather(*(self._until_answered(asked) for asked in again))

    async def hang_up(self) -> None:
        """Close the connection; the next command opens another one."""
        opened, self._opened, self._client = self._opened, AsyncExitStack(), None
        with suppress(*_LOST):
            await opened.aclose()

    async def _keep_partner(
        self, fields: dict[str, Any], patient: str, stop: asyncio.Event
    ) -> None:
        partner = str(uuid4())
        names = {"first_name": "Ann", "last_name": "Archer", "accepts_ereferral": True}
        await self._ask("referral_partner.create", id=partner, **names, **fields)
        for version in range(1, self._chance.randint(2, 4)):
            await self._ask(
                "referral_partner.update",
                referral_partner_uuid=partner,
                base_version=version,
                notes=f"after version {version}",
            )
        for _ in range(self._chance.randint(2, 3)):
            if not stop.is_set():
                await self._refer(patient, partner)

    async def _refer(self, patient: str, partner: str) -> None:
        referral = str(uuid4())
        named = {"patient_uuid": patient, "referral_partner_uuid": partner}
        await self._ask("referral.create", id=referral, reason="Root canal of tooth 14", **named)
        sent = await self._ask("referral.send", referral_uuid=referral, base_version=1)
        version = sent.data["version"]
        while self._chance.random() < 0.3 or version != sent.data["version"]:
            reply = await self._ask(
                "referral.cancel", referral_uuid=referral, base_version=version, reason="Moved away"
            )
            if reply.problem is None:
                return
            # News of its e-referral came meanwhile.
            version = reply.problem["current_version"]

    async def _ask(self, operation: str, **fields: Any) -> Reply:
        asked = Asked(self.org_id, operation, str(uuid4()), {"org_id": self.org_id, **fields})
        self._book.write(asked)
        self._asked.append(asked)
        if self._chance.random() < self._leaving:
            self.left += 1
            await self._ask_and_leave(asked)
        twice = 2 if self._chance.random() < 0.1 else 1
        replies = await asyncio.gather(*(self._until_answered(asked) for _ in range(twice)))
        reply = replies[0]
        # Nobody else changes what is this desk's, but the news of an e-referral.
        stale = operation == "referral.cancel" and reply.status == 409
        assert reply.problem is None or stale, f"{operation} was refused: {reply.problem}"
        self.answered += 1
        await asyncio.sleep(PAUSE_SECONDS)
        return reply

    async def _until_answered(self, asked: Asked) -> Reply:
        while True:
            client = self._client
            try:
                client = client or await self._connect()
                reply = await client.call(
                    _COMMANDS,
                    asked.operation,
                    asked.body,
                    message_id=UUID(asked.message_id),
                    timeout_seconds=REPLY_WITHIN_SECONDS,
                )
            except asyncio.CancelledError:
                # A frozen broker's publish ends so although nobody cancelled this task.
                current = asyncio.current_task()
                if current is None or current.cancelling():
                    raise
            except _LOST:
                pass
            else:
                self._book.write(
                    Answered(asked.message_id, reply.status, reply.data, reply.problem)
                )
                return reply
            if client is not None and client is self._client:
                await self.hang_up()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _connect(self) -> Client:
        async with self._connecting:
            if self._client is None:
                opened = AsyncExitStack()
                client = await opened.enter_async_context(open_client(self._url, "test.desk"))
                self._client, self._opened = client, opened
            return self._client

    async def _ask_and_leave(self, asked: Asked) -> None:
        """The same command from somebody who is gone before the reply, and whose queue is gone."""
        with suppress(*_LOST):
            async with open_client(self._url, "test.leaving") as leaving:
                await leaving.call(
                    _COMMANDS,
                    asked.operation,
                    asked.body,
                    message_id=UUID(asked.message_id),
                    timeout_seconds=0.005,
                )
        with suppress(*_LOST):
            async with connection(self._url, "test.leaving") as opened:
                channel = await opened.channel()
                queue = (await channel.queue_declare(exclusive=True, auto_delete=True)).queue or ""
                await channel.queue_delete(queue)
                await channel.basic_publish(
                    dumps(asked.body),
                    exchange=_COMMANDS,
                    routing_key=asked.operation,
                    properties=spec.Basic.Properties(
                        content_type=JSON_CONTENT_TYPE,
                        delivery_mode=PERSISTENT,
                        message_id=asked.message_id,
                        reply_to=queue,
                    ),
                )


_OBSERVED = "2026-01-05T08:00:00Z"
