"""Partners of the conformance suite that are spoken to over HTTP: portals, and a fax provider."""

import asyncio
import ssl
from collections.abc import Mapping

from tests.integration.dispatch.conformance.laws import Behaviour
from tests.support.partners.portal import Portal


class HttpPartner:
    """A partner that behaves in one way. It counts every byte of a request, its headers too.

    `answers`: what it says to a whole POST where its behaviour is to answer at all. A GET is no
    attempt: `to_get` is the answer to each. Every answer ends its connection.
    """

    def __init__(
        self,
        behaviour: Behaviour,
        answers: Mapping[Behaviour, bytes],
        *,
        to_get: bytes = b"",
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self._behaviour = behaviour
        self._answers = answers
        self._to_get = to_get
        self._gets = 0
        self._open = 0
        self._taken = asyncio.Event()
        self._left = asyncio.Event()
        self._left.set()
        self.portal = Portal(self._converse, tls=tls, port=port)
        self.content_bytes = 0

    @property
    def address(self) -> str:
        # One that ends before any content: what it breaks off is the handshake.
        breaks_off = self._behaviour is Behaviour.ENDS_BEFORE_CONTENT
        return self.portal.url.replace("http:", "https:") if breaks_off else self.portal.url

    @property
    def attempts(self) -> int:
        return self.portal.connections - self._gets

    async def until_taken(self) -> None:
        await self._taken.wait()

    async def until_left(self) -> None:
        await self._left.wait()

    async def _converse(
        self, portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._open += 1
        self._left.clear()
        try:
            first = await reader.readexactly(1)
            if self._behaviour is Behaviour.ENDS_BEFORE_CONTENT:
                return
            if first == b"G":
                self._gets += 1
                await portal.take_request(reader)
                writer.write(self._to_get)
                return
            self.content_bytes += len(first)
            await portal.take_request(reader)
            self._taken.set()
            if self._behaviour is Behaviour.SILENT:
                await reader.read()
            else:
                writer.write(self._answers[self._behaviour])
        finally:
            self._open -= 1
            if not self._open:
                self._left.set()
