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
    "How long ago the connection that has brought nothing for longest succeeded, or was added.",
    ["system"],
)
STALE_CONNECTIONS = Gauge(
    "connector_stale_connections",
    "Connections that have brought nothing for a day and for three of their intervals.",
    ["system"],
)
WAITING_ROWS = Gauge(
    "connector_waiting_rows", "Rows of all connections that are not applied.", ["system"]
)
