"""Fax through Sinch: one request for a fax, then looking after it until it is done.

Source: the Sinch Fax API 3.0 reference (developers.sinch.com/docs/fax/api-reference), "Send a fax"
and "Get fax". Access is by Basic authentication with an access key's id and secret.
"""

import asyncio
import base64
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import aiohttp
import orjson

from contracts.ereferral import FailureCode
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from letters.wording import one_line
from messaging.egress.retry_after import retry_after_seconds
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.outcomes import Outcome, OutcomeUnknown
from services.ereferral_dispatch.senders.base import PointOfNoReturn
from services.ereferral_dispatch.senders.fax.answer import (
    Fax,
    fax_id,
    outcome_of_fax,
    outcome_of_refusal,
    pages_received,
    read_fax,
)
from services.ereferral_dispatch.senders.fax.number import NO_NUMBER, fax_number
from services.ereferral_dispatch.senders.http_client import (
    Exchange,
    exchanging,
    failure_before_body,
    open_session,
    read_body,
    tls_context,
)

POLL_SECONDS = 10.0
CONNECT_TIMEOUT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
"""How long an answer may pause; longer, and a fax that was asked for is an unknown outcome."""
_HEADER_LENGTH = 50  # schema Fax, headerText
_OK = 200


class SinchFaxSender:
    """Sends faxes through a Sinch project. Open it as an async context manager.

    The provider makes no retries of its own: each is an attempt of ours. `connection_limit`:
    connections at a time, no fewer than attempts. `poll_seconds`: how often a fax under way is
    looked at, until the caller's deadline.
    """

    channel = ContactMethod.FAX

    def __init__(
        self,
        *,
        render_letter: Callable[[Consignment], bytes],
        url: str,
        project_id: str,
        key_id: str,
        key_secret: str,
        connection_limit: int,
        ca_file: Path | None = None,
        poll_seconds: float = POLL_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._render_letter = render_letter
        self._faxes = f"{url.rstrip('/')}/v3/projects/{quote(project_id, safe='')}/faxes"
        credentials = base64.b64encode(f"{key_id}:{key_secret}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"Handoff/{version('handoff')}",
        }
        self._tls = tls_context(None if ca_file is None else str(ca_file))
        self._connection_limit = connection_limit
        self._poll_seconds = poll_seconds
        self._answer_seconds = answer_seconds
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=CONNECT_TIMEOUT_SECONDS, sock_read=answer_seconds
        )
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = open_session(
            aiohttp.ThreadedResolver(),
            self._tls,
            limit=self._connection_limit,
            timeout=self._timeout,
            headers=self._headers,
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    def compose(self, consignment: Consignment) -> bytes:
        """The request: number, letter, no retries, and a label that names the e-referral."""
        kind = ".cancel" if consignment.message is Message.CANCELLATION else ""
        request = {
            "to": fax_number(consignment) or consignment.address,
            "files": [
                {
                    "file": base64.b64encode(self._render_letter(consignment)).decode(),
                    "fileType": "PDF",
                }
            ],
            "imageConversionMethod": "MONOCHROME",
            "labels": {"ereferral": f"{consignment.ereferral_id}{kind}"},
            "maxRetries": 0,
        }
        sender_name = one_line(consignment.package.practice.name)
        if sender_name.isascii():  # A page's header is set by the provider, in fonts of its own.
            request["headerText"] = sender_name[:_HEADER_LENGTH]
        return orjson.dumps(request)

    async def send(
        self, consignment: Consignment, content: bytes, point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        """One request for a fax; where it is taken, what becomes of that fax.

        Never returns while the fax is under way: the caller's deadline ends the waiting, and the
        outcome is then unknown, as it is past the point of no return.
        """
        if fax_number(consignment) is None:
            return NO_NUMBER
        with exchanging(point_of_no_return) as exchange:
            try:
                asked = await self._ask(content, consignment.attempted_at)
            except (aiohttp.ClientError, OSError) as error:
                if exchange.raised is not None:
                    raise exchange.raised from None
                return _outcome_of_error(error, exchange)
        return await self._await_end(asked) if isinstance(asked, str) else asked

    async def _ask(self, content: bytes, asked_at: datetime) -> str | Outcome:
        """The id of the fax that was made, or the outcome where there is none to wait for."""
        response = await self._open_session.post(
            self._faxes,
            data=content,
            headers={"Content-Type": "application/json"},
            allow_redirects=False,
        )
        try:
            body = await read_body(response, self._answer_seconds)
        finally:
            response.close()
        if not 200 <= response.status <= 299:
            wish = retry_after_seconds(response.headers.get("Retry-After"), asked_at)
            return outcome_of_refusal(response.status, wish)
        identifier = fax_id(read_fax(body))
        if identifier is None:
            return OutcomeUnknown(
                FailureCode.NO_ANSWER, "The fax provider took it and named no fax to follow."
            )
        return identifier

    async def _await_end(self, identifier: str) -> Outcome:
        pages = 0
        while True:
            await asyncio.sleep(self._poll_seconds)
            fax = await self._look_at(identifier)
            if fax is None:
                continue
            outcome = outcome_of_fax(fax, pages)
            if outcome is not None:
                return outcome
            pages = max(pages, pages_received(fax) or 0)

    async def _look_at(self, identifier: str) -> Fax | None:
        """The fax as it is now; None where the provider does not say: it is asked again."""
        with exchanging(_nothing_to_pass):
            try:
                response = await self._open_session.get(
                    f"{self._faxes}/{identifier}", allow_redirects=False
                )
                try:
                    body = await read_body(response, self._answer_seconds)
                finally:
                    response.close()
            except (aiohttp.ClientError, OSError):
                return None
        return read_fax(body) if response.status == _OK else None

    @property
    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("The fax sender is not open")
        return self._session


async def _nothing_to_pass() -> None:
    """Looking at a fax sends nothing: it has no point of no return."""


def _outcome_of_error(error: aiohttp.ClientError | OSError, exchange: Exchange) -> Outcome:
    """What became of a request that ended in an error of the network or of the protocol."""
    if not exchange.begun:
        return failure_before_body(error)
    if exchange.status is not None and not 200 <= exchange.status <= 299:
        return outcome_of_refusal(exchange.status, None)
    if isinstance(error, TimeoutError):
        return OutcomeUnknown(FailureCode.TIMED_OUT, "The fax provider did not answer in time.")
    return OutcomeUnknown(
        FailureCode.CONNECTION_LOST, "The connection ended without an answer; it may have it."
    )
