"""The HTTP server of our own Open Dental interface: `/api/v1/referrals`, on loopback.

Source: opendental.com/site/apireferrals.html. An error's body is one text, as a JSON string.
TLS and the outside are a proxy's.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import web

from messaging.pacing.waiting import pause
from messaging.replies.client import NobodyListens, open_client
from messaging.running.routes import PortTaken, listen
from messaging.running.settings import SettingError
from messaging.telemetry import logs
from messaging.wire.connection import BROKER_ERRORS
from messaging.wire.envelope import nested_too_deep
from services.connectors.credentials import hash_of_key
from services.connectors.opendental.server import Refused, read_listing, shown
from services.connectors.runs.commands import AsUser, Calls
from services.connectors.serving.changes import Changes, NoAnswer, Turns
from services.connectors.serving.store import DatabaseAway, Gone, Interface, Store

log = logs.get(__name__)

HOST = "127.0.0.1"
PATH = "/api/v1/referrals"
SCHEME = "ODFHIR "
REPLY_WITHIN_SECONDS = 10.0
PER_SECOND = 10
AGAIN_AFTER_SECONDS = 1.0
LOOK_EVERY_SECONDS = 0.2
BODY_LIMIT_BYTES = 256 * 1024
_NUMBER = re.compile("[1-9][0-9]{0,17}")  # as it is written, and within PostgreSQL's bigint
_TEXTS = {404: "Not found.", 413: "Body is too large."}

Handler = Callable[[web.Request, Interface], Awaitable[web.Response]]


class OpenDentalServer:
    """Answers requests until it is stopped. `calls` is the client of referrals' queues at the
    moment, None while the broker is away."""

    def __init__(self, store: Store, *, reply_within_seconds: float = REPLY_WITHIN_SECONDS) -> None:
        self._store = store
        self._reply_within_seconds = reply_within_seconds
        self._asked: dict[str, deque[float]] = {}
        self._turns = Turns()
        self.calls: Calls | None = None

    def application(self) -> web.Application:
        """The routes; whatever else is asked for is 404, another verb 405."""
        app = web.Application(client_max_size=BODY_LIMIT_BYTES, middlewares=(_as_text,))
        for path, handlers in (
            (PATH, {"GET": self._list, "POST": self._create}),
            (f"{PATH}/{{number}}", {"GET": self._get, "PUT": self._update}),
        ):
            app.router.add_route("*", path, self._guarded(handlers))
        return app

    def _guarded(self, handlers: Mapping[str, Handler]) -> Any:
        async def guarded(request: web.Request) -> web.Response:
            try:
                interface = await self._interface_of(request)
                handler = handlers.get(request.method)
                if handler is None:
                    raise Refused(405, "Method not allowed.")
                async with asyncio.timeout(self._reply_within_seconds):
                    return await handler(request, interface)
            except Refused as why:
                return _answer(why.text, why.status, allow=handlers)
            except Gone:
                return _answer("Referral not found.", HTTPStatus.NOT_FOUND)
            except DatabaseAway:
                log.warning("not answered: the database is away", status=503)
                again = (
                    "Look for it before you send it again."
                    if request.can_read_body
                    else "Ask again."
                )
                return _answer(f"The database is away. {again}", HTTPStatus.SERVICE_UNAVAILABLE)
            except (NoAnswer, NobodyListens, *BROKER_ERRORS) as away:
                log.warning(
                    "not answered: no reply in time",
                    status=504,
                    error=type(away).__name__,
                    where=logs.place(away),
                )
                return _answer("No reply in time.", HTTPStatus.GATEWAY_TIMEOUT)

        return guarded

    async def _interface_of(self, request: web.Request) -> Interface:
        said = request.headers.get("Authorization", "")
        _, slash, key = said.removeprefix(SCHEME).partition("/")
        if not said.startswith(SCHEME) or not slash or not key:
            raise Refused(401, "Invalid Credentials")
        interface = await self._store.interface_of(key)
        if interface is None:
            raise Refused(401, "Invalid Credentials")
        if not self._is_in_time(hash_of_key(key)):
            raise Refused(429, "Too many requests.")
        if not interface.is_filled:
            raise Refused(503, "The list is being filled.")
        return interface

    def _is_in_time(self, key: str) -> bool:
        """Whether a key asks at most ten times a second."""
        now = time.monotonic()
        asked = self._asked.setdefault(key, deque())
        while asked and asked[0] <= now - 1:
            asked.popleft()
        if len(asked) >= PER_SECOND:
            return False
        asked.append(now)
        return True

    async def _get(self, request: web.Request, interface: Interface) -> web.Response:
        held = await self._store.one(interface, _number(request))
        if held is None:
            raise Gone
        return _json(shown(held.shown))

    async def _list(self, request: web.Request, interface: Interface) -> web.Response:
        listing = read_listing(request.query)
        return _json([shown(one) for one in await self._store.page(interface, listing)])

    async def _create(self, request: web.Request, interface: Interface) -> web.Response:
        body = await _body(request)
        held = await self._changes(interface).create(body)
        location = {"Location": f"{PATH}/{held.number}"}
        return _json(shown(held.shown), HTTPStatus.CREATED, location)

    async def _update(self, request: web.Request, interface: Interface) -> web.Response:
        number, body = _number(request), await _body(request)
        held = await self._changes(interface).update(number, body)
        return _json(shown(held.shown))

    def _changes(self, interface: Interface) -> Changes:
        if self.calls is None:
            raise NoAnswer
        return Changes(self._store, self.calls, interface, self._turns)


async def serve(server: OpenDentalServer, port: int, broker_url: str, stop: asyncio.Event) -> None:
    """Listen until `stop` is set. Raises SettingError where the port is taken."""
    async with _listening(server, port):
        while not stop.is_set():
            try:
                async with open_client(broker_url, "connectors.opendental") as client:
                    server.calls = AsUser(client, broker_url)
                    await _while_open(client, stop)
            except BROKER_ERRORS as away:
                log.warning("the broker is away", error=type(away).__name__)
            finally:
                server.calls = None
            await pause(stop, AGAIN_AFTER_SECONDS)


async def _while_open(client: Any, stop: asyncio.Event) -> None:
    while not stop.is_set() and not client.is_closed:
        await pause(stop, LOOK_EVERY_SECONDS)


@asynccontextmanager
async def _listening(server: OpenDentalServer, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(server.application(), access_log=None)
    await runner.setup()
    try:
        try:
            listening = listen(HOST, port)
        except PortTaken:
            raise SettingError(
                f"CONNECTORS_OPENDENTAL_PORT: something listens on port {port} already"
            ) from None
        await web.SockSite(runner, listening).start()
        yield
    finally:
        await runner.cleanup()


@web.middleware
async def _as_text(request: web.Request, handler: Any) -> web.StreamResponse:
    """Whatever is not answered by a handler of ours: one text too, and a fault is written down."""
    try:
        answered: web.StreamResponse = await handler(request)
    except web.HTTPException as error:
        return _answer(_TEXTS.get(error.status, f"{error.reason}."), error.status)
    except Exception as error:
        log.error(
            "not answered: a fault",
            status=500,
            method=request.method,
            error=type(error).__name__,
            where=logs.place(error),
        )
        return _answer("Internal error.", HTTPStatus.INTERNAL_SERVER_ERROR)
    return answered


def _number(request: web.Request) -> int:
    text = request.match_info["number"]
    if not _NUMBER.fullmatch(text):
        raise Gone
    return int(text)


async def _body(request: web.Request) -> Any:
    raw = await request.read()
    try:
        if nested_too_deep(raw):
            raise ValueError
        return orjson.loads(raw)
    except ValueError:
        raise Refused(400, "Body is invalid.") from None


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=orjson.dumps(value), status=status, headers=headers, content_type="application/json"
    )


def _answer(text: str, status: int, allow: Mapping[str, Handler] | None = None) -> web.Response:
    headers = {}
    if status == HTTPStatus.METHOD_NOT_ALLOWED and allow:
        headers["Allow"] = ", ".join(sorted(allow))
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        headers["Retry-After"] = "1"
    return _json(text, status, headers)
