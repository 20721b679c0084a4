"""What happens to a message after it was decided: answered, or parked with its reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from aiormq import spec
from aiormq.abc import DeliveredMessage

from contracts.problems import Problem, Refusal
from contracts.replies import REPLY_CONTENT_TYPE, REPLY_TYPE, Reply
from contracts.values import format_time
from messaging.intake.grants import Grants
from messaging.telemetry import logs
from messaging.wire.connection import NotCarried, Publisher
from messaging.wire.lenient_pamqp import unreadable
from messaging.wire.topology import DEAD_LETTERS, ConsumedQueue

log = logs.get(__name__)

_PARKING_HEADERS = frozenset(
    {
        "problem_code",
        "problem_detail",
        "failed_at",
        "original_exchange",
        "original_routing_key",
        "original_user_id",
        "original_expiration",
    }
)
"""What parking adds to a message's headers; ours alone to say (docs/contract/wire.md#parking)."""

_KEPT_PROPERTIES = (
    "content_type",
    "content_encoding",
    "delivery_mode",  # whichever it is, a quorum queue writes every message down
    "priority",
    "correlation_id",
    "reply_to",
    "message_id",
    "timestamp",
    "message_type",
    "app_id",
)
"""All but `cluster_id`, which AMQP 0-9-1 wants empty, and those that parking moves."""
# What the broker adds to what it dead-letters, and to what it hands out.
_BROKERS_DEATH_HEADERS = ("x-death", "x-first-death-", "x-last-death-")
_BROKERS_HEADERS = (*_BROKERS_DEATH_HEADERS, "x-delivery-count", "x-acquired-count")
# Further routing keys (RabbitMQ's Sender-Selected Distribution), for which no rights are asked.
_ROUTING_HEADERS = frozenset({"CC", "BCC"})


def _saying_what_is_left_out(detail: str | None, names: Iterable[str]) -> str | None:
    left_out = ", ".join(names)
    return f"{detail or ''} Left out here: {left_out}.".lstrip() if left_out else detail


def _says_how_it_died(headers: Mapping[str, Any] | None) -> bool:
    return any(name.startswith(_BROKERS_DEATH_HEADERS) for name in headers or {})


def clients_headers(headers: Mapping[str, Any] | None) -> dict[str, Any]:
    """A message's headers without those that only parking or the broker may say, and without those
    by which the broker would bring what we publish to further queues.

    A client that says them itself would choose whose grant its message is replayed with, or among
    whose dead letters it lies.
    """
    return {
        name: value
        for name, value in (headers or {}).items()
        if name not in _PARKING_HEADERS | _ROUTING_HEADERS and not name.startswith(_BROKERS_HEADERS)
    }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message is answered. `problem` is set where it was refused."""

    delivery: DeliveredMessage
    status: int
    body: bytes
    problem: Problem | None = None
    must_be_parked: bool = False
    """Parked even though it is answered: a fault of ours, to be looked at."""


def success_body(status: int, data: bytes | None) -> bytes:
    """The reply to a message that was done; `data` is JSON already."""
    return orjson.dumps({"status": status, "data": None if data is None else orjson.Fragment(data)})


def refused(delivery: DeliveredMessage, refusal: Refusal) -> Verdict:
    """The verdict on a message that a rule refused."""
    problem = refusal.problem
    body = orjson.dumps(Reply(status=problem.code.status, problem=problem).model_dump(mode="json"))
    return Verdict(delivery, problem.code.status, body, problem)


class Answering:
    """Answers and parks the messages of one queue."""

    def __init__(self, publisher: Publisher, queue: ConsumedQueue, grants: Grants) -> None:
        self._publisher = publisher
        self._queue = queue
        self._grants = grants

    async def settle_all(self, verdicts: Iterable[Verdict], now: datetime) -> set[int]:
        """Carry out verdicts, before their messages are acknowledged.

        Returns the delivery tags of those that must be rejected instead, for the broker to park:
        it keeps headers that no message of ours can carry. Raises one of BROKER_ERRORS where the
        broker is lost: the messages then come again.

        Each has a moment of its own, so that what is parked twice alike is two dead letters.
        """
        return {
            verdict.delivery.delivery_tag or 0
            for place, verdict in enumerate(verdicts)
            if not await self._settle(verdict, now + timedelta(microseconds=place))
        }

    async def _settle(self, verdict: Verdict, now: datetime) -> bool:
        """False where it had to be parked and could not be."""
        reply_to = verdict.delivery.header.properties.reply_to
        if reply_to and not self._grants.may_reply(verdict.delivery):
            reply_to = None  # It would be written into a queue of somebody else's.
        refused_unheard = verdict.problem is not None and not reply_to
        settled = True
        if verdict.must_be_parked or refused_unheard:
            settled = await self._park(verdict.delivery, verdict.problem, now)
        if reply_to:
            await self._reply(verdict, reply_to)
        return settled

    async def _reply(self, verdict: Verdict, reply_to: str) -> None:
        asked = verdict.delivery.header.properties
        properties = spec.Basic.Properties(
            content_type=REPLY_CONTENT_TYPE,
            message_type=REPLY_TYPE,
            correlation_id=asked.correlation_id or asked.message_id,
        )
        await self._publisher.reply(verdict.body, routing_key=reply_to, properties=properties)

    async def _publish_parked(
        self, delivery: DeliveredMessage, headers: dict[str, Any], kept: dict[str, Any]
    ) -> bool:
        """False where these headers cannot be carried."""
        try:
            await self._publisher.deliver(
                bytes(delivery.body),
                exchange=DEAD_LETTERS,
                routing_key=self._queue.name,
                properties=spec.Basic.Properties(headers=headers, **kept),
            )
        except NotCarried:
            return False
        return True

    async def _park(
        self, delivery: DeliveredMessage, problem: Problem | None, now: datetime
    ) -> bool:
        original = delivery.header.properties
        detail = problem.detail if problem else None
        left_out = [*unreadable(delivery), *(["cluster_id"] if original.cluster_id else [])]
        reason = {
            "problem_code": problem.code.value if problem else None,
            "problem_detail": _saying_what_is_left_out(detail, left_out),
            "failed_at": format_time(now),
            "original_exchange": delivery.exchange,
            "original_routing_key": delivery.routing_key,
            "original_user_id": original.user_id,
            "original_expiration": original.expiration,
        }
        headers = clients_headers(original.headers)
        headers.update({name: value for name, value in reason.items() if value is not None})
        kept = {name: getattr(original, name) for name in _KEPT_PROPERTIES}
        settled = await self._publish_parked(delivery, headers, kept)
        if not settled and _says_how_it_died(original.headers):
            # RabbitMQ adds to what stands there, and falls over a text where it looks for a number:
            # this one must not come to it again.
            reason["problem_detail"] = _saying_what_is_left_out(detail, [*left_out, "headers"])
            headers = {name: value for name, value in reason.items() if value is not None}
            settled = await self._publish_parked(delivery, headers, kept)
        log.warning(
            "message parked",
            queue=self._queue.name,
            code=reason["problem_code"],
            message_id=logs.identifier(original.message_id),
            detail="by us" if settled else "by the broker",
        )
        return settled
