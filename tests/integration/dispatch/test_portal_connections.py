"""The portal sender against real sockets: connections that are kept, lost and spoken on unasked."""

import asyncio

from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    OutcomeUnknown,
    TransientFailure,
)
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.support.partners.portal import OK, Portal, answering, reset
from tests.support.partners.sending import BODY, Gate, addressed


async def test_connections_are_pooled(sender: PortalSender) -> None:
    """Attempts one after another share a connection, where each answer's body comes to its end."""
    answer = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello"
    async with Portal(answering(answer, answer, answer)) as portal:
        for _ in range(3):
            assert await sender.send(addressed(portal.url), BODY, Gate()) == Delivered(
                HttpCode(201)
            )
        assert portal.connections == 1


async def test_a_pooled_connection_closed_meanwhile_is_not_an_unknown_outcome(
    sender: PortalSender,
) -> None:
    """A partner closes idle connections: the next attempt makes a new one."""
    async with Portal(answering(OK)) as portal:
        await sender.send(addressed(portal.url), BODY, Gate())
        await asyncio.sleep(0.05)
        assert await sender.send(addressed(portal.url), BODY, Gate()) == Delivered(HttpCode(200))
        assert portal.connections == 2


async def test_a_connection_lost_during_the_point_of_no_return_is_transient(
    sender: PortalSender,
) -> None:
    """Nothing had left, so it is not an unknown outcome, although the point was passed."""
    closed = asyncio.Event()

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await asyncio.sleep(0.05)
        reset(writer)
        closed.set()

    async def wait() -> None:
        await closed.wait()
        await asyncio.sleep(0.05)

    gate = Gate(during=[wait])
    async with Portal(script) as portal:
        outcome = await sender.send(addressed(portal.url), BODY, gate)
    assert isinstance(outcome, TransientFailure) and outcome.code == "connection_lost"
    assert gate.passed == 1


async def test_an_answer_on_an_idle_connection_is_nobodys_answer(sender: PortalSender) -> None:
    """What a partner says unasked on a pooled connection does not deliver the next referral."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        writer.write(OK if portal.connections == 1 else OK.replace(b"200", b"202"))
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(OK)
        await portal.until_left(reader)

    async with Portal(script) as portal:
        await sender.send(addressed(portal.url), BODY, Gate())
        await asyncio.sleep(0.1)
        assert await sender.send(addressed(portal.url), BODY, Gate()) == Delivered(HttpCode(202))


async def test_an_idempotent_looking_failure_is_not_repeated(sender: PortalSender) -> None:
    """aiohttp repeats some requests on a connection that broke; a POST of ours never."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        if portal.connections == 1 and len(portal.requests) == 1:
            writer.write(OK)
            await portal.take_request(reader)
        reset(writer)

    gate = Gate()
    async with Portal(script) as portal:
        await sender.send(addressed(portal.url), BODY, Gate())
        outcome = await sender.send(addressed(portal.url), BODY, gate)
        assert isinstance(outcome, OutcomeUnknown) and outcome.code == "connection_lost"
        await asyncio.sleep(0.05)
        assert len(portal.requests) == 2
        assert portal.connections == 1
    assert gate.passed == 1
