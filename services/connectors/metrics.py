"""The metrics of connectors. Labels hold names of ours alone: no org, name or number."""

from prometheus_client import Counter, Gauge, Histogram

ROWS = Counter(
    "connector_rows_total",
    "Rows of finished runs by what became of them.",
    ["system", "kind", "outcome"],
)
REQUEST_SECONDS = Histogram(
    "connector_request_seconds", "A request to another system, to the end of its answer."
)
LAST_SUCCESS_SECONDS = Gauge(
    "connector_last_success_seconds",
    "When a connection of the system last succeeded on this replica, in seconds since 1970.",
    ["system"],
)
WAITING_ROWS = Gauge(
    "connector_waiting_rows", "Rows that were not applied at the end of the last run.", ["system"]
)
