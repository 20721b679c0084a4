"""One request over HTTP, to addresses that are checked; redirects are not followed."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from contracts.connecting import ConnectionFailureCode as Code
from messaging.egress.policy import AddressBlocked, EgressPolicy
from messaging.egress.resolver import CheckedResolver, Lookup
from messaging.egress.retry_after import retry_after_seconds
from messaging.wire.tls import verifying_also
from services.connectors import metrics
from services.connectors.asking.answers import (
    Answered,
    Outcome,
    Stopped,
    Unanswered,
    outcome_of,
)
from services.connectors.settings import ConnectorsSettings, egress_of

TIMEOUT_SECONDS = 65.0
"""Open Dental's remote mode gives the practice's own server 60 s to answer."""
CONNECT_TIMEOUT_SECONDS = 10.0
"""An address that swallows what is sent to it, so that the next one is tried soon."""
BODY_LIMIT_BYTES = 32 * 1024 * 1024


class Http:
    """A session that stays open for many requests. Answers are read whole, at most 32 MiB."""

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        connection_limit: int = 16,
        timeout_seconds: float = TIMEOUT_SECONDS,
        ca_file: str | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._policy = policy
        self._limit = connection_limit
        self._timeout_seconds = timeout_seconds
        self._ca_file = ca_file
        self._lookup = lookup
        self._resolver: CheckedResolver | None = None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._resolver = CheckedResolver(self._policy, self._lookup)
        connector = aiohttp.TCPConnector(
            ssl=verifying_also(self._ca_file), resolver=self._resolver, limit=self._limit
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS),
            trust_env=False,
            middlewares=(_once,),
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

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Make one request and say what came of it. Nothing of it is ever logged."""
        with metrics.REQUEST_SECONDS.time():
            return await self._ask(method, url, headers, query, body, form)

    async def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        form: Mapping[str, str] | None,
    ) -> Outcome:
        if self._session is None:
            raise RuntimeError("The session is not open")
        data = orjson.dumps(dict(body)) if body is not None else form
        try:
            place = self._policy.url_of(url).with_query(dict(query or {}))
            async with (
                asyncio.timeout(self._timeout_seconds),
                self._session.request(
                    method, place, headers=dict(headers), data=data, allow_redirects=False
                ) as answer,
            ):
                content = await _read(answer)
                wish = retry_after_seconds(answer.headers.get("Retry-After"), datetime.now(UTC))
                kind = answer.headers.get("Content-Type", "")
                return outcome_of(answer.status, kind, content, wish)
        except AddressBlocked:
            return Stopped(Code.ADDRESS_BLOCKED)
        except aiohttp.ConnectionTimeoutError:
            return Unanswered(Code.TIMED_OUT, unknown=False)
        except TimeoutError:
            return Unanswered(Code.TIMED_OUT)
        except (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError):
            return Stopped(Code.TLS_FAILED)
        except (aiohttp.ClientSSLError, ssl.SSLError):
            return Unanswered(Code.TLS_FAILED, unknown=False)
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, AddressBlocked):
                return Stopped(Code.ADDRESS_BLOCKED)
            return Unanswered(Code.OTHER_SIDE_DOWN, unknown=False)
        except aiohttp.InvalidURL:
            return Stopped(Code.ADDRESS_BLOCKED)
        except (aiohttp.ClientError, OSError):
            return Unanswered(Code.OTHER_SIDE_DOWN)


class _Lost(aiohttp.ClientError):
    """The connection was lost when the request was perhaps on it."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Make the request once. By itself aiohttp makes a GET or PUT again where its connection was
    lost: two requests would count as one, and a write would be made without looking first."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise _Lost from None


async def _read(answer: aiohttp.ClientResponse) -> bytes | None:
    """The body; None where it breaks off or is too long."""
    content = bytearray()
    with suppress(aiohttp.ClientPayloadError, aiohttp.ContentTypeError):
        async for chunk in answer.content.iter_any():
            content += chunk
            if len(content) > BODY_LIMIT_BYTES:
                return None
        return bytes(content)
    return None


def http_of(settings: ConnectorsSettings) -> Http:
    """Asks other systems, where the settings allow it."""
    return Http(
        egress_of(settings),
        connection_limit=4 * settings.concurrency,
        timeout_seconds=settings.request_timeout_seconds,
        ca_file=str(settings.ca_file) if settings.ca_file else None,
    )


def is_success(outcome: Outcome) -> bool:
    """Whether the other side did what was asked."""
    return isinstance(outcome, Answered) and outcome.status < 300
