"""The portal sender against real sockets: what each answer of a partner becomes."""

import asyncio
import gzip
import zlib

import pytest

from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    TransientFailure,
)
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.integration.dispatch.portal_attempts import attempt
from tests.support.partners.portal import OK, Portal, answering, http, reset
from tests.support.partners.sending import BODY, Gate, addressed

DUPLICATE = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"duplicate"}]}'
CONFLICT = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"conflict"}]}'


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Delivered),
        (201, Delivered),
        (202, Delivered),
        (204, Delivered),
        (299, Delivered),
        (300, PermanentFailure),
        (301, PermanentFailure),
        (302, PermanentFailure),
        (304, PermanentFailure),
        (307, PermanentFailure),
        (308, PermanentFailure),
        (400, PermanentFailure),
        (401, PermanentFailure),
        (403, PermanentFailure),
        (404, PermanentFailure),
        (408, TransientFailure),
        (409, PermanentFailure),
        (410, PermanentFailure),
        (413, PermanentFailure),
        (422, PermanentFailure),
        (425, TransientFailure),
        (429, TransientFailure),
        (451, PermanentFailure),
        (499, PermanentFailure),
        (500, TransientFailure),
        (501, TransientFailure),
        (503, TransientFailure),
        (599, TransientFailure),
    ],
)
async def test_the_status_decides(
    sender: PortalSender, status: int, outcome: type[Outcome]
) -> None:
    """The table of docs/contract/dispatch.md#outcomes; a redirect is not followed."""
    headers = ["Location: http://127.0.0.1:1/elsewhere"] if 300 <= status < 400 else []
    got = await attempt(sender, answering(http(status, b"", *headers)))
    assert type(got) is outcome
    assert not isinstance(got, CallRequested) and str(got.code) == f"http_{status}"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (DUPLICATE, Delivered),
        (b"\xef\xbb\xbf" + DUPLICATE, Delivered),
        (b"\xef\xbb\xbf" * 2 + DUPLICATE, PermanentFailure),
        (CONFLICT, PermanentFailure),
        (b"", PermanentFailure),
        (b"duplicate", PermanentFailure),
        (b'{"issue":[{"code":"duplicate"}]}', PermanentFailure),
        (b'{"resourceType":"OperationOutcome","issue":"duplicate"}', PermanentFailure),
        (b'{"resourceType":"OperationOutcome","issue":["duplicate"]}', PermanentFailure),
        (b"[" * 60_000, PermanentFailure),
        (b" " * 65_536 + DUPLICATE, PermanentFailure),
        (gzip.compress(DUPLICATE, mtime=0), PermanentFailure),
    ],
)
async def test_a_409_is_delivered_only_as_a_duplicate(
    sender: PortalSender, body: bytes, outcome: type[Outcome]
) -> None:
    """Only an OperationOutcome that says `duplicate`, within 64 KiB, is proof."""
    got = await attempt(sender, answering(http(409, body)))
    assert type(got) is outcome
    assert not isinstance(got, CallRequested) and str(got.code) == "http_409"


XML_DUPLICATE = (
    b'<?xml version="1.0" encoding="UTF-8"?><OperationOutcome xmlns="http://hl7.org/fhir">'
    b'<issue><severity value="error"/><code value="duplicate"/></issue></OperationOutcome>'
)
XML_BOMB = (
    b'<!DOCTYPE a [<!ENTITY b "duplicate">]><OperationOutcome xmlns="http://hl7.org/fhir">'
    b'<issue><code value="&b;"/></issue></OperationOutcome>'
)


