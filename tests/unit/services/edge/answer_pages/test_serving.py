"""Requests to the answer pages, and what of them goes on to dispatch."""

import asyncio
import json
from typing import Any, cast

import orjson
from starlette.applications import Starlette
from starlette.types import Message

from messaging.replies.standing_client import Replied
from messaging.telemetry.tracing import Tracing
from services.edge.answer_pages.cookies import LOOPBACK_COOKIE, Cookies, Held
from services.edge.answer_pages.serving import AnswerPages
from services.edge.asking import Asking
from services.edge.calls.reading import Call
from services.edge.desk.wording import Texts
from services.edge.http.record import Recorded
from services.edge.signing import Signer

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SIGNER = Signer(["k" * 32])
HELD = Held("org_1", "W1YKR-TWW43-12C94-PGYD5")
OPENED = {
    "id": "l-1",
    "status": "withdrawn",
    "practice": {"name": "Family Dental", "phone": None, "time_zone": None},
    "partner": "Endo",
    "sent_on": "2026-11-29",
    "expires_at": "2027-05-28T00:00:00Z",
    "referral": None,
}


class Told:
    """Dispatch, as it answers a withdrawn link; keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def ask(self, call: Call) -> Replied:
        """The link as it is."""
        self.calls.append(call)
        return Replied(200, orjson.dumps(OPENED), None)


async def opened(traceparent: str) -> tuple[int, list[Call]]:
    """The link's page, asked for with this trace context."""
    told = Told()
    pages = AnswerPages(SIGNER, cast(Asking, told), Texts("en"))
    app = Recorded(Starlette(routes=pages.routes()), Tracing("edge", None))
    cookie = f"{LOOPBACK_COOKIE}={Cookies(SIGNER).sealed(HELD)}"
    headers = {"host": "127.0.0.1", "cookie": cookie, "traceparent": traceparent}
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/r",
        "raw_path": b"/r",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"]), told.calls


async def test_the_trace_of_a_request_goes_on_to_dispatch() -> None:
    """And nothing else of its headers."""
    status, (call,) = await opened(TRACE)
    assert status == 200
    assert call.message_headers == {"actor": "answer_link", "traceparent": TRACE}
    assert json.loads(call.body) == {"org_id": "org_1", "answer_link": HELD.token}


async def test_what_is_no_trace_goes_nowhere() -> None:
    """A header of a browser is anybody's."""
    _, (call,) = await opened("00-4bf92f3577b34da6-01")
    assert call.message_headers == {"actor": "answer_link"}
