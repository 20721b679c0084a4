"""The portal channel's harness for the conformance suite."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.integration.dispatch.conformance.laws import Behaviour
from tests.support.partners.portal import OK, RawPortal, addressed, portal_sender

_ANSWERS = {
    Behaviour.ACCEPTS: OK,
    Behaviour.REFUSES_NOW: b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n",
    Behaviour.REFUSES_FOR_GOOD: b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
    Behaviour.ENDS_AFTER_CONTENT: b"",
}


class PortalPartner:
    """A portal on loopback; it counts every byte of a request, headers too."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._taken = asyncio.Event()
        self._open = 0
        self._left = asyncio.Event()
        self._left.set()
        self.server = RawPortal(self._serve)
        self.content_bytes = 0

    @property
    def address(self) -> str:
        # One that ends before any content: what it breaks off is the handshake.
        breaks_off = self._behaviour is Behaviour.ENDS_BEFORE_CONTENT
        return self.server.url.replace("http:", "https:") if breaks_off else self.server.url

    @property
    def attempts(self) -> int:
        return self.server.connections

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
            self.content_bytes += len(await reader.readexactly(1))
            await portal.take_request(reader)
            self._taken.set()
            if self._behaviour is not Behaviour.SILENT:
                writer.write(_ANSWERS[self._behaviour])
                return
            await reader.read()
        finally:
            self._open -= 1
            if not self._open:
                self._left.set()


class PortalHarness:
    """Portals over plain http, which the tests' policy opens on loopback."""

    asks_a_person = False

    def sender(self) -> AbstractAsyncContextManager[PortalSender]:
        return portal_sender()

    @asynccontextmanager
    async def partner(self, behaviour: Behaviour) -> AsyncIterator[PortalPartner]:
        partner = PortalPartner(behaviour)
        async with partner.server:
            if behaviour is Behaviour.ABSENT:
                await partner.server.stop_listening()
            yield partner

    def consignment(self, address: str) -> Consignment:
        return addressed(address)
