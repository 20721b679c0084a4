"""Faults that a stand-in shows when it is told to, and a list of the requests that it was sent."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web

HTML = "<!DOCTYPE html><html><body>Service Unavailable</body></html>"


class Wrong(StrEnum):
    """A way to answer wrongly."""

    STATUS = "status"
    SLOW = "slow"
    HANG = "hang"
    HTML = "html"
    CUT = "cut"
    DONE_UNANSWERED = "done_unanswered"


@dataclass
class Fault:
    """What goes wrong with requests to `path` (its end), from `offset` on where that is named.

    `times` requests meet it, then it is over. SLOW lasts `seconds`, or until `ends` is set where
    that is given. DONE_UNANSWERED does what was asked, and hangs up.
    """

    wrong: Wrong
    path: str = ""
    offset: int | None = None
    method: str | None = None
    times: int = 1
    status: int = 500
    seconds: float = 1.0
    ends: asyncio.Event | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def meets(self, request: web.Request, offset: int) -> bool:
        """Whether this request meets it."""
        fits = request.path.endswith(self.path) and (self.offset is None or offset == self.offset)
        return fits and self.method in (None, request.method) and self.times > 0


@dataclass(frozen=True)
class Asked:
    """One request. Times are of `time.monotonic`."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    credential: str
    began: float
    ended: float
    status: int


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Faults:
    """The faults to come, and the requests so far."""

    coming: list[Fault] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    before: Callable[[str, int], None] | None = None
    """Called with path and offset before a list is answered: rows may come and go then."""

    def add(self, *faults: Fault) -> None:
        """Let these happen."""
        self.coming.extend(faults)

    async def run(
        self, request: web.Request, handler: Handler, offset: int, credential: str
    ) -> web.StreamResponse:
        """Answer, rightly or wrongly, and write it down."""
        began = time.monotonic()
        body = await request.text()
        status = 0
        try:
            if self.before is not None and request.method == "GET":
                self.before(request.path, offset)
            response = await self._answer(request, handler, offset)
            status = response.status
            return response
        except web.HTTPException as refused:
            status = refused.status
            raise
        finally:
            self.asked.append(
                Asked(
                    request.method,
                    request.path,
                    dict(request.query),
                    _parsed(body),
                    credential,
                    began,
                    time.monotonic(),
                    status,
                )
            )

    async def _answer(
        self, request: web.Request, handler: Handler, offset: int
    ) -> web.StreamResponse:
        fault = next((one for one in self.coming if one.meets(request, offset)), None)
        if fault is None:
            return await handler(request)
        fault.times -= 1
        match fault.wrong:
            case Wrong.STATUS:
                return web.json_response("Not now.", status=fault.status, headers=fault.headers)
            case Wrong.SLOW:
                await (asyncio.sleep(fault.seconds) if fault.ends is None else fault.ends.wait())
                return await handler(request)
            case Wrong.HANG:
                await asyncio.sleep(3600)
            case Wrong.HTML:
                return web.Response(text=HTML, content_type="text/html")
            case Wrong.CUT:
                return await _cut(request, await handler(request))
            case Wrong.DONE_UNANSWERED:
                await handler(request)
                if request.transport is not None:
                    request.transport.abort()
        return web.Response(status=500)


async def _cut(request: web.Request, whole: web.StreamResponse) -> web.StreamResponse:
    """The first half of an answer, and its connection's end."""
    content = whole.body if isinstance(whole, web.Response) else b""
    text = content if isinstance(content, bytes) else b""
    half = web.StreamResponse(status=200, headers={"Content-Type": "application/json"})
    half.content_length = len(text)
    await half.prepare(request)
    await half.write(text[: len(text) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


def _parsed(body: str) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body
