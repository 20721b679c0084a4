"""One trace from a client's request over HTTP to the partner, and back with the news of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.support.collector import Collector, collecting
from tests.support.partners.portal import Portal
from tests.support.services.dispatch import dispatching
from tests.support.services.edge import Caller, running_edge
from tests.support.services.referrals import referrals_with_client
from tests.support.waiting import until

TRACE_ID, CLIENTS_SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SEEN = "2026-01-05T08:00:00Z"
NAME = "Kanarienvogel"
SETTLED_WITHIN_SECONDS = 30.0


async def draft(caller: Caller, portal: Portal) -> str:
    """The id of a referral that is ready to be sent to a portal."""
    practice = {"name": "Main Street Dental", "observed_at": SEEN}
    assert (await caller.ask("PUT", "/practice", practice)).status == 200
    patient = str(uuid4())
    seen = {"name": f"Paul {NAME}", "observed_at": SEEN}
    assert (await caller.ask("PUT", f"/patients/{patient}", seen)).status == 200
    partner = await caller.partner(
        accepts_ereferral=True, ereferral_endpoint=portal.endpoint("traced")
    )
    fields = {
        "patient_uuid": patient,
        "referral_partner_uuid": partner["id"],
        "reason": f"Root canal, {NAME}",
    }
    return str((await caller.made("/referrals", fields))["id"])


async def sent_over_http(caller: Caller, portal: Portal) -> None:
    """Send a referral with the client's trace context, and wait for referrals to hear its end."""
    referral = await draft(caller, portal)
    headers = {"traceparent": f"00-{TRACE_ID}-{CLIENTS_SPAN_ID}-01"}
    sent = await caller.ask("POST", f"/referrals/{referral}/send?base_version=1", headers=headers)
    assert sent.status == 202, sent

    async def is_delivered() -> bool:
        shown = await caller.ask("GET", f"/referrals/{referral}")
        return bool(shown.data["dispatch_status"] == "delivered")

    await until(is_delivered, SETTLED_WITHIN_SECONDS)


def of_the_trace(collector: Collector, name: str) -> Span:
    """The one span of that name in the client's trace."""
    (span,) = [
        span for span in collector.spans() if span.name == name and span.trace_id.hex() == TRACE_ID
    ]
    return span


async def test_one_trace_goes_from_http_to_the_partner_and_back(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """HTTP, the command, its way out of the outbox, the e-referral's dispatch, its attempt, the
    request that the partner's portal gets, and the event that referrals hears: each below the one
    that caused it, in three services, and not one of them with a value of the patient's."""
    async with collecting() as collector:
        traced: dict[str, Any] = {"otlp_endpoint": collector.endpoint}
        async with (
            referrals_with_client(new_postgres_database(), rabbitmq_vhost, **traced),
            dispatching(new_postgres_database(), rabbitmq_vhost, **traced) as dispatch,
            running_edge(rabbitmq_vhost, tmp_path, **traced) as edge,
        ):
            await sent_over_http(edge.caller(), dispatch.portal)
            (told,) = [posted.headers["traceparent"] for posted in dispatch.portal.at("traced")]
            await asyncio.sleep(0.1)  # The last span ends after what it was waited for by.

        heard = of_the_trace(collector, "process ereferral.delivered")
        way_there = [
            "POST /api/v1/{org_id}/referrals/{referral_uuid}/send",
            "process referral.send",
            "publish ereferral.dispatch",
            "process ereferral.dispatch",
            "attempt portal",
        ]
        assert collector.path(heard) == [
            *way_there,
            "publish ereferral.delivered",
            "process ereferral.delivered",
        ]
        asked = of_the_trace(collector, "send portal")
        assert collector.path(asked) == [*way_there, "send portal"]
        assert told == f"00-{TRACE_ID}-{asked.span_id.hex()}-01"
        assert not any(NAME.encode() in body for body in collector.sent)
