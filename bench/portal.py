"""Partners' portals in a process of their own, as light as they can be: they must not steal CPU
from what is measured.

A POST to `/<milliseconds>/<partner>` is answered 201 after so long, one to `/hang/<partner>` never.
`GET /figures` tells, by path, how many came, under how many ids, and how many were being answered
at one time at most.
"""

import asyncio
import os
from collections import Counter, defaultdict
from dataclasses import dataclass

import aiohttp
import orjson

from bench import under_test

PROGRAM = ("bench.portal",)
PORT = "BENCH_PORTAL_PORT"
HANG = "hang"
_FIGURES = "/figures"
_CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Visited:
    """What one path saw: requests, how many ids they had, and the most at one time."""

    requests: int
    ids: int
    most_at_once: int


async def visited(port: int) -> dict[str, Visited]:
    """The portals' figures, by path."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{_FIGURES}") as answer,
    ):
        figures = orjson.loads(await answer.read())
    return {path: Visited(**seen) for path, seen in figures.items()}


class _Seen:
    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.ids: defaultdict[str, set[bytes]] = defaultdict(set)
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    def begin(self, path: str, webhook_id: bytes) -> None:
        self.requests[path] += 1
        self.ids[path].add(webhook_id)
        self.running[path] += 1
        self.most[path] = max(self.most[path], self.running[path])

    def as_json(self) -> bytes:
        return orjson.dumps(
            {
                path: {
                    "requests": count,
                    "ids": len(self.ids[path]),
                    "most_at_once": self.most[path],
                }
                for path, count in self.requests.items()
            }
        )


class _Portal(asyncio.Protocol):
    """One connection: requests one after another, each with a Content-Length."""

    def __init__(self, seen: _Seen) -> None:
        self._seen = seen
        self._buffer = bytearray()
        self._needed = 0
        self._path: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._needed:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._begin(bytes(self._buffer[:end]))
            self._needed += end + 4
        if len(self._buffer) >= self._needed:
            del self._buffer[: self._needed]
            self._needed = 0
            self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _begin(self, head: bytes) -> None:
        first, *lines = head.split(b"\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in lines)
        self._needed = int(fields.get(b"content-length", b"0"))
        self._path = first.split(b" ")[1].decode()
        if self._path != _FIGURES:
            self._seen.begin(self._path, fields.get(b"webhook-id", b""))

    def _answer(self) -> None:
        assert self._path is not None
        if self._path == _FIGURES:
            body = self._seen.as_json()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            self._transport.write(body)
            return
        takes = self._path.split("/")[1]
        if takes == "0":
            self._say_created()
        elif takes != HANG:
            asyncio.get_running_loop().call_later(int(takes) / 1000, self._say_created)

    def _say_created(self) -> None:
        self._end()
        self._transport.write(_CREATED)

    def _end(self) -> None:
        """What was being answered is not any more."""
        if self._path is not None and self._path != _FIGURES:
            self._seen.running[self._path] -= 1
        self._path = None


async def _run(stop: asyncio.Event) -> None:
    seen = _Seen()
    port = int(os.environ[PORT])
    server = await asyncio.get_running_loop().create_server(
        lambda: _Portal(seen), "127.0.0.1", port, backlog=1024
    )
    async with server:
        await stop.wait()


if __name__ == "__main__":
    under_test.obey(_run)
