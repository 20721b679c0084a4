"""One request, from its token to its answer: the checks in their order."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from contracts.problems import ProblemCode
from contracts.replies import ReplyStatus
from messaging.replies.standing_client import Replied, StandingClient
from services.edge.asking import Asking
from services.edge.calls import answering, external_referrals, json_api_answers
from services.edge.calls.headers import Headers, check_accepts, check_accepts_json_api
from services.edge.calls.query import Parameter
from services.edge.calls.reading import (
    BODY_LIMIT_BYTES,
    Call,
    current_of,
    read_call,
    read_submission,
    too_large,
)
from services.edge.http.record import record_of
from services.edge.http.responses import answer_response, problem_response
from services.edge.limits import (
    ADDRESS_PER_MINUTE,
    ADDRESS_SUBMISSIONS_PER_MINUTE,
    SUBMISSIONS_PER_MINUTE,
    Rate,
    address_key,
)
from services.edge.problems import EdgeCode, HttpProblem, refusal
from services.edge.proofs import PROOF_FIELD, Proofs
from services.edge.routes import ORG_FIELD, Form, Route
from services.edge.settings import EdgeSettings
from services.edge.tokens.register import TokenRegister
from services.edge.tokens.token import Token, TokenKind

BODY_WITHIN_SECONDS = 15.0
"""For how long a body may be on its way: who sends it drop by drop holds memory."""


class Answering:
    """Answers requests by way of the services. Holds the rates of this replica."""

    def __init__(
        self, settings: EdgeSettings, tokens: TokenRegister, client: StandingClient
    ) -> None:
        self.asking = Asking(settings, client)
        self._settings = settings
        self._tokens = tokens
        self._token_rate = Rate(settings.rate_per_minute, settings.rate_burst)
        self._address_rate = Rate(ADDRESS_PER_MINUTE, ADDRESS_PER_MINUTE)
        self._submission_rate = Rate(SUBMISSIONS_PER_MINUTE, SUBMISSIONS_PER_MINUTE)
        self._submitting_rate = Rate(ADDRESS_SUBMISSIONS_PER_MINUTE, ADDRESS_SUBMISSIONS_PER_MINUTE)
        key = settings.intake_altcha_key
        self._proofs = None if key is None else Proofs(key)

    async def answer(
        self, route: Route, parameters: Mapping[str, Parameter], request: Request
    ) -> Response:
        """Answer a request to a route. Raises HttpProblem before it is a message.

        First failure wins: token, rate, what the token may, what the client accepts, the body's
        length, then its form and the query and the headers; then it is the service's.
        """
        record = record_of(request.scope)
        token = self.admit(request)
        path = _path(route, token, request)
        if not _may(token, route, path.get(ORG_FIELD)):
            raise forbidden(route)
        record.org_id = path[ORG_FIELD]
        headers = headers_of(request)
        call = await self._read(route, parameters, path, token, headers, request)
        record.message_id = call.message_id
        said = answering.call_headers(call)
        try:
            replied = await self.asking.ask(call)
            if route.form is Form.JSON_API:
                replied = await self._with_its_time(call, replied)
                shown = json_api_answers.answer(call, replied, headers)
            else:
                shown = answering.answer(call, replied, headers)
            return answer_response(shown, said)
        except HttpProblem as problem:
            return problem_response(problem, said, route.form)

    async def _read(
        self,
        route: Route,
        parameters: Mapping[str, Parameter],
        path: Mapping[str, str],
        token: Token,
        headers: Headers,
        request: Request,
    ) -> Call:
        """The message that a request becomes, of whichever form it is. Raises HttpProblem."""
        if route.form is Form.EXTERNAL_REFERRAL:
            return await self._read_submission(route, path, token, headers, request)
        if route.form is Form.JSON_API:
            check_accepts_json_api(headers)
        else:
            check_accepts(headers, route.shown)
        body = await read_body(request, BODY_LIMIT_BYTES)
        return read_call(
            *(route, parameters, path, request.scope["query_string"], headers, body),
            client=token.client,
            person=token.actor,
        )

    async def _read_submission(
        self,
        route: Route,
        path: Mapping[str, str],
        token: Token,
        headers: Headers,
        request: Request,
    ) -> Call:
        """The message that external referrals become. Raises HttpProblem.

        Their own rates come first: who may submit is anybody's page.
        """
        _check_rate(self._submission_rate, token.id)
        _check_rate(self._submitting_rate, address_of(request))
        check_accepts(headers, route.shown)
        body = await read_body(request, external_referrals.LIMIT_BYTES)
        submission = external_referrals.read_rows(
            headers,
            body,
            honeypot=self._settings.intake_honeypot,
            proof=None if self._proofs is None else PROOF_FIELD,
        )
        if self._proofs is not None:
            # A thread: how long it takes is the challenge's to say.
            await asyncio.to_thread(self._proofs.check, submission.proof, body)
        return read_submission(
            *(route, path, request.scope["query_string"], headers, body, submission),
            client=token.client,
            person=token.actor,
        )

    async def _with_its_time(self, call: Call, replied: Replied) -> Replied:
        """A conflict with the `updated_in_db_at` that is current, where it can be had."""
        if replied.problem is None or replied.problem["code"] != ProblemCode.VERSION_CONFLICT:
            return replied
        try:
            current = await self.asking.ask(current_of(call))
        except HttpProblem:
            return replied
        if current.status != ReplyStatus.OK:
            return replied
        updated_at = orjson.loads(current.data)["updated_in_db_at"]
        return replace(replied, problem={**replied.problem, "updated_in_db_at": updated_at})

    def admit(self, request: Request) -> Token:
        """Whose request it is. Raises HttpProblem 401, and 429 beyond the token's rate."""
        token = self._holder(request)
        record_of(request.scope).token_id = token.id
        self.check_rate_of(token)
        return token

    def check_rate_of(self, token: Token) -> None:
        """Raises HttpProblem 429 where the token asks too often."""
        _check_rate(self._token_rate, token.id)

    def check_address(self, request: Request) -> None:
        """Raises HttpProblem 429 where an address asks too often without a valid token."""
        _check_rate(self._address_rate, address_of(request))

    def _holder(self, request: Request) -> Token:
        """Whose request it is. Raises HttpProblem 401, and 429 where an address tries too often."""
        said = headers_of(request).get("authorization")  # Two are joined, and no token.
        token = self._tokens.holder_of(said, datetime.now(UTC))
        if token is not None:
            return token
        self.check_address(request)
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


