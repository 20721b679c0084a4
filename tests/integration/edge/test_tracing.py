"""Traces: a request is a span, and what a service does for it is one below."""

from collections.abc import Callable
from pathlib import Path

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.support.collector import attributes, collecting
from tests.support.services.edge import running_edge
from tests.support.services.referrals import migrated, running_referrals

TRACE_ID, CLIENTS_SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{CLIENTS_SPAN_ID}-01"
NAME = "Kanarienvogel"
PARTNERS = "/api/v1/{org_id}/referral-partners"


async def test_a_request_and_what_the_service_does_are_one_trace(
    new_postgres_database: Callable[[], str],
    new_rabbitmq_vhost: Callable[[], str],
    tmp_path: Path,
) -> None:
    """The request hangs below the client's span, and the command below the request. A refusal is no
    fault, a request without a trace context begins a trace of its own, and no span holds a value of
    path, query, header or body."""
    database, vhost = await migrated(new_postgres_database()), new_rabbitmq_vhost()
    async with collecting() as collector:
        endpoint = collector.endpoint
        async with (
            running_referrals(database, vhost, otlp_endpoint=endpoint),
            running_edge(vhost, tmp_path, otlp_endpoint=endpoint) as edge,
        ):
            caller = edge.caller()
            made = await caller.ask(
                "POST",
                "/referral-partners",
                {"first_name": "Ann", "last_name": NAME},
                headers={"traceparent": TRACEPARENT, "User-Agent": NAME},
            )
            refused = await caller.ask("GET", f"/referral-partners/{NAME}?{NAME}={NAME}")
            nowhere = await caller.ask("GET", f"/{NAME}")
        assert (made.status, refused.status, nowhere.status) == (201, 422, 404)
        request = collector.the(f"POST {PARTNERS}")
        command = collector.the("process referral_partner.create")
        wrong = collector.the(f"GET {PARTNERS}/{{referral_partner_uuid}}")
        lost = collector.the("GET -")

    assert request.parent_span_id.hex() == CLIENTS_SPAN_ID
    assert command.parent_span_id == request.span_id
    assert {span.trace_id.hex() for span in (request, command)} == {TRACE_ID}
    for span in (wrong, lost):
        assert span.parent_span_id == b"" and span.trace_id.hex() != TRACE_ID
    for span in (request, wrong, lost):
        assert span.kind == Span.SPAN_KIND_SERVER
        assert span.status.code == Status.STATUS_CODE_UNSET
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": PARTNERS,
        "http.response.status_code": 201,
        "handoff.request_id": made.headers["handoff-request-id"],
        "handoff.token_id": caller.token[4:12],
        "handoff.org_id": caller.org_id,
        "messaging.message.id": made.headers["handoff-message-id"],
    }
    assert not any(NAME.encode() in body for body in collector.sent)
