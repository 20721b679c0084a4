"""The account of each message once it is settled: one wide line of the log, and the figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging.replies.replies import Replies, Verdict
from messaging.telemetry import logs, metrics
from messaging.telemetry.tracing import trace_id
from messaging.wire.envelope import Envelope

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """A verdict that was told, and the envelope of what it is on; None: nobody got to read it."""

    verdict: Verdict
    envelope: Envelope | None


def tell(queue: str, replies: Replies, settled: Sequence[Settled], *, seconds: float) -> None:
    """Tell of a batch whose verdicts `replies` has told, so many seconds after it was begun."""
    for one in settled:
        verdict, envelope = one.verdict, one.envelope
        operation = envelope.operation if envelope is not None else metrics.NOT_KNOWN
        metrics.MESSAGES.labels(queue, operation, str(int(verdict.status))).inc()
        facts = {
            "queue": queue,
            "operation": operation,
            "status": int(verdict.status),
            "code": verdict.problem.code.value if verdict.problem is not None else None,
            "org_id": envelope.org_id if envelope is not None else None,
            "message_id": logs.identifier(verdict.delivery.header.properties.message_id),
            "client": envelope.user_id if envelope is not None else None,
            "repeat": verdict.is_repeat or None,
            "parked": replies.parks(verdict) or None,
            "bytes": len(verdict.delivery.body),
            "batch": len(settled),
            "milliseconds": round(seconds * 1000, 1),
            "trace_id": trace_id(envelope.traceparent) if envelope is not None else None,
        }
        log.info("message", **{name: fact for name, fact in facts.items() if fact is not None})
