"""Figures at /metrics, besides those that FastStream counts (`messaging.intake.batch`).

Labels hold names of ours alone: never an org, an id or a client's text.
"""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("handoff_messages_total", "Messages settled.", ["queue", "status"])
BATCH_SIZE = Histogram(
    "handoff_batch_size", "Messages in a batch.", ["queue"], buckets=(1, 2, 4, 8, 16, 32, 64)
)
QUERY_SECONDS = Histogram("handoff_query_seconds", "A query, to its reply.", ["operation"])
RELAYED = Counter("handoff_relayed_total", "Outbox messages that the broker confirmed.")
RELAY_REFUSED = Counter(
    "handoff_relay_refused_total", "Outbox messages nacked, returned or timed out; tried again."
)
RELAY_LEADING = Gauge("handoff_relay_leading", "1 where this replica's outbox relay publishes.")
OUTBOX_WAITING = Gauge(
    "handoff_outbox_waiting", "Rows seen waiting at the outbox relay's last look."
)
ATTEMPTS = Counter("handoff_attempts_total", "Attempts finished.", ["channel", "outcome"])
MAIL_RELAY_HELD = Gauge("handoff_mail_relay_held", "1 while no mail goes out: the relay is held.")
ATTEMPTS_RUNNING = Gauge("handoff_attempts_running", "Attempts under way in this replica.")
