"""Figures at /metrics, besides those that FastStream counts (`messaging.intake.batch`).

Labels hold names of ours alone: never an org, an id or a client's text. `docs/operators/runbook.md`
says what the alerts make of them.
"""

from prometheus_client import Counter, Gauge, Histogram

NOT_KNOWN = "-"
"""What stands for the operation of a message that was refused before anybody read which it is."""

READY = Gauge("handoff_ready", "1 where /health/ready answers 200.")
BUILD = Gauge("handoff_build_info", "1; which program this replica is.", ["service", "version"])
MESSAGES = Counter("handoff_messages_total", "Messages settled.", ["queue", "operation", "status"])
PARKED = Counter("handoff_parked_total", "Messages parked as dead letters.", ["queue"])
BATCH_SIZE = Histogram(
    "handoff_batch_size", "Messages in a batch.", ["queue"], buckets=(1, 2, 4, 8, 16, 32, 64)
)
BATCH_SECONDS = Histogram("handoff_batch_seconds", "A batch, to its replies.", ["queue"])
QUERY_SECONDS = Histogram("handoff_query_seconds", "A query, to its reply.", ["operation"])
QUEUE_MESSAGES = Gauge(
    "handoff_queue_messages", "Messages that wait in a queue and no consumer has yet.", ["queue"]
)
QUEUE_AGE = Gauge(
    "handoff_queue_age_seconds",
    "How long ago a queue was last seen empty: nothing in it has waited longer.",
    ["queue"],
)
DEAD_LETTERS = Gauge("handoff_dead_letters", "Dead letters of a queue.", ["queue"])
RELAYED = Counter("handoff_relayed_total", "Outbox messages that the broker confirmed.")
RELAY_REFUSED = Counter(
    "handoff_relay_refused_total", "Outbox messages nacked, returned or timed out; tried again."
)
RELAY_LEADING = Gauge("handoff_relay_leading", "1 where this replica's outbox relay publishes.")
OUTBOX_WAITING = Gauge(
    "handoff_outbox_waiting", "Rows seen waiting at the outbox relay's last look."
)
OUTBOX_AGE = Gauge(
    "handoff_outbox_age_seconds", "How long the oldest row of the outbox has waited; 0: none does."
)
ATTEMPTS = Counter("handoff_attempts_total", "Attempts finished.", ["channel", "outcome"])
ATTEMPT_SECONDS = Histogram(
    "handoff_attempt_seconds",
    "An attempt, from its claim to its outcome.",
    ["channel"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
ATTEMPTS_RUNNING = Gauge("handoff_attempts_running", "Attempts under way in this replica.")
ATTEMPTS_DUE = Gauge(
    "handoff_attempts_due", "E-referrals whose next attempt is due and not begun.", ["channel"]
)
ATTEMPTS_DUE_AGE = Gauge(
    "handoff_attempts_due_age_seconds",
    "For how long the first of them has been due; 0: none is.",
    ["channel"],
)
LANES_HELD = Gauge(
    "handoff_lanes_held", "Partners' channels that are held: they are probed alone.", ["channel"]
)
NEEDS_PERSON = Gauge(
    "handoff_needs_person", "E-referrals that wait for a person, by their status.", ["status"]
)
NEEDS_PERSON_AGE = Gauge(
    "handoff_needs_person_age_seconds",
    "For how long the first of them has waited; 0: none does.",
    ["status"],
)
INTAKE_WAITING = Gauge(
    "handoff_intake_waiting", "Rows of the intake that wait for a person.", ["suspected_spam"]
)
INTAKE_WAITING_AGE = Gauge(
    "handoff_intake_waiting_age_seconds",
    "For how long the first of them has waited; 0: none does.",
    ["suspected_spam"],
)
MAIL_RELAY_HELD = Gauge("handoff_mail_relay_held", "1 while no mail goes out: the relay is held.")
