"""One request, from its token to its answer: the checks in their order."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from messaging.replies.standing_client import NoReply, NothingTaken, Replied, StandingClient
from services.edge import metrics
from services.edge.calls import answering
from services.edge.calls.headers import Headers, check_accepts
from services.edge.calls.query import Parameter
from services.edge.calls.reading import BODY_LIMIT_BYTES, Call, read_call, too_large
from services.edge.http.record import record_of
from services.edge.http.responses import answer_response, problem_response
from services.edge.limits import ADDRESS_PER_MINUTE, Rate, address_key
from services.edge.problems import EdgeCode, HttpProblem, refusal
from services.edge.routes import ORG_FIELD, Route
from services.edge.settings import EdgeSettings
from services.edge.tokens.register import TokenRegister
from services.edge.tokens.token import Token

BODY_WITHIN_SECONDS = 15.0
"""For how long a body may be on its way: who sends it drop by drop holds memory."""


class Answering:
    """Answers requests by way of the services. Holds the rates of this replica."""

    def __init__(
        self, settings: EdgeSettings, tokens: TokenRegister, client: StandingClient
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._client = client
        self._token_rate = Rate(settings.rate_per_minute, settings.rate_burst)
        self._address_rate = Rate(ADDRESS_PER_MINUTE, ADDRESS_PER_MINUTE)
        self._in_flight = 0

    async def answer(
        self, route: Route, parameters: Mapping[str, Parameter], request: Request
    ) -> Response:
        """Answer a request to a route. Raises HttpProblem before it is a message.

        First failure wins: token, rate, what the token may, what the client accepts, the body's
        length, then its form and the query and the headers; then it is the service's.
        """
        record = record_of(request.scope)
        record.route = route.path
        token = self._holder(request)
        record.token_id = token.id
        _check_rate(self._token_rate, token.id)
        path = {name: str(request.path_params[name]) for name in route.in_path}
        if not token.may(path[ORG_FIELD], route.name):
            raise _forbidden()
        record.org_id = path[ORG_FIELD]
        headers = _headers(request)
        check_accepts(headers, route.shown)
        call = read_call(
            route,
            parameters,
            path,
            request.scope["query_string"],
            headers,
            await _body(request),
            client=token.client,
            person=token.actor,
        )
        record.message_id = call.message_id
        said = answering.call_headers(call)
        try:
            replied = await self._ask(call)
            return answer_response(answering.answer(call, replied, headers), said)
        except HttpProblem as problem:
            return problem_response(problem, said)

    async def _ask(self, call: Call) -> Replied:
        if self._in_flight >= self._settings.max_in_flight:
            raise answering.overloaded()
        self._in_flight += 1
        metrics.IN_FLIGHT.set(self._in_flight)
        try:
            return await self._client.ask(
                call.route.operation.exchange,
                call.route.name,
                call.body,
                message_id=call.message_id,
                headers=call.message_headers,
                timeout_seconds=self._settings.reply_timeout_seconds,
            )
        except NothingTaken:
            raise answering.nothing_taken() from None
        except NoReply:
            raise answering.no_reply(call) from None
        finally:
            self._in_flight -= 1
            metrics.IN_FLIGHT.set(self._in_flight)

    def _holder(self, request: Request) -> Token:
        """Whose request it is. Raises HttpProblem 401, and 429 where an address tries too often."""
        token = self._tokens.holder_of(request.headers.get("authorization"), datetime.now(UTC))
        if token is not None:
            return token
        host = request.client.host if request.client is not None else ""
        _check_rate(self._address_rate, address_key(host))
        raise refusal(
            EdgeCode.UNAUTHENTICATED,
            ("header", "Authorization"),
            "Must be Bearer and a token that is valid.",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _check_rate(rate: Rate, key: str) -> None:
    """Raises HttpProblem 429."""
    wait_seconds = rate.take(key, time.monotonic())
    if wait_seconds is not None:
        raise refusal(
            EdgeCode.TOO_MANY_REQUESTS,
            ("header", "Authorization"),
            "Too many requests: ask again after Retry-After.",
            headers={"Retry-After": str(wait_seconds)},
        )


def _forbidden() -> HttpProblem:
    """The same for an org that exists and for one that does not."""
    return refusal(
        EdgeCode.FORBIDDEN, ("path", ORG_FIELD), "This token may not do this in this org."
    )


def _headers(request: Request) -> Headers:
    joined: dict[str, str] = {}
    for raw_name, raw_value in request.scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


async def _body(request: Request) -> bytes:
    """The body, measured while it comes. Raises HttpProblem 413, 408."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > BODY_LIMIT_BYTES:
        raise too_large()
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_WITHIN_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > BODY_LIMIT_BYTES:
                    raise too_large()
                chunks.append(chunk)
    except TimeoutError:
        raise refusal(
            EdgeCode.REQUEST_TIMEOUT,
            ("body",),
            "The body did not come in time.",
            headers={"Connection": "close"},
        ) from None
    except ClientDisconnect:
        raise refusal(EdgeCode.MALFORMED_REQUEST, ("body",), "The body broke off.") from None
    return b"".join(chunks)
