"""The portal sender against real sockets: the request, the point of no return, connections."""

import asyncio
import re

import pytest
from standardwebhooks import Webhook

from letters.letter import Message
from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    TransientFailure,
)
from services.ereferral_dispatch.senders.base import AttemptWithdrawn
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from services.ereferral_dispatch.senders.portal.signature import partner_secret, whsec
from tests.support.partners.portal import OK, Portal, answering
from tests.support.partners.sending import BODY, SIGNING_KEY, Gate, addressed, portal_sender
from tests.support.samples.packages import EREFERRAL_ID, ORG_ID, PARTNER_ID

TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00")
BIG_BODY = b'"' + b"x" * 8_000_000 + b'"'


async def test_the_request_is_what_the_delivery_rules_say(sender: PortalSender) -> None:
    """POST to the endpoint with every header of the rules, and the body as it was composed."""
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    async with Portal(answering(OK)) as portal:
        consignment = addressed(f"{portal.url}/%7Ea?b=1", traceparent=traceparent)
        content = sender.compose(consignment)
        assert await sender.send(consignment, content, Gate()) == Delivered(HttpCode(200))
    (request,) = portal.requests
    assert request.request_line == "POST /fhir/%7Ea?b=1 HTTP/1.1"
    assert request.body == content
    assert request.headers["content-type"] == "application/fhir+json"
    assert request.headers["webhook-id"] == str(EREFERRAL_ID)
    assert request.headers["idempotency-key"] == str(EREFERRAL_ID)
    assert request.headers["traceparent"] == traceparent
    assert request.headers["user-agent"].startswith("Handoff/")
    assert request.headers["accept-encoding"] == "identity"
    assert "cookie" not in request.headers


async def test_a_partner_verifies_what_it_got_with_its_secret(sender: PortalSender) -> None:
    """The library that partners use accepts the signature, and rejects a changed body."""
    async with Portal(answering(OK)) as portal:
        consignment = addressed(portal.url)
        await sender.send(consignment, sender.compose(consignment), Gate())
    (request,) = portal.requests
    receiver = Webhook(whsec(partner_secret(SIGNING_KEY, ORG_ID, PARTNER_ID)))
    assert receiver.verify(request.body, request.headers)["resourceType"] == "Bundle"
    with pytest.raises(Exception, match="No matching signature"):
        receiver.verify(request.body.replace(b"active", b"revoke"), request.headers)


async def test_a_retry_sends_the_same_bytes_under_the_same_id(sender: PortalSender) -> None:
    """A retry differs in its timestamp and signature alone."""
    down = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    async with Portal(answering(down, OK)) as portal:
        consignment = addressed(portal.url)
        content = sender.compose(consignment)
        first = await sender.send(consignment, content, Gate())
        assert isinstance(first, TransientFailure) and str(first.code) == "http_503"
        assert await sender.send(consignment, content, Gate()) == Delivered(HttpCode(200))
    one, two = portal.requests
    assert one.body == two.body
    assert one.headers["webhook-id"] == two.headers["webhook-id"]


async def test_a_cancellation_has_an_id_of_its_own(sender: PortalSender) -> None:
    """Under the referral's own id it would be dropped as a repeat."""
    async with Portal(answering(OK)) as portal:
        consignment = addressed(
            portal.url, message=Message.CANCELLATION, cancel_reason="Sent by mistake"
        )
        await sender.send(consignment, sender.compose(consignment), Gate())
    (request,) = portal.requests
    assert request.headers["webhook-id"] == f"{EREFERRAL_ID}.cancel"
    assert b'"revoked"' in request.body


@pytest.mark.parametrize("given", [None, "00-x\r\nX-Evil: 1"])
async def test_a_trace_begins_where_none_came(sender: PortalSender, given: str | None) -> None:
    """Each request has its trace context; what came with a message is not put there unseen."""
    begun = set()
    for _ in range(2):
        async with Portal(answering(OK)) as portal:
            await sender.send(addressed(portal.url, traceparent=given), BODY, Gate())
        begun.add(portal.requests[0].headers["traceparent"])
    assert len(begun) == 2 and all(TRACEPARENT.fullmatch(one) for one in begun)