@pytest.mark.parametrize(
    ("body", "coding", "outcome"),
    [
        (XML_DUPLICATE, "", Delivered),
        (b"\xef\xbb\xbf" + XML_DUPLICATE, "", Delivered),
        (XML_DUPLICATE.replace(b"duplicate", b"conflict"), "", PermanentFailure),
        (XML_DUPLICATE.replace(b"http://hl7.org/fhir", b"urn:other"), "", PermanentFailure),
        (XML_DUPLICATE[:-1], "", PermanentFailure),
        (XML_BOMB, "", PermanentFailure),
        (gzip.compress(DUPLICATE, mtime=0), "gzip", Delivered),
        (gzip.compress(DUPLICATE, mtime=0), "X-GZIP", Delivered),
        (zlib.compress(DUPLICATE), "deflate", Delivered),
        (gzip.compress(zlib.compress(DUPLICATE), mtime=0), "deflate, gzip", Delivered),
        (gzip.compress(XML_DUPLICATE, mtime=0), "gzip", Delivered),
        (DUPLICATE, "identity", Delivered),
        (gzip.compress(CONFLICT, mtime=0), "gzip", PermanentFailure),
        (gzip.compress(DUPLICATE, mtime=0)[:-9], "gzip", PermanentFailure),
        (gzip.compress(DUPLICATE + b" " * 65_536, mtime=0), "gzip", PermanentFailure),
        (DUPLICATE, "gzip", PermanentFailure),
        (DUPLICATE, "br", PermanentFailure),
    ],
)
async def test_a_409_is_read_in_xml_and_unpacked(
    sender: PortalSender, body: bytes, coding: str, outcome: type[Outcome]
) -> None:
    """Servers that heed neither Accept nor Accept-Encoding; at most 64 KiB, packed or not."""
    got = await attempt(sender, answering(http(409, body, f"Content-Encoding: {coding}")))
    assert type(got) is outcome


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Fri, 20 Nov 2026 15:32:00 GMT", 120.0),
        ("Fri, 20 Nov 2026 15:00:00 GMT", 0.0),
        ("99999999999999999999", 30 * 24 * 3600.0),
        ("Fri, 20 Nov 9999 15:00:00 GMT", 30 * 24 * 3600.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
    ],
)
async def test_retry_after_in_seconds_and_as_a_date(
    sender: PortalSender, value: str, seconds: float | None
) -> None:
    """A transient failure carries the partner's wish; nonsense is no wish, the past is now."""
    got = await attempt(sender, answering(http(503, b"", f"Retry-After: {value}")))
    assert isinstance(got, TransientFailure)
    assert got.retry_after_seconds == seconds


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 2OO OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/1.1 999 Strange\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 000 Strange\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"<html>200 OK</html>\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"\r\n" * 10,
        b"HTTP/1.1 200",
        b"",
    ],
)
async def test_without_a_whole_status_line_the_outcome_is_unknown(
    sender: PortalSender, head: bytes
) -> None:
    """The body left and what came back says nothing."""
    got = await attempt(sender, answering(head))
    assert type(got) is OutcomeUnknown
    assert got.code in ("no_answer", "connection_lost")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", Delivered(HttpCode(200))),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", Delivered(HttpCode(200))),
        (b"HTTP/1.1 201 Created\r\nX: " + b"x" * 20_000, Delivered(HttpCode(201))),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Delivered(HttpCode(200))),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", Delivered(HttpCode(200))),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", Delivered(HttpCode(200))),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            Delivered(HttpCode(200)),
        ),
    ],
)
async def test_a_whole_status_line_is_enough(
    sender: PortalSender, head: bytes, expected: Outcome
) -> None:
    """What follows it may be malformed, cut off or missing."""
    assert await attempt(sender, answering(head)) == expected


@pytest.mark.parametrize("interim", [100, 102, 103])
async def test_an_interim_answer_is_not_the_answer(sender: PortalSender, interim: int) -> None:
    """1xx is passed over; the final status decides, and without one the outcome is unknown."""
    head = f"HTTP/1.1 {interim} Wait\r\n\r\n".encode()
    assert await attempt(sender, answering(head * 3 + OK)) == Delivered(HttpCode(200))
    assert await attempt(sender, answering(head + OK[:-2])) == Delivered(HttpCode(200))
    assert type(await attempt(sender, answering(head))) is OutcomeUnknown


async def test_a_switch_of_protocols_proves_nothing(sender: PortalSender) -> None:
    """Nobody asked for an upgrade; the body left. What follows it is not HTTP, whatever it says."""
    head = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    assert type(await attempt(sender, answering(head))) is OutcomeUnknown
    assert type(await attempt(sender, answering(head + OK))) is OutcomeUnknown


@pytest.mark.parametrize("how", [reset, lambda writer: writer.close()], ids=["reset", "end"])
async def test_an_end_after_the_body_is_an_unknown_outcome(
    sender: PortalSender, how: object
) -> None:
    """The partner may have it: the connection was reset, or just ended."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.take_request(reader)
        assert callable(how)
        how(writer)

    got = await attempt(sender, script)
    assert type(got) is OutcomeUnknown
    assert got.code == "connection_lost"


@pytest.mark.parametrize("status", [401, 413, 503])
@pytest.mark.parametrize("closes", [True, False], ids=["closes", "stays"])
async def test_an_early_answer_decides(sender: PortalSender, status: int, closes: bool) -> None:
    """A partner may answer from the headers alone; the rest of the body then stays here."""
    answered = asyncio.Event()

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http(status))
        await writer.drain()
        answered.set()
        if not closes:
            await asyncio.sleep(0.2)
            await portal.until_left(reader)

    async with Portal(script) as portal:
        got = await sender.send(addressed(portal.url), b"x" * 8_000_000, Gate())
        assert not isinstance(got, CallRequested) and str(got.code) == f"http_{status}"
        if not closes:
            await asyncio.wait_for(portal.left.wait(), 1)
            assert portal.bytes_received < 8_000_000


async def test_details_tell_nothing_of_the_partner_or_patient(sender: PortalSender) -> None:
    """A detail is one of our own sentences: no address, no text of the answer."""
    secret = b'{"resourceType":"OperationOutcome","issue":[{"diagnostics":"Jane Roe"}]}'
    for status in (302, 400, 409, 500):
        got = await attempt(sender, answering(http(status, secret, "Location: http://jane/")))
        assert isinstance(got, TransientFailure | PermanentFailure)
        assert got.detail is not None
        assert "jane" not in got.detail.lower()
        assert "127" not in got.detail


async def test_cookies_are_not_kept(sender: PortalSender) -> None:
    """What one org's attempt was given is not shown by another's."""
    async with Portal(answering(http(200, b"", "Set-Cookie: a=b"), OK)) as portal:
        for _ in range(2):
            await sender.send(addressed(portal.url), BODY, Gate())
    assert "cookie" not in portal.requests[1].headers
