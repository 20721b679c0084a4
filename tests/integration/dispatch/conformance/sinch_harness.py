"""The harness of fax by Sinch for the conformance suite."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import trustme

from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.fax import SinchFaxSender
from tests.integration.dispatch.conformance.laws import Behaviour
from tests.support.partners.portal import RawPortal
from tests.support.partners.relay import free_port
from tests.support.partners.sinch import fax, http, sinch_sender, to_fax

_CLOSE = "Connection: close"
_ANSWERS = {
    Behaviour.ACCEPTS: http(200, fax("QUEUED"), _CLOSE),
    Behaviour.REFUSES_NOW: http(503, None, _CLOSE),
    Behaviour.REFUSES_FOR_GOOD: http(422, None, _CLOSE),
    Behaviour.ENDS_AFTER_CONTENT: b"",
}
_COMPLETED = http(200, fax("COMPLETED"), _CLOSE)


class SinchPartner:
    """The provider, over TLS. It closes after each answer, so that each look is a connection."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None, port: int) -> None:
        self._behaviour = behaviour
        self._taken = asyncio.Event()
        self._left = asyncio.Event()
        self._left.set()
        self._open = 0
        self._looks = 0
        self.server = RawPortal(self._serve, tls=tls, port=port)
        self.address = "the provider's"
        self.content_bytes = 0

    @property
    def attempts(self) -> int:
        return self.server.connections - self._looks

    async def until_taken(self) -> None:
        await self._taken.wait()

    async def until_left(self) -> None:
        await self._left.wait()

    async def _serve(
        self, portal: RawPortal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open += 1
        self._left.clear()
        try:
            if self._behaviour is Behaviour.ENDS_BEFORE_CONTENT:
                await reader.read(1)
                return
            first = await reader.readexactly(1)
            if first == b"G":
                self._looks += 1
                await portal.take_request(reader)
                writer.write(_COMPLETED)
                return
            self.content_bytes += len(first)
            await portal.take_request(reader)
            self._taken.set()
            if self._behaviour is Behaviour.SILENT:
                await reader.read()
            else:
                writer.write(_ANSWERS[self._behaviour])
        finally:
            self._open -= 1
            if not self._open:
                self._left.set()


class SinchHarness:
    """A sender whose provider is another one for each partner, at the same place."""

    asks_a_person = False

    def __init__(self) -> None:
        self._port = 0

    @asynccontextmanager
    async def sender(self) -> AsyncIterator[SinchFaxSender]:
        self._port = await free_port()
        with tempfile.TemporaryDirectory() as folder:
            ca_file = Path(folder) / "ca.pem"
            _authority().cert_pem.write_to_path(str(ca_file))
            sender = sinch_sender(
                f"https://127.0.0.1:{self._port}", ca_file=ca_file, answer_seconds=30.0
            )
        async with sender:
            yield sender

    @asynccontextmanager
    async def partner(self, behaviour: Behaviour) -> AsyncIterator[SinchPartner]:
        # One that ends before any content: what it breaks off is the handshake.
        tls = None if behaviour is Behaviour.ENDS_BEFORE_CONTENT else _tls()
        partner = SinchPartner(behaviour, tls, self._port)
        if behaviour is Behaviour.ABSENT:
            yield partner
            return
        async with partner.server:
            yield partner

    def consignment(self, address: str) -> Consignment:
        return to_fax()


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert("127.0.0.1").configure_cert(context)
    return context
