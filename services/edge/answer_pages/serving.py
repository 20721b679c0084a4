"""Serving answer pages: from the link in a letter to the answer that is recorded.

Reading changes nothing, and whatever changes something needs the letter's code: scanners of mail
follow links and press buttons. Source: docs/contract/http.md#answer-pages.
"""

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route as StarletteRoute

from contracts.answer_link import ACTOR_PREFIX, OPEN_ANSWER_LINK, VERIFY_ANSWER_LINK
from contracts.problems import ProblemCode
from services.edge.answer_pages.answers import ANSWER, BY_NAME, QUESTION, AnswerForm, message_of
from services.edge.answer_pages.cookies import PATH, Cookies, Held, read_link
from services.edge.answer_pages.rendering import Refused, Rendering, zone_of
from services.edge.asking import Asking
from services.edge.calls.answering import refused as refused_call
from services.edge.calls.reading import call_of_page
from services.edge.desk.doors import check_encrypted
from services.edge.desk.forms import Form, form_of
from services.edge.desk.rendering import Assets, headers_for
from services.edge.desk.wording import Texts
from services.edge.http.answering import address_of
from services.edge.http.record import record_of
from services.edge.limits import ADDRESS_PER_MINUTE, Rate
from services.edge.problems import Detail, EdgeCode, HttpProblem, invalid, refusal
from services.edge.routes import ORG_FIELD, Route
from services.edge.signing import Signer

LINK: Final = f"{PATH}/{{{ORG_FIELD}}}/{{token}}"
_ASSETS: Final = f"{PATH}/~assets"
_ELSEWHERE: Final = f"{PATH}/{{rest:path}}"
_CODE_FORM: Final = "code"
_MAY_HAVE_BEEN_DONE = (503, 504)
"""The form's key stays the same: it is then done once."""
_READER: Final = "answer_link"
"""The actor of whoever looks at a page before its code was given."""
_ROUTES: Final = {
    name: Route(method, PATH, name)
    for method, name in (
        ("GET", OPEN_ANSWER_LINK.name),
        ("POST", VERIFY_ANSWER_LINK.name),
        ("POST", ANSWER),
        ("POST", QUESTION),
    )
}
_SHUT: Final[Mapping[str, tuple[int, str]]] = {
    ProblemCode.ANSWER_LINK_NOT_FOUND: (404, "unknown"),
    ProblemCode.ANSWER_LINK_EXPIRED: (410, "expired"),
    ProblemCode.ANSWER_LINK_LOCKED: (409, "locked"),
}
"""The page of a link that shows nothing, by the refusal."""

Endpoint = Callable[[Request], Awaitable[Response]]


