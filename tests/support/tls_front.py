"""TLS with any certificate before a server on loopback: the test chooses what is wrong with it."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from unittest.mock import patch

NAME = "servers.handoff.example"
"""A host that is not this machine by its name, and is by its address: see `named`."""
_SSL_REQUEST_BYTES = 8  # PostgreSQL's protocol, "SSL Session Encryption"


@contextmanager
def named() -> Iterator[None]:
    """Resolve NAME to 127.0.0.1 in this process."""
    resolve = socket.getaddrinfo

    def known(host: Any, *arguments: Any, **named_arguments: Any) -> Any:
        return resolve("127.0.0.1" if host == NAME else host, *arguments, **named_arguments)

    with patch.object(socket, "getaddrinfo", known):
        yield


class TlsFront:
    """Takes connections on `port` of 127.0.0.1, opens TLS and passes on what is said.

    `context` may be changed at any time. PostgreSQL's clients ask for TLS first: without a context
    they are told that there is none, and go on in the clear if they like. The first `ignored`
    connections get no handshake at all. `connections` counts all.
    """

    def __init__(
        self, target_port: int, context: ssl.SSLContext | None, *, asked: bool, ignored: int
    ) -> None:
        self.context = context
        self.port = 0
        self.connections = 0
        self._ignored = ignored
        self._target_port = target_port
        self._asked = asked
        self._open: set[asyncio.StreamWriter] = set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        self._open.add(writer)
        self.connections += 1
        if self.connections <= self._ignored:
            return
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await self._open_tls(reader, writer)
            there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._open.add(back)
            back.write(first)
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass_on(reader, back))
                both.create_task(_pass_on(there, writer))
        self.cut(writer)

    async def _open_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """What of it is for the target already."""
        if self._asked:
            first = await reader.readexactly(_SSL_REQUEST_BYTES)
            if first[4:] != b"\x04\xd2\x16\x2f":
                return first  # It does not ask, and speaks in the clear.
            writer.write(b"N" if self.context is None else b"S")
        if self.context is not None:
            await writer.start_tls(self.context)
        return b""

    def cut(self, *writers: asyncio.StreamWriter) -> None:
        """Cut these connections, or all."""
        for writer in writers or tuple(self._open):
            writer.transport.abort()
            self._open.discard(writer)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def tls_front(
    target_port: int, context: ssl.SSLContext | None, *, asked: bool = False, ignored: int = 0
) -> AsyncIterator[TlsFront]:
    """A front that runs. `asked`: before PostgreSQL, else TLS begins at once."""
    front = TlsFront(target_port, context, asked=asked, ignored=ignored)
    server = await asyncio.start_server(front.take, "127.0.0.1", 0)
    front.port = server.sockets[0].getsockname()[1]
    try:
        yield front
    finally:
        server.close()
        front.cut()