@pytest.mark.parametrize("pooled", [False, True])
async def test_nothing_is_sent_before_the_point_of_no_return(
    sender: PortalSender, pooled: bool
) -> None:
    """When it is awaited the connection is up, and not one byte of the request has come."""
    waiting = asyncio.Event()

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if pooled:
            await portal.take_request(reader)
            writer.write(OK)
        waiting.set()
        first = await reader.read(1)
        portal.bytes_received += len(first)
        await portal.until_left(reader)

    async with Portal(script) as portal:

        async def look() -> None:
            await waiting.wait()
            await asyncio.sleep(0.05)
            assert portal.connections == 1
            assert portal.bytes_received == 0

        if pooled:
            await sender.send(addressed(portal.url), BODY, Gate())
        gate = Gate(withdraw=True, during=[look])
        with pytest.raises(AttemptWithdrawn):
            await sender.send(addressed(portal.url), BODY, gate)
        await asyncio.wait_for(portal.left.wait(), 1)
        assert portal.bytes_received == 0


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError("of the database"), TimeoutError(), ValueError("a bug")]
)
async def test_what_the_point_of_no_return_raises_is_not_the_partners_failure(
    sender: PortalSender, error: Exception
) -> None:
    """An error of our own database is raised as it is, and nothing leaves."""

    async def fail() -> None:
        raise error

    async with Portal(answering(OK)) as portal:
        with pytest.raises(type(error)) as caught:
            await sender.send(addressed(portal.url), BODY, Gate(during=[fail]))
        assert caught.value is error
    assert portal.requests == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"220 mail.example.com ESMTP\r\n", "connection_lost"),
        (OK, "connection_lost"),
        (b"HTTP/1.1 503 Full\r\nContent-Length: 0\r\n\r\n", "http_503"),
    ],
    ids=["another protocol", "2xx", "5xx"],
)
async def test_a_partner_that_talks_first_gets_nothing(
    sender: PortalSender, said: bytes, code: str
) -> None:
    """An answer to nothing delivers nothing: a 2xx there is no proof."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(said)
        await portal.until_left(reader)

    async with Portal(script) as portal:
        gate = Gate(during=[lambda: asyncio.sleep(0.05)])
        outcome = await sender.send(addressed(portal.url), BODY, gate)
        assert isinstance(outcome, TransientFailure) and str(outcome.code) == code
        await asyncio.wait_for(portal.left.wait(), 1)
        assert portal.bytes_received == 0
        assert portal.connections == 1


@pytest.mark.parametrize("body", [BODY, BIG_BODY], ids=["all of it sent", "half of it sent"])
async def test_a_cancelled_attempt_closes_its_connection(sender: PortalSender, body: bytes) -> None:
    """CancelledError passes, and a body that a slow partner has not read yet stays here."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readexactly(1)
        begun.set()
        await go_on.wait()
        await portal.until_left(reader)

    async with Portal(script) as portal:
        attempt = asyncio.create_task(sender.send(addressed(portal.url), body, Gate()))
        await asyncio.wait_for(begun.wait(), 1)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        go_on.set()
        await asyncio.wait_for(portal.left.wait(), 1)
        assert portal.bytes_received < len(BIG_BODY)


async def test_a_deadline_of_the_callers_passes_through(sender: PortalSender) -> None:
    """A partner that hangs is cut off by the caller, who judges the attempt."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        await portal.until_left(reader)

    gate = Gate()
    async with Portal(script) as portal:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await sender.send(addressed(portal.url), BODY, gate)
        await asyncio.wait_for(portal.left.wait(), 1)
    assert gate.passed == 1


async def test_a_name_is_resolved_once_and_the_checked_address_used() -> None:
    """A name server that answers with another address the second time changes nothing."""
    lookups: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"] if len(lookups) == 1 else ["10.0.0.1"]

    async with portal_sender(lookup=lookup) as sender, Portal(answering(OK)) as portal:
        url = f"http://portal.test:{portal.port}/"
        assert await sender.send(addressed(url), BODY, Gate()) == Delivered(HttpCode(200))
    assert lookups == ["portal.test"]
    assert portal.requests[0].headers["host"] == f"portal.test:{portal.port}"
