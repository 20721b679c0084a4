"""The account of each attempt once it is over: its span, one wide line of the log, the figures."""

from messaging.telemetry import logs, metrics
from messaging.telemetry.tracing import Traced, trace_id
from services.ereferral_dispatch.delivery.claiming import Claimed
from services.ereferral_dispatch.rules.outcomes import CallRequested, Delivered, Outcome, Sent

log = logs.get(__name__)


def span_attributes(claimed: Claimed) -> dict[str, str | int]:
    """By what an attempt's spans are found."""
    return {
        "handoff.org_id": claimed.org_id,
        "handoff.ereferral_id": str(claimed.ereferral_id),
        "handoff.attempt": claimed.number,
    }


def end_span(traced: Traced, outcome: Outcome | None) -> None:
    """End a span of an attempt; None: it was cut off."""
    code = None if outcome is None else _code(outcome)
    traced.end(
        failed=not isinstance(outcome, (Delivered, Sent, CallRequested)),
        **({} if code is None else {"handoff.code": code}),
    )


def tell(claimed: Claimed, outcome: Outcome, *, left: bool, seconds: float) -> None:
    """Tell of an attempt that took so many seconds. `left`: something went to the partner."""
    metrics.ATTEMPT_SECONDS.labels(str(claimed.channel)).observe(seconds)
    facts = {
        "org_id": claimed.org_id,
        "ereferral_id": str(claimed.ereferral_id),
        "attempt": claimed.number,
        "channel": claimed.channel,
        "message": claimed.message.value,
        "outcome": type(outcome).__name__,
        "code": _code(outcome),
        "repeat": claimed.possible_repeat or None,
        "left": left,
        "milliseconds": round(seconds * 1000, 1),
        "trace_id": trace_id(claimed.traceparent),
    }
    log.info("attempt", **{name: fact for name, fact in facts.items() if fact is not None})


def _code(outcome: Outcome) -> str | None:
    return None if isinstance(outcome, CallRequested) else str(outcome.code)
