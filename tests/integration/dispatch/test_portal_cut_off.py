"""The portal sender when its caller cuts an attempt off: what is known of the answer decides."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    PermanentFailure,
    TransientFailure,
)
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.support.partners.portal import Conversation, Portal
from tests.support.partners.sending import BODY, Gate, addressed, portal_sender

DEADLINE_SECONDS = 0.3
PATIENCE_SECONDS = 5.0
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"


@pytest.fixture(scope="module")
async def sender() -> AsyncIterator[PortalSender]:
    """A sender that would wait for the rest of an answer far longer than its caller waits."""
    async with portal_sender(rest_seconds=PATIENCE_SECONDS) as opened:
        yield opened


def hanging_after(*parts: bytes, drip: bytes = b"") -> Conversation:
    """A script that answers with these parts one after another, and never goes on; or drips."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        leaving = asyncio.create_task(portal.until_left(reader))
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.001)
        while drip and not leaving.done():
            writer.write(drip)
            await asyncio.sleep(0.01)
        await leaving

    return script


def in_bytes(text: bytes) -> Iterable[bytes]:
    """One byte at a time."""
    return (bytes([byte]) for byte in text)


@asynccontextmanager
async def left_by_its_sender(script: Conversation) -> AsyncIterator[Portal]:
    """A portal whose connection the sender must close once it is cut off."""
    async with Portal(script) as portal:
        yield portal
        await asyncio.wait_for(portal.left.wait(), PATIENCE_SECONDS)
        assert portal.connections == 1


async def cut_off(sender: PortalSender, script: Conversation) -> Outcome:
    """One attempt that its caller's deadline cuts off, and that leaves nobody cancelled."""
    async with left_by_its_sender(script) as portal:
        async with asyncio.timeout(DEADLINE_SECONDS) as deadline:
            outcome = await sender.send(addressed(portal.url), BODY, Gate())
        assert deadline.expired()
        task = asyncio.current_task()
        assert task is not None and task.cancelling() == 0
    return outcome


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, Delivered),
        (404, PermanentFailure),
        (409, PermanentFailure),
        (503, TransientFailure),
    ],
)
@pytest.mark.parametrize(
    ("before", "drip"),
    [
        (b"", b""),
        (b"", b"X-Wait: a little\r\n"),
        (EARLY_HINTS * 2, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"X"),
    ],
    ids=["headers hang", "headers drip", "after interim answers", "after 100, a header drips"],
)
async def test_a_whole_status_line_decides_though_the_headers_never_end(
    sender: PortalSender, status: int, expected: type[Outcome], before: bytes, drip: bytes
) -> None:
    """The status line decides; the connection is closed. A 409 without its body is no duplicate."""
    line = f"HTTP/1.1 {status} Because\r\n".encode()
    got = await cut_off(sender, hanging_after(before, line, drip=drip))
    assert type(got) is expected
    assert not isinstance(got, CallRequested) and str(got.code) == f"http_{status}"


async def test_a_status_line_that_comes_in_bytes_behind_an_interim_answer_decides(
    sender: PortalSender,
) -> None:
    """However the bytes are cut into pieces on their way."""
    pieces = in_bytes(EARLY_HINTS + b"HTTP/1.1 201 Created\r\nX")
    assert await cut_off(sender, hanging_after(*pieces)) == Delivered(HttpCode(201))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r",
        EARLY_HINTS,
        EARLY_HINTS + b"HTTP/1.1 200 OK",
        b"HTTP/1.1 103 Early Hints\r\nX: HTTP/1.1 200 OK\r\n",
    ],
)
async def test_without_a_whole_final_status_line_the_cut_goes_through(
    sender: PortalSender, answer: bytes
) -> None:
    """Half a line, an interim answer alone, what looks like a line in its headers: the caller is
    told that the attempt was cut off, and judges it by its point of no return."""
    gate = Gate()
    async with left_by_its_sender(hanging_after(answer)) as portal:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(DEADLINE_SECONDS):
                await sender.send(addressed(portal.url), BODY, gate)
    assert gate.passed == 1


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 201 Created", Delivered(HttpCode(201))),
        (
            b"HTTP/1.1 503 Later\r\nRetry-After: 120",
            TransientFailure(
                HttpCode(503), "The portal cannot take it now.", retry_after_seconds=120.0
            ),
        ),
        (
            b"HTTP/1.1 409 Conflict",
            PermanentFailure(
                HttpCode(409),
                "The portal refused it; what it says could not be read.",
                may_have_been_received=True,
            ),
        ),
    ],
)
async def test_an_answer_whose_body_drips_decides_too(
    sender: PortalSender, head: bytes, expected: Outcome
) -> None:
    """With what its headers said; a 409 whose body did not come whole is no duplicate, and may
    be one."""
    script = hanging_after(head + b"\r\nContent-Length: 99999\r\n\r\n", drip=b" ")
    assert await cut_off(sender, script) == expected


async def test_an_attempt_that_is_cancelled_ends_with_what_was_answered(
    sender: PortalSender,
) -> None:
    """Whoever cuts it off: the worker that stops records what is known."""
    async with left_by_its_sender(hanging_after(b"HTTP/1.1 200 OK\r\n")) as portal:
        attempt = asyncio.create_task(sender.send(addressed(portal.url), BODY, Gate()))
        await asyncio.sleep(DEADLINE_SECONDS)
        attempt.cancel()
        assert await attempt == Delivered(HttpCode(200))
