"""The portal sender: one POST an attempt, and what became of it."""

import asyncio
import errno
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from types import TracebackType
from typing import Self

import aiohttp

from contracts.ereferral import FailureCode
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from messaging.egress.policy import AddressBlocked, EgressPolicy
from messaging.egress.resolver import CheckedResolver, Lookup
from messaging.egress.retry_after import retry_after_seconds
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.fhir.bundle import (
    FHIR_JSON,
    cancellation_bundle,
    referral_bundle,
)
from services.ereferral_dispatch.rules.outcomes import (
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
)
from services.ereferral_dispatch.senders.base import PointOfNoReturn
from services.ereferral_dispatch.senders.http_client import (
    Exchange,
    exchanging,
    failure_before_body,
    open_session,
    read_body,
    tls_context,
)
from services.ereferral_dispatch.senders.portal.answer import (
    CONFLICT,
    outcome_of_conflict,
    outcome_of_status,
)
from services.ereferral_dispatch.senders.portal.signature import partner_secret, signed_headers

CONNECT_TIMEOUT_SECONDS = 5.0
# What a 409 says is waited for; any other answer's rest only so that its connection can be kept.
CONFLICT_BODY_SECONDS = 5.0
REST_SECONDS = 1.0
# W3C Trace Context, section 3.2; anything else would be ours to answer for at the partner's.
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class PortalSender:
    """Posts bundles to partners' endpoints. Open it as an async context manager.

    `connection_limit`: connections at a time, no fewer than attempts, or attempts wait for each
    other. `previous_signing_key` signs too, while keys are changed. `ca_file` (PEM) is trusted
    beside the system's authorities. `rest_seconds`: how long the rest of an answer is waited for
    so that its connection can be kept. `lookup` replaces the system's name resolution.
    """

    channel = ContactMethod.PORTAL

    def __init__(
        self,
        *,
        render_letter: Callable[[Consignment], bytes],
        signing_key: str,
        connection_limit: int,
        policy: EgressPolicy,
        previous_signing_key: str | None = None,
        ca_file: str | None = None,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        rest_seconds: float = REST_SECONDS,
        lookup: Lookup | None = None,
    ) -> None:
        self._render_letter = render_letter
        self._signing_keys = [signing_key]
        if previous_signing_key:
            self._signing_keys.append(previous_signing_key)
        self._policy = policy
        self._tls = tls_context(ca_file)
        self._connection_limit = connection_limit
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout_seconds)
        self._rest_seconds = rest_seconds
        self._lookup = lookup
        self._user_agent = f"Handoff/{version('handoff')}"
        self._resolver: CheckedResolver | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._resolver = CheckedResolver(self._policy, self._lookup)
        self._session = open_session(
            self._resolver, self._tls, limit=self._connection_limit, timeout=self._timeout
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
        if self._resolver is not None:
            await self._resolver.close()

    def compose(self, consignment: Consignment) -> bytes:
        """The referral's bundle with its letter, or the one that says it is cancelled."""
        if consignment.message is Message.CANCELLATION:
            return cancellation_bundle(consignment, consignment.cancel_reason)
        return referral_bundle(consignment, self._render_letter(consignment))

    async def send(
        self, consignment: Consignment, content: bytes, point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        """One POST of what was composed.

        The status line decides: where it came whole before the attempt was cut off, it is the
        outcome, and a 409 without its body one that may have been received.
        """
        with exchanging(point_of_no_return) as exchange:
            try:
                return await self._post(consignment, content)
            except AddressBlocked as blocked:
                return PermanentFailure(FailureCode.ADDRESS_BLOCKED, blocked.reason)
            except (aiohttp.ClientError, OSError) as error:
                if exchange.raised is not None:
                    raise exchange.raised from None
                return _outcome_of_error(error, exchange)
            except asyncio.CancelledError:
                if exchange.status is None or not exchange.begun:
                    raise
                return outcome_of_status(exchange.status)

    async def _post(self, consignment: Consignment, content: bytes) -> Outcome:
        if self._session is None:
            raise RuntimeError("The portal sender is not open")
        response = await self._session.post(
            self._policy.url_of(consignment.address),
            data=content,
            headers=self._headers(consignment, content),
            allow_redirects=False,
        )
        try:
            return await self._outcome_of_answer(response, consignment.attempted_at)
        finally:
            # A connection whose answer was read to its end is in the pool by now, and stays there.
            response.close()

    def _headers(self, consignment: Consignment, content: bytes) -> dict[str, str]:
        message_id = str(consignment.ereferral_id)
        if consignment.message is Message.CANCELLATION:
            message_id += ".cancel"
        org_id, partner_uuid = consignment.org_id, consignment.package.partner.id
        keys = [partner_secret(key, org_id, partner_uuid) for key in self._signing_keys]
        return {
            "Content-Type": FHIR_JSON,
            "Accept": f"{FHIR_JSON}, */*;q=0.5",
            "Accept-Encoding": "identity",
            "User-Agent": self._user_agent,
            "Idempotency-Key": message_id,
            "traceparent": _trace_context(consignment.traceparent),
            **signed_headers(keys, message_id, consignment.attempted_at, content),
        }

    async def _outcome_of_answer(
        self, response: aiohttp.ClientResponse, asked_at: datetime
    ) -> Outcome:
        wish = retry_after_seconds(response.headers.get("Retry-After"), asked_at)
        outcome = outcome_of_status(response.status, wish)
        conflict = response.status == CONFLICT
        try:
            body = await read_body(
                response, CONFLICT_BODY_SECONDS if conflict else self._rest_seconds
            )
        except asyncio.CancelledError:
            return outcome
        return outcome_of_conflict(body) if conflict else outcome


def _trace_context(given: str | None) -> str:
    """The trace context that came with the e-referral; where none did, a new trace begins here,
    which nobody records on our side."""
    if given and _TRACEPARENT.fullmatch(given):
        return given
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"


def _outcome_of_error(error: aiohttp.ClientError | OSError, exchange: Exchange) -> Outcome:
    """What became of an attempt that ended in an error of the network or of the protocol."""
    status = exchange.status
    if status is not None and (exchange.begun or not 200 <= status <= 299):
        return outcome_of_status(status)
    if not exchange.begun:
        return failure_before_body(error)
    match error:
        case TimeoutError() | aiohttp.ClientOSError(errno=errno.ETIMEDOUT):
            return OutcomeUnknown(
                FailureCode.TIMED_OUT, "The portal did not answer in time; it may have it."
            )
        case aiohttp.ClientResponseError():
            return OutcomeUnknown(
                FailureCode.NO_ANSWER, "The portal's answer is not HTTP; it may have it."
            )
    return OutcomeUnknown(
        FailureCode.CONNECTION_LOST, "The connection ended without an answer; it may have it."
    )