def _path(route: Route, token: Token, request: Request) -> dict[str, str]:
    """What the path says; where it says no org, with that of the token, if it has one alone."""
    said = {name: str(request.path_params[name]) for name in route.in_path}
    return said if ORG_FIELD in said or token.org_id is None else {ORG_FIELD: token.org_id, **said}


def _may(token: Token, route: Route, org_id: str | None) -> bool:
    """Whether a token may ask this. External referrals are sent by tokens that can do no more."""
    if route.form is Form.EXTERNAL_REFERRAL and token.kind is not TokenKind.SUBMIT:
        return False
    return org_id is not None and token.may(org_id, route.name)


def forbidden(route: Route | None = None) -> HttpProblem:
    """The same for an org that exists and for one that does not."""
    if route is None or ORG_FIELD in route.in_path:
        msg = "This token may not do this in this org."
        return refusal(EdgeCode.FORBIDDEN, ("path", ORG_FIELD), msg)
    kind = "submit token" if route.form is Form.EXTERNAL_REFERRAL else "token"
    return refusal(
        EdgeCode.FORBIDDEN,
        ("header", "Authorization"),
        f"This takes a {kind} of one org, which may do it.",
    )


def address_of(request: Request) -> str:
    """By what an address is counted."""
    return address_key(request.client.host if request.client is not None else "")


def headers_of(request: Request) -> Headers:
    """A request's headers, those that came more than once joined."""
    return record_of(request.scope).headers


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The body, measured while it comes. Raises HttpProblem 413, 408."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit_bytes:
        raise too_large(limit_bytes)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_WITHIN_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit_bytes:
                    raise too_large(limit_bytes)
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
