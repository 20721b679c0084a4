"""The portal sender against real sockets: answers that drip, never end, or are a bomb."""

import asyncio
import gzip
import tracemalloc

import pytest

from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Outcome,
    PermanentFailure,
)
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.integration.dispatch.portal_attempts import attempt
from tests.support.partners.portal import Portal, answering, http
from tests.support.partners.sending import BODY, Gate, addressed


async def test_an_answer_that_drips_is_read_to_its_status(sender: PortalSender) -> None:
    """A byte at a time, and a body that never ends: the status came, and that is enough."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n":
            writer.write(bytes([byte]))
            await asyncio.sleep(0.002)
        while True:
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.01)

    started = asyncio.get_running_loop().time()
    assert await attempt(sender, script) == Delivered(HttpCode(200))
    assert asyncio.get_running_loop().time() - started < 1


@pytest.mark.parametrize("head", ["Content-Length: 99999999999", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize(("status", "outcome"), [(200, Delivered), (409, PermanentFailure)])
async def test_an_endless_answer_is_cut_off(
    sender: PortalSender, head: str, status: int, outcome: type[Outcome]
) -> None:
    """At most 64 KiB of the body are read, then the connection is closed."""
    closed = asyncio.Event()

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        writer.write(f"HTTP/1.1 {status} Because\r\n{head}\r\n\r\n".encode())
        try:
            while True:
                writer.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")
                await writer.drain()
        finally:
            closed.set()

    async with Portal(script) as portal:
        tracemalloc.start()
        got = await sender.send(addressed(portal.url), BODY, Gate())
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await asyncio.wait_for(closed.wait(), 1)
    assert type(got) is outcome
    assert peak_bytes < 4_000_000


async def test_a_compressed_bomb_is_not_unpacked(sender: PortalSender) -> None:
    """50 MB of zeros in 50 KB: the answer's encoding is left as it is."""
    bomb = gzip.compress(bytes(50_000_000))
    async with Portal(answering(http(200, bomb, "Content-Encoding: gzip"))) as portal:
        tracemalloc.start()
        got = await sender.send(addressed(portal.url), BODY, Gate())
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert got == Delivered(HttpCode(200))
    assert peak_bytes < 4_000_000
