"""A way to the broker that can be shut: for whoever goes by it, the broker is then away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from yarl import URL

CHUNK_BYTES = 64 * 1024


class Gate:
    """Passes bytes on to a broker while it is open."""

    def __init__(self, broker_url: str) -> None:
        self._broker = URL(broker_url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @property
    def url(self) -> str:
        """The broker's URL by way of the gate."""
        return str(self._broker.with_port(self.port))

    async def open(self) -> None:
        """Let connections through, at the same port as ever."""
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """End what goes through, and refuse what comes."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._broker.host is not None and self._broker.port is not None
        onward = await asyncio.open_connection(self._broker.host, self._broker.port)
        self._writers |= {writer, onward[1]}
        try:
            await asyncio.gather(_copy(reader, onward[1]), _copy(onward[0], writer))
        finally:
            self._writers -= {writer, onward[1]}
            writer.close()
            onward[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while some := await reader.read(CHUNK_BYTES):
            writer.write(some)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def gate(broker_url: str) -> AsyncIterator[Gate]:
    """A gate that is open, and shut for good after the block."""
    made = Gate(broker_url)
    await made.open()
    try:
        yield made
    finally:
        await made.shut()
