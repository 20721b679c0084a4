"""Replies: a verdict on each message, told to who asked, or parked where nobody hears it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from aiormq import spec
from aiormq.abc import DeliveredMessage

from contracts.problems import Problem, Refusal
from contracts.replies import REPLY_CONTENT_TYPE, REPLY_TYPE, Reply
from messaging.intake.grants import Grants
from messaging.replies.dead_letters import DeadLetters
from messaging.replies.publisher import OutgoingReply, Publisher
from messaging.wire.topology import ConsumedQueue


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message is told. `problem` is set where it was refused."""

    delivery: DeliveredMessage
    status: int
    body: bytes
    problem: Problem | None = None
    must_be_parked: bool = False
    """Parked even though its sender is told: a fault of ours, to be looked at."""
    is_repeat: bool = False
    """Decided before; this is what was said then."""


def success_body(status: int, data: bytes | None) -> bytes:
    """The reply to a message that was done; `data` is JSON already."""
    return orjson.dumps({"status": status, "data": None if data is None else orjson.Fragment(data)})


def refused(delivery: DeliveredMessage, refusal: Refusal) -> Verdict:
    """The verdict on a message that a rule refused."""
    problem = refusal.problem
    body = orjson.dumps(Reply(status=problem.code.status, problem=problem).model_dump(mode="json"))
    return Verdict(delivery, problem.code.status, body, problem)


class Replies:
    """Tells the verdicts on the messages of one queue."""

    def __init__(self, publisher: Publisher, queue: ConsumedQueue, grants: Grants) -> None:
        self._publisher = publisher
        self._dead_letters = DeadLetters(publisher, queue)
        self._grants = grants

    async def send(self, verdicts: Iterable[Verdict], now: datetime) -> set[int]:
        """Park what has to be, then send all replies, before the messages are acknowledged.

        Returns the delivery tags of those that must be rejected instead, for the broker to park:
        it keeps headers that no message of ours can carry. Raises one of BROKER_ERRORS where the
        broker is lost: the messages then come again.

        Each has a moment of its own, so that what is parked twice alike is two dead letters.
        """
        to_be_rejected: set[int] = set()
        replies = []
        for place, verdict in enumerate(verdicts):
            delivery = verdict.delivery
            reply_to = self._reply_queue(delivery)
            if self.parks(verdict):
                moment = now + timedelta(microseconds=place)
                if not await self._dead_letters.park(delivery, verdict.problem, moment):
                    to_be_rejected.add(delivery.delivery_tag or 0)
            if reply_to:
                replies.append(_reply(verdict, reply_to))
        await self._publisher.reply(replies)
        return to_be_rejected

    def parks(self, verdict: Verdict) -> bool:
        """Whether its message becomes a dead letter: nobody can be told that it was refused."""
        unheard = verdict.problem is not None and not self._reply_queue(verdict.delivery)
        return verdict.must_be_parked or unheard

    def _reply_queue(self, delivery: DeliveredMessage) -> str | None:
        """None too where it would be written into a queue of somebody else's."""
        reply_to = delivery.header.properties.reply_to
        return reply_to if reply_to and self._grants.may_reply(delivery) else None


def _reply(verdict: Verdict, queue: str) -> OutgoingReply:
    asked = verdict.delivery.header.properties
    properties = spec.Basic.Properties(
        content_type=REPLY_CONTENT_TYPE,
        message_type=REPLY_TYPE,
        correlation_id=asked.correlation_id or asked.message_id,
    )
    return OutgoingReply(verdict.body, queue, properties)
