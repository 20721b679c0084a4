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
OLDEST_SUCCESS = Gauge(
    "connector_oldest_success_timestamp_seconds",
    "When the connection that has brought nothing for longest last succeeded, or was added.",
    ["system"],
)
STALE_CONNECTIONS = Gauge(
    "connector_stale_connections",
    "Connections that have brought nothing for a day and for three of their intervals.",
    ["system"],
)
WAITING_ROWS = Gauge(
    "connector_waiting_rows", "Rows that were not applied at the end of the last run.", ["system"]
)
