"""Dead letters: what can neither be processed nor get a reply is parked, whole, with its reason."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from aiormq import spec
from aiormq.abc import DeliveredMessage

from contracts.problems import Problem
from contracts.values import format_time
from messaging.replies.publisher import NotCarried, Publisher
from messaging.telemetry import logs, metrics
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


class DeadLetters:
    """The dead letters of one queue."""

    def __init__(self, publisher: Publisher, queue: ConsumedQueue) -> None:
        self._publisher = publisher
        self._queue = queue

    async def park(
        self, delivery: DeliveredMessage, problem: Problem | None, now: datetime
    ) -> bool:
        """Add a message to them. False where no message of ours can carry its headers: the broker
        must park it.

        Raises one of BROKER_ERRORS where the broker is lost.
        """
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
        is_parked = await self._publish(delivery, headers, kept)
        if not is_parked and _says_how_it_died(original.headers):
            # RabbitMQ adds to what stands there, and falls over a text where it looks for a number:
            # this one must not come to it again.
            reason["problem_detail"] = _saying_what_is_left_out(detail, [*left_out, "headers"])
            headers = {name: value for name, value in reason.items() if value is not None}
            is_parked = await self._publish(delivery, headers, kept)
        metrics.PARKED.labels(self._queue.name).inc()
        log.warning(
            "message parked",
            queue=self._queue.name,
            code=reason["problem_code"],
            message_id=logs.identifier(original.message_id),
            detail="by us" if is_parked else "by the broker",
        )
        return is_parked

    async def _publish(
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
