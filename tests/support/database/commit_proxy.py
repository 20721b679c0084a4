"""Between a service and PostgreSQL: passes everything on, but can lose the answer to a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_COMMIT = b"COMMIT;\x00"
_CHUNK = 65_536


class CommitProxy:
    """A listener on loopback before a server. While `lose_every` is n, every n-th COMMIT arrives
    and its answer does not: the connection ends instead. `lost` counts them. While it is `away`
    every new connection ends at once."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._commits = 0
        self.port = 0
        self.lose_every = 0
        self.lost = 0
        self.away = False

    async def serve(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        """One connection, until either side ends it."""
        if self.away:
            to_client.transport.abort()
            return
        with suppress(OSError):
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            losing = asyncio.Event()
            there = asyncio.create_task(self._there(from_client, to_server, losing))
            back = asyncio.create_task(self._back(from_server, to_client, losing))
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            for task in (there, back):
                task.cancel()
            to_server.transport.abort()
        to_client.transport.abort()

    async def _there(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if chunk.endswith(_COMMIT):
                    self._commits += 1
                    if self.lose_every and self._commits % self.lose_every == 0:
                        losing.set()
                writer.write(chunk)
                await writer.drain()

    async def _back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                if losing.is_set() and b"COMMIT\x00" in chunk:
                    # CommandComplete: PostgreSQL has committed, and nobody will hear of it.
                    self.lost += 1
                    return
                writer.write(chunk)
                await writer.drain()


@asynccontextmanager
async def commit_proxy(server_port: int) -> AsyncIterator[CommitProxy]:
    """A proxy that listens."""
    proxy = CommitProxy(server_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
