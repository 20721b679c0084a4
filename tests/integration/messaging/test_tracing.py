"""Traces: a span for each message and each attempt goes to the collector that is named."""

from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from messaging.replies.client import open_client
from messaging.running.settings import SettingError, load_settings
from services.referrals.settings import ReferralsSettings
from tests.support.collector import attributes, collecting
from tests.support.services.dispatch import dispatching
from tests.support.services.referrals import Org, heard_by, migrated, running_referrals

TRACE_ID, CLIENTS_SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE_ID}-{CLIENTS_SPAN_ID}-01"
NAME = "Kanarienvogel"


async def test_a_message_continues_the_clients_trace(
    postgres_database: str, rabbitmq_vhost: str
) -> None:
    """The span hangs below the client's, the event below the span, by its header below that of its
    way out of the outbox; no span holds a value."""
    await migrated(postgres_database)
    headers = {"traceparent": TRACEPARENT}
    async with collecting() as collector:
        async with (
            running_referrals(postgres_database, rabbitmq_vhost, otlp_endpoint=collector.endpoint),
            heard_by(postgres_database, rabbitmq_vhost) as heard,
            open_client(rabbitmq_vhost) as client,
        ):
            org = Org(client)
            made = await org.ask(
                "referral_partner.create", headers=headers, first_name="Ann", last_name=NAME
            )
            missing = await org.ask(
                "referral_partner.get", headers=headers, referral_partner_uuid=org_uuid()
            )
            (event,) = await heard.events(org)
        assert made.status == 201 and missing.status == 404
        command = collector.the("process referral_partner.create")
        query = collector.the("process referral_partner.get")

    for span in (command, query):
        assert span.trace_id.hex() == TRACE_ID
        assert span.parent_span_id.hex() == CLIENTS_SPAN_ID
        assert span.kind == Span.SPAN_KIND_CONSUMER
        assert span.status.code == Status.STATUS_CODE_UNSET, "a refusal is no fault"
    published = collector.the("publish referral_partner.created")
    assert published.parent_span_id == command.span_id
    assert published.kind == Span.SPAN_KIND_PRODUCER
    assert event.body["traceparent"] == f"00-{TRACE_ID}-{command.span_id.hex()}-01"
    carried = f"00-{TRACE_ID}-{published.span_id.hex()}-01"
    assert (event.properties.headers or {})["traceparent"] == carried
    shown = attributes(command)
    assert shown["handoff.org_id"] == org.id
    assert shown["handoff.status"] == 201
    assert shown["messaging.destination.name"] == "referrals.commands"
    assert not any(NAME.encode() in body for body in collector.sent)


def org_uuid() -> str:
    """An id that nothing has."""
    return "01930000-0000-7000-8000-0000000000ff"


async def test_an_attempt_is_a_span_that_the_partner_is_told_of(
    new_postgres_database: Any, new_rabbitmq_vhost: Any
) -> None:
    """Each attempt has a span, below it the request, which carries itself as its `traceparent`."""
    async with collecting() as collector:
        async with dispatching(
            new_postgres_database(), new_rabbitmq_vhost(), otlp_endpoint=collector.endpoint
        ) as dispatch:
            org = dispatch.org()
            ereferral = await org.dispatch(dispatch.at_portal("traced", 503, 201))
            await org.until(ereferral, "delivered")
            told = [posted.headers["traceparent"] for posted in dispatch.portal.at("traced")]
        heard = collector.the("process ereferral.dispatch")
        attempts = [span for span in collector.spans() if span.name == "attempt portal"]
        requests = [span for span in collector.spans() if span.name == "send portal"]

    assert [span.kind for span in requests] == [Span.SPAN_KIND_CLIENT] * 2
    assert {span.parent_span_id for span in attempts} == {heard.span_id}
    assert [span.parent_span_id for span in requests] == [span.span_id for span in attempts]
    flagless = [one.rpartition("-")[0] for one in told]
    assert flagless == [f"00-{span.trace_id.hex()}-{span.span_id.hex()}" for span in requests]
    assert [attributes(span)["handoff.code"] for span in attempts] == ["http_503", "http_201"]
    assert [span.status.code for span in attempts] == [
        Status.STATUS_CODE_ERROR,
        Status.STATUS_CODE_UNSET,
    ]


async def test_a_collector_that_is_away_holds_nothing_up(
    new_postgres_database: Any, new_rabbitmq_vhost: Any
) -> None:
    """Spans are lost, messages are not: the work goes on as if there were no collector."""
    database, vhost = new_postgres_database(), new_rabbitmq_vhost()
    await migrated(database)
    async with (
        running_referrals(database, vhost, otlp_endpoint="http://127.0.0.1:9"),
        open_client(vhost) as client,
    ):
        assert (await Org(client).partner())["version"] == 1


async def test_without_a_collector_the_trace_context_is_carried_as_it_came(
    new_postgres_database: Any, new_rabbitmq_vhost: Any
) -> None:
    """What the client named stays the cause of the event."""
    database, vhost = new_postgres_database(), new_rabbitmq_vhost()
    await migrated(database)
    async with (
        running_referrals(database, vhost),
        heard_by(database, vhost) as heard,
        open_client(vhost) as client,
    ):
        org = Org(client)
        given = {"first_name": "Ann", "last_name": "Archer"}
        made = await org.ask(
            "referral_partner.create", headers={"traceparent": TRACEPARENT}, **given
        )
        assert made.status == 201
        (event,) = await heard.events(org)
    assert event.body["traceparent"] == TRACEPARENT


@pytest.mark.parametrize("wrong", ["collector:4318", "ftp://collector"])
def test_an_endpoint_must_be_a_url(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong endpoint ends the service at its start with the variable's name."""
    monkeypatch.setenv("REFERRALS_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1/none")
    monkeypatch.setenv("REFERRALS_RABBITMQ_URL", "amqp://127.0.0.1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", wrong)
    with pytest.raises(SettingError, match=r"^OTEL_EXPORTER_OTLP_ENDPOINT: must start with"):
        load_settings(ReferralsSettings)
