"""A stub of Sinch's fax interface on loopback, after its reference: what it takes and answers."""

import asyncio
import base64
import io
from collections.abc import Sequence
from typing import Any

import orjson
import pypdf

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.fax import SinchFaxSender
from tests.support.partners.portal import Portal, Request, http
from tests.support.partners.sending import LETTER
from tests.support.samples.packages import sample_consignment

PROJECT, KEY_ID, KEY_SECRET = "project-1", "key-1", "secret-1"
FAX_ID = "01HDF5S9P29WC29J578J8EKC1C"
NUMBER = "+12025550112"
A_FAX, SILENCE = b"a fax", b"silence"
_CREDENTIALS = base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
_REQUIRED = {"to": str, "files": list, "labels": dict, "maxRetries": int}


def said(status: int, body: object = None, *headers: str) -> bytes:
    """An answer with a JSON body."""
    return http(status, b"" if body is None else orjson.dumps(body), *headers)


def fax(status: str, **changes: Any) -> dict[str, Any]:
    """A fax as the interface shows it."""
    return {"id": FAX_ID, "direction": "OUTBOUND", "to": NUMBER, "status": status, **changes}


def failure(error_type: str, error_code: int) -> dict[str, Any]:
    """A fax that failed."""
    return fax("FAILURE", errorType=error_type, errorCode=error_code, errorMessage="Some text")


class SinchStub:
    """Takes one kind of request and shows one fax.

    `looks`: what each look at the fax is answered, the last one again and again: a fax, a whole
    answer, or None to hang up. `answer`: given to the request for a fax in place of one; SILENCE
    waits, None hangs up after the request has come.
    """

    def __init__(self, *looks: dict[str, Any] | bytes | None, answer: bytes | None = A_FAX) -> None:
        self._looks: Sequence[dict[str, Any] | bytes | None] = looks
        self._answer = answer
        self.server = Portal(self._serve)
        self.asked: list[dict[str, Any]] = []
        self.looked = 0

    def show(self, *looks: dict[str, Any] | bytes | None) -> None:
        """What the looks at a fax are answered from now on, beginning anew with each fax."""
        self._looks = looks
        self.looked = 0

    def letter(self, number: int) -> str:
        """The text of the letter of the fax that was asked for as that one, from 0, on one line."""
        (file,) = self.asked[number]["files"]
        reader = pypdf.PdfReader(io.BytesIO(base64.b64decode(file["file"])))
        return " ".join(" ".join(page.extract_text() for page in reader.pages).split())

    @property
    def url(self) -> str:
        """What DISPATCH_SINCH_URL would be."""
        return f"http://127.0.0.1:{self.server.port}"

    async def _serve(
        self, portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            request = await portal.take_request(reader)
            answer = self._answer_to(request)
            if answer is None:
                return
            if answer == SILENCE:
                await reader.read()
                return
            writer.write(answer)
            await writer.drain()

    def _answer_to(self, request: Request) -> bytes | None:
        if request.headers.get("authorization") != f"Basic {_CREDENTIALS}":
            return said(401)
        match request.request_line.split()[:2]:
            case ["POST", path] if path == f"/v3/projects/{PROJECT}/faxes":
                return self._make(request)
            case ["GET", path] if path == f"/v3/projects/{PROJECT}/faxes/{FAX_ID}":
                self.looked += 1
                look = self._looks[min(self.looked, len(self._looks)) - 1]
                return said(200, look) if isinstance(look, dict) else look
        return said(404)

    def _make(self, request: Request) -> bytes | None:
        body = orjson.loads(request.body)
        self.asked.append(body)
        if self._answer != A_FAX:
            return self._answer
        if request.headers.get("content-type") != "application/json" or any(
            not isinstance(body.get(name), kind) for name, kind in _REQUIRED.items()
        ):
            return said(400, {"code": 400, "status": "INVALID_ARGUMENT"})
        self.looked = 0
        return said(200, fax("IN_PROGRESS", labels=body["labels"], maxRetries=body["maxRetries"]))


def sinch_sender(url: str, **changes: Any) -> SinchFaxSender:
    """A sender of the stub's project that looks often, not yet open."""
    return SinchFaxSender(
        **{
            "render_letter": lambda consignment: LETTER,
            "url": url,
            "project_id": PROJECT,
            "key_id": KEY_ID,
            "key_secret": KEY_SECRET,
            "connection_limit": 10,
            "poll_seconds": 0.01,
            "answer_seconds": 0.5,
            **changes,
        }
    )


def to_fax(**changes: Any) -> Consignment:
    """The sample consignment on its way by fax."""
    return sample_consignment(**{"channel": ContactMethod.FAX, "address": NUMBER, **changes})
