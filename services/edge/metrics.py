"""The edge's metrics. Labels hold names of ours alone: route templates, statuses."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "handoff_edge_requests_total", "HTTP requests answered.", ["method", "route", "status"]
)
REQUEST_SECONDS = Histogram(
    "handoff_edge_request_seconds", "An HTTP request, to the end of its answer.", ["route"]
)
IN_FLIGHT = Gauge("handoff_edge_in_flight", "Requests that await a reply in this replica.")
