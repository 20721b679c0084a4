"""A workload that can be checked to the last message, whatever was killed meanwhile."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from aiormq import spec
from aiormq.abc import DeliveredMessage

from messaging.amqp import BROKER_ERRORS, connection
from messaging.client import Answered, Client, NobodyListens, open_client

SUBSCRIBER = "test.subscriber"
REPLY_WITHIN_SECONDS = 2.0
_LOST = (*BROKER_ERRORS, NobodyListens)


@dataclass
class Sent:
    """One command and what it was answered first."""

    operation: str
    message_id: UUID
    body: dict[str, Any]
    answer: Answered


@dataclass
class Writer:
    """Creates one partner and updates it, each command as often as it takes to be answered."""

    org_id: str
    partner: str = field(default_factory=lambda: str(uuid4()))
    sent: list[Sent] = field(default_factory=list)

    async def write(self, rabbitmq_url: str, enough: Callable[[], bool]) -> None:
        """Go on until it is enough; a lost connection is opened again."""
        while not enough():
            with suppress(*_LOST):
                async with open_client(rabbitmq_url, "test.writer") as client:
                    while not enough():
                        await self._next(client)
            await asyncio.sleep(0.05)

    async def _next(self, client: Client) -> None:
        command = self._unanswered or self._new_command()
        self._unanswered = command
        operation, message_id, body = command
        answer = await client.call(
            "referrals.commands",
            operation,
            body,
            message_id=message_id,
            timeout_seconds=REPLY_WITHIN_SECONDS,
        )
        self.sent.append(Sent(operation, message_id, body, answer))
        self._unanswered = None

    _unanswered: tuple[str, UUID, dict[str, Any]] | None = None

    def _new_command(self) -> tuple[str, UUID, dict[str, Any]]:
        if not self.sent:
            names = {"first_name": "Ann", "last_name": "Archer", "id": self.partner}
            return "referral_partner.create", uuid4(), {"org_id": self.org_id, **names}
        version = len(self.sent)
        return (
            "referral_partner.update",
            uuid4(),
            {
                "org_id": self.org_id,
                "referral_partner_uuid": self.partner,
                "base_version": version,
                "notes": f"after version {version}",
            },
        )


class Workload:
    """Some writers, each on a partner of its own."""

    def __init__(self, org_id: str, rabbitmq_url: str, writers: int) -> None:
        self.org_id = org_id
        self._url = rabbitmq_url
        self.writers = [Writer(org_id) for _ in range(writers)]
        self._stop = asyncio.Event()

    @property
    def answered(self) -> int:
        """How many commands were answered."""
        return sum(len(writer.sent) for writer in self.writers)

    @asynccontextmanager
    async def running(self, at_least: int) -> AsyncIterator[None]:
        """Runs beside the block and then until so many commands were answered."""
        tasks = [
            asyncio.create_task(
                writer.write(self._url, lambda: self._stop.is_set() and self.answered >= at_least)
            )
            for writer in self.writers
        ]
        try:
            yield
            self._stop.set()
            async with asyncio.timeout(90):
                await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    def check_answers(self) -> None:
        """Every command was taken, each on the version that the one before it had made."""
        for writer in self.writers:
            assert [sent.answer.status for sent in writer.sent] == [201] + [200] * (
                len(writer.sent) - 1
            )
            versions = [sent.answer.data["version"] for sent in writer.sent]
            assert versions == list(range(1, len(writer.sent) + 1))

    async def check_effects(self) -> None:
        """One partner each, as its last command has left it; every repeat gets the same reply."""
        async with open_client(self._url, "test.check") as client:
            listed = await client.call(
                "referrals.queries",
                "referral_partner.list",
                {"org_id": self.org_id, "page_size": 200},
            )
            assert listed.data["total"] == len(self.writers)
            held = {item["id"]: item for item in listed.data["items"]}
            for writer in self.writers:
                assert held[writer.partner] == writer.sent[-1].answer.data

            async def repeat(sent: Sent) -> Answered:
                return await client.call(
                    "referrals.commands", sent.operation, sent.body, message_id=sent.message_id
                )

            everything = [sent for writer in self.writers for sent in writer.sent]
            repeats = await asyncio.gather(*map(repeat, everything))
            assert repeats == [sent.answer for sent in everything]

    def check_events(self, heard: list[DeliveredMessage]) -> int:
        """Each version of each partner was told, in order by first publication, under one id.

        Returns how many messages were repeats of one that had come before.
        """
        versions: dict[str, list[int]] = defaultdict(list)
        ids: dict[str, tuple[str, int]] = {}
        for message in heard:
            event = json.loads(message.body)
            told = (event["subject"], event["aggregateversion"])
            assert message.header.properties.message_id == event["id"]
            if event["id"] in ids:
                assert ids[event["id"]] == told
                continue
            ids[event["id"]] = told
            versions[event["subject"]].append(event["aggregateversion"])
        assert versions == {
            writer.partner: list(range(1, len(writer.sent) + 1)) for writer in self.writers
        }
        return len(heard) - len(ids)


async def subscribe(rabbitmq_url: str) -> None:
    """A durable queue of a subscriber: it outlives connections and brokers."""
    async with connection(rabbitmq_url, "test.subscriber") as opened:
        channel = await opened.channel()
        await channel.exchange_declare("referrals.events", exchange_type="topic", durable=True)
        await channel.queue_declare(SUBSCRIBER, durable=True, arguments={"x-queue-type": "quorum"})
        await channel.queue_bind(SUBSCRIBER, "referrals.events", routing_key="#")


async def subscribed(rabbitmq_url: str) -> list[DeliveredMessage]:
    """Everything that the subscriber's queue holds, oldest first."""
    heard: list[DeliveredMessage] = []
    async with connection(rabbitmq_url, "test.subscriber") as opened:
        channel = await opened.channel()
        while True:
            message = await channel.basic_get(SUBSCRIBER, no_ack=True)
            if isinstance(message.delivery, spec.Basic.GetEmpty):
                return heard
            heard.append(message)


async def parked(rabbitmq_url: str, queue: str) -> int:
    """How many messages the queue's dead letters hold."""
    async with connection(rabbitmq_url, "test.parked") as opened:
        channel = await opened.channel()
        declared = await channel.queue_declare(f"{queue}.dead_letters", passive=True)
        return declared.message_count or 0


def a_moment(longest_seconds: float, chance: random.Random) -> float:
    """How long to wait before the next blow."""
    return chance.uniform(0.0, longest_seconds)