class AnswerPages:
    """The pages of partners, on one replica."""

    def __init__(self, signer: Signer, asking: Asking, texts: Texts) -> None:
        self._cookies = Cookies(signer)
        self._asking = asking
        self._assets = Assets(_ASSETS)
        self._rendering = Rendering(texts, self._assets)
        self._rate = Rate(ADDRESS_PER_MINUTE, ADDRESS_PER_MINUTE)

    def routes(self) -> list[StarletteRoute]:
        """Its routes, none of which is in the document of the interface for programs."""
        table: list[tuple[str, list[str], Endpoint]] = [
            (f"{_ASSETS}/{{digest}}/{{name}}", ["GET"], self._asset),
            (PATH, ["GET"], self._counted(self._show)),
            (PATH, ["POST"], self._counted(self._take)),
            (LINK, ["GET"], self._counted(self._hold)),
            (_ELSEWHERE, ["GET", "POST"], self._counted(self._nothing)),
        ]
        return [
            StarletteRoute(
                path, self._guarded(path, endpoint), methods=methods, include_in_schema=False
            )
            for path, methods, endpoint in table
        ]

    def _guarded(self, path: str, endpoint: Endpoint) -> Endpoint:
        """An endpoint whose refusals are pages too."""

        async def guarded(request: Request) -> Response:
            record_of(request.scope).route = path
            try:
                check_encrypted(request)
                return await endpoint(request)
            except HttpProblem as problem:
                status, why = _SHUT.get(problem.code, (problem.status, problem.code))
                return self._rendering.closed(status, why, problem.headers)

        return guarded

    def _counted(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint that an address may ask 30 times a minute, whatever it asks there."""

        async def counted(request: Request) -> Response:
            wait_seconds = self._rate.take(address_of(request), time.monotonic())
            if wait_seconds is not None:
                raise refusal(
                    EdgeCode.TOO_MANY_REQUESTS,
                    ("path",),
                    "Too many requests: ask again after Retry-After.",
                    headers={"Retry-After": str(wait_seconds)},
                )
            return await endpoint(request)

        return counted

    async def _hold(self, request: Request) -> Response:
        """Let the browser hold the link, whether there is such a link or not, and go on."""
        response = _go_on()
        found = read_link(**request.path_params)
        held = self._cookies.held(request)
        if found is None:
            self._cookies.let_go(request, response)
        elif held is None or (held.org_id, held.token) != (found.org_id, found.token):
            self._cookies.hold(request, response, found)
        return response

    async def _show(self, request: Request) -> Response:
        held = self._held(request)
        sent = request.query_params.get("sent")
        opened = await self._opened(request, held)
        return self._link(held, opened, sent=sent if sent in BY_NAME else None)

    async def _take(self, request: Request) -> Response:
        """Take the code, or an answer: what was typed stays where it is refused."""
        held = self._held(request)
        form = await form_of(request)
        self._check_form(request, held, form)
        try:
            opened = await self._opened(request, held)
        except HttpProblem as problem:
            if problem.status not in _MAY_HAVE_BEEN_DONE:
                raise
            why = problem.code
            return self._rendering.closed(problem.status, why, problem.headers, form.said)
        if opened["status"] != "open":
            return self._link(held, opened, status=409)
        name = form.get("_form")
        try:
            if opened["referral"] is None:
                return await self._take_code(request, held, opened, form)
            if name == _CODE_FORM:
                return _go_on()
            answer = BY_NAME.get(name)
            if answer is None:
                raise refusal(EdgeCode.MALFORMED_REQUEST, ("body",), "There is no such form.")
            return await self._take_answer(request, held, opened, answer, form)
        except HttpProblem as problem:
            if problem.code in _SHUT:
                raise
            key = form.get("_key") if problem.status in _MAY_HAVE_BEEN_DONE else None
            refused = Refused(name, dict(form.said), problem)
            if problem.status not in _MAY_HAVE_BEEN_DONE:
                opened = await self._opened(request, held)
            return self._link(held, opened, refused=refused, key=key, status=problem.status)

    async def _take_code(
        self, request: Request, held: Held, opened: Mapping[str, Any], form: Form
    ) -> Response:
        if form.get("_form") != _CODE_FORM:
            raise refusal(EdgeCode.FORBIDDEN, ("body", "code"), "The code is asked for anew.")
        code = form.get("code").strip()
        if not code:
            raise invalid([Detail(("body", "code"), "missing", "Is missing")])
        actor = _actor(opened)
        fields = {"answer_link": held.token, "code": code}
        verified = await self._ask(
            request, held, VERIFY_ANSWER_LINK.name, fields, actor, form.get("_key")
        )
        if not verified["verified"]:
            raise _wrong_code(verified["attempts_left"])
        response = _go_on()
        proven = replace(held, link_id=opened["id"], proof=verified["proof"])
        self._cookies.hold(request, response, proven)
        return response

    async def _take_answer(
        self,
        request: Request,
        held: Held,
        opened: Mapping[str, Any],
        answer: AnswerForm,
        form: Form,
    ) -> Response:
        said = message_of(answer, form, zone_of(opened))
        fields = {"ereferral_uuid": opened["referral"]["ereferral_uuid"], **said}
        await self._ask(request, held, answer.operation, fields, _actor(opened), form.get("_key"))
        return _go_on(f"?sent={answer.name}")

    async def _opened(self, request: Request, held: Held) -> Any:
        """What the link shows now. Raises HttpProblem."""
        fields = {"answer_link": held.token, "proof": held.proof}
        said = {name: value for name, value in fields.items() if value is not None}
        actor = _READER if held.link_id is None else f"{ACTOR_PREFIX}{held.link_id}"
        return await self._ask(request, held, OPEN_ANSWER_LINK.name, said, actor, None)

    async def _ask(
        self,
        request: Request,
        held: Held,
        operation: str,
        fields: Mapping[str, Any],
        actor: str,
        key: str | None,
    ) -> Any:
        """A reply's data. Raises HttpProblem.

        The same form with the same content is one message: a double click has one effect, and what
        is typed otherwise after a step back is another one.
        """
        said = {ORG_FIELD: held.org_id, **fields}
        if key is not None:
            content = orjson.dumps([key, said], option=orjson.OPT_SORT_KEYS)
            key = hashlib.sha256(content).hexdigest()
        record = record_of(request.scope)
        route = _ROUTES[operation]
        call = call_of_page(route, said, key, record.headers, client=actor, person=actor)
        if call.message_id is not None:
            record.message_id, record.org_id = call.message_id, held.org_id
        replied = await self._asking.ask(call)
        if replied.status >= 400:
            raise refused_call(call, replied)
        return orjson.loads(replied.data)

    def _held(self, request: Request) -> Held:
        """The link that the browser holds. Raises HttpProblem, as of a link that is none."""
        held = self._cookies.held(request)
        if held is None:
            raise _unknown()
        return held

    def _check_form(self, request: Request, held: Held, form: Form) -> None:
        """Raises HttpProblem 403 where a form is not of a page of ours, or of another link's."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site != "same-origin" or not self._cookies.is_form_token(held, form.get("_csrf")):
            raise refusal(
                EdgeCode.FORBIDDEN, ("body",), "This form is not of the page that is open here."
            )

    def _link(
        self,
        held: Held,
        opened: Mapping[str, Any],
        *,
        sent: str | None = None,
        refused: Refused | None = None,
        key: str | None = None,
        status: int = 200,
    ) -> Response:
        return self._rendering.link(
            opened,
            csrf=self._cookies.form_token(held),
            key=key or secrets.token_urlsafe(16),
            sent=sent,
            refused=refused,
            status=status,
        )

    async def _asset(self, request: Request) -> Response:
        return self._assets.answer(**request.path_params) or self._rendering.closed(404, "unknown")

    async def _nothing(self, _: Request) -> Response:
        raise _unknown()


def _actor(opened: Mapping[str, Any]) -> str:
    return f"{ACTOR_PREFIX}{opened['id']}"


def _wrong_code(attempts_left: int) -> HttpProblem:
    detail = [Detail(("body", "code"), "wrong_code", "Is not the letter's code")]
    code = EdgeCode.VALIDATION_ERROR
    return HttpProblem(code.status, code.value, detail, {"attempts_left": attempts_left})


def _unknown() -> HttpProblem:
    code = ProblemCode.ANSWER_LINK_NOT_FOUND.value
    return HttpProblem(404, code, [Detail(("path",), code, "There is no such link.")])


def _go_on(query: str = "") -> Response:
    return RedirectResponse(f"{PATH}{query}", 303, headers_for("text/plain; charset=utf-8"))
