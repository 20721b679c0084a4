"""Serving the desk: each request from its cookie to its page, the checks in their order."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route as StarletteRoute

from contracts.catalogue import OPERATIONS
from services.edge.desk import doors
from services.edge.desk.doors import REFRESH_HEADER, Doors, Entered, check_encrypted, safe_next
from services.edge.desk.forms import Form, fields_of, form_of
from services.edge.desk.page import BELOW, Action, Page
from services.edge.desk.pages import PAGES
from services.edge.desk.rendering import Rendering, headers_for
from services.edge.desk.visit import MAY_HAVE_BEEN_DONE, RefusedForm, Visit
from services.edge.desk.wording import Texts
from services.edge.events.answering import StreamResponse
from services.edge.events.streams import Streams, readable
from services.edge.http.answering import Answering, forbidden
from services.edge.http.record import record_of, tell_fault
from services.edge.problems import EdgeCode, HttpProblem, refusal
from services.edge.routes import ORG_FIELD
from services.edge.settings import EdgeSettings
from services.edge.signing import Signer
from services.edge.tokens.register import TokenRegister
from services.edge.watching import Watching

LOGIN = "/desk"
_TICKET = "/desk/~login/{ticket}"
_LOGOUT = "/desk/~logout"
_ASSETS = "/desk/~assets/{digest}/{name}"
_EVENTS = f"{BELOW}/events"
_ELSEWHERE = "/desk/{rest:path}"
_UTC = ZoneInfo("UTC")
_TOLD_ONCE = ("done", "refused")

Endpoint = Callable[[Request], Awaitable[Response]]


class Desk:
    """The pages of people, on one replica."""

    def __init__(
        self,
        settings: EdgeSettings,
        tokens: TokenRegister,
        answering: Answering,
        streams: Streams,
    ) -> None:
        keys = (settings.cookie_key, settings.cookie_key_previous)
        self.signer = Signer([key for key in keys if key is not None])
        self._doors = Doors(self.signer, tokens)
        self._answering = answering
        self._streams = streams
        self._watching = Watching(settings.watched, settings.operator_rabbitmq_url)
        self._rendering = Rendering(PAGES, Texts("en"))

    def routes(self) -> list[StarletteRoute]:
        """Its routes, none of which is in the document of the interface for programs."""
        table: list[tuple[str, list[str], Endpoint]] = [
            (LOGIN, ["GET"], self._login_page),
            (LOGIN, ["POST"], self._log_in),
            (_TICKET, ["GET"], self._log_in_once),
            (_LOGOUT, ["POST"], self._log_out),
            (_ASSETS, ["GET"], self._asset),
            (_EVENTS, ["GET"], self._events),
            *((page.route, ["GET", "POST"], self._endpoint(page)) for page in PAGES),
            (_ELSEWHERE, ["GET", "POST"], self._nothing),
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
            record = record_of(request.scope)
            record.route = path
            try:
                check_encrypted(request)
                return await endpoint(request)
            except HttpProblem as problem:
                return self._rendering.error(problem, None, _UTC, record.request_id)
            except Exception as fault:
                tell_fault(fault, record)
                said = refusal(EdgeCode.INTERNAL_ERROR, ("path",), "A fault of ours.")
                return self._rendering.error(said, None, _UTC, record.request_id)

        return guarded

    async def _login_page(self, request: Request) -> Response:
        entered = self._doors.enter(request)
        if entered.token is not None:
            return self._chosen_org(request, entered)
        response = self._login(entered, request.query_params.get("next", ""))
        self._doors.keep(request, response, entered)
        return response

    def _login(
        self, entered: Entered, following: str, wrong: HttpProblem | None = None
    ) -> Response:
        return self._rendering.plain(
            "login.html",
            200 if wrong is None else wrong.status,
            csrf=self._doors.form_token(entered),
            following=safe_next(following) or "",
            wrong=wrong,
        )

    def _chosen_org(self, request: Request, entered: Entered) -> Response:
        """The person's org; where there are several, the choice."""
        token = entered.token
        assert token is not None
        chosen = token.org_id or request.query_params.get("org", "")
        if chosen:
            return _go_on(f"/desk/{quote(chosen, safe='')}")
        orgs = [org for org in token.orgs if org != "*"]
        return self._rendering.plain(
            "orgs.html", orgs=orgs, any_org="*" in token.orgs, csrf=self._doors.form_token(entered)
        )

    async def _log_in(self, request: Request) -> Response:
        entered = self._doors.enter(request)
        form = await form_of(request)
        self._doors.check_form(request, entered, form)
        token = self._doors.holder(form.get("token"))
        if token is None:
            self._answering.check_address(request)
            return self._login(entered, form.get("_next"), doors.not_logged_in())
        record_of(request.scope).token_id = token.id
        response = _go_on(safe_next(form.get("_next")) or LOGIN)
        self._doors.let_in(request, response, token)
        return response

    async def _log_in_once(self, request: Request) -> Response:
        self._answering.check_address(request)
        token = self._doors.holder_of_ticket(request.path_params["ticket"])
        if token is None:
            if self._doors.enter(request).token is not None:
                return _go_on(LOGIN)
            raise refusal(
                EdgeCode.FORBIDDEN, ("path", "ticket"), "This link was used, or is too old."
            )
        record_of(request.scope).token_id = token.id
        response = _go_on(LOGIN)
        self._doors.let_in(request, response, token)
        return response

    async def _log_out(self, request: Request) -> Response:
        entered = self._doors.enter(request)
        self._doors.check_form(request, entered, await form_of(request))
        response = _go_on(LOGIN)
        self._doors.let_out(request, response)
        return response

    async def _asset(self, request: Request) -> Response:
        found = self._rendering.assets.answer(**request.path_params)
        if found is None:
            raise _no_such_page()
        return found

    async def _events(self, request: Request) -> Response:
        """Hints that a page has to be read again, as programs hear them."""
        entered = self._doors.enter(request)
        token, org_id = entered.token, str(request.path_params[ORG_FIELD])
        if token is None or not readable(token, org_id):
            raise forbidden()
        record = record_of(request.scope)
        record.token_id, record.org_id = token.id, org_id
        last_id = request.headers.get("last-event-id")
        response = StreamResponse(self._streams, self._streams.open(token, org_id, last_id))
        for name, value in headers_for("text/event-stream").items():
            response.headers[name] = value
        return response

    async def _nothing(self, request: Request) -> Response:
        if self._doors.enter(request).token is None:
            return _go_on(LOGIN)
        raise _no_such_page()

    def _endpoint(self, page: Page) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            entered = self._doors.enter(request)
            if entered.token is None:
                return _go_on(f"{LOGIN}?{urlencode({'next': request.url.path})}")
            visit = self._visit(request, entered)
            try:
                self._check(page, visit, request, entered)
                if page.reads_a_form:
                    response = await self._show_of_form(page, visit, request, entered)
                elif request.method == "POST":
                    response = await self._act(page, visit, request, entered)
                else:
                    response = await self._show(page, visit)
            except HttpProblem as problem:
                response = await self._refused(problem, visit)
            self._doors.keep(request, response, entered)
            return response

        return endpoint

    def _visit(self, request: Request, entered: Entered) -> Visit:
        token = entered.token
        assert token is not None
        record = record_of(request.scope)
        record.token_id = token.id
        path = {name: str(value) for name, value in request.path_params.items()}
        return Visit(
            token=token,
            org_id=path.pop(ORG_FIELD),
            asking=self._answering.asking,
            record=record,
            watching=self._watching,
            csrf=self._doors.form_token(entered),
            path=path,
            query=dict(parse_qsl(request.url.query, errors="replace")),
            here=_here(request),
            refreshes=REFRESH_HEADER in request.headers,
        )

    def _check(self, page: Page, visit: Visit, request: Request, entered: Entered) -> None:
        """Raises HttpProblem 429, 403."""
        self._answering.check_rate_of(visit.token)
        token = visit.token
        if not ("*" in token.orgs or visit.org_id in token.orgs):
            raise forbidden()
        visit.record.org_id = visit.org_id
        if not visit.may(*page.asks):
            raise forbidden()

    async def _show(self, page: Page, visit: Visit, status: int = 200) -> Response:
        shown = await page.show(visit)
        if page.answers_as is not None:
            said = {**headers_for(page.answers_as, framed=True), **shown.get("headers", {})}
            return Response(shown["body"], status, said)
        return self._rendering.page(page, visit, await visit.zone(), shown, status)

    async def _show_of_form(
        self, page: Page, visit: Visit, request: Request, entered: Entered
    ) -> Response:
        """Show what a form would make. Raises HttpProblem 404 where none is sent."""
        if request.method != "POST":
            raise _no_such_page()
        visit.form = await form_of(request)
        self._doors.check_form(request, entered, visit.form)
        try:
            return await self._show(page, visit)
        except HttpProblem as problem:
            return self._rendering.framed(page, visit, problem)

    async def _act(self, page: Page, visit: Visit, request: Request, entered: Entered) -> Response:
        """Do what a form says, and go on; or show the page again with what was typed."""
        form = await form_of(request)
        self._doors.check_form(request, entered, form)
        operation, key = form.get("_operation"), form.get("_key") or visit.new_key()
        action = page.action(operation)
        also = form.get("_also")
        if not all(visit.may(one) for one in (operation, also) if one in OPERATIONS):
            raise forbidden()
        if action is None or (also and also not in action.also):
            raise refusal(
                EdgeCode.MALFORMED_REQUEST, ("body", "_operation"), "This page does not do that."
            )
        try:
            fields = await self._fields(action, visit, form)
            data = await visit.send(operation, fields, key)
        except HttpProblem as problem:
            again = key if problem.status in MAY_HAVE_BEEN_DONE else visit.new_key()
            visit.refused = RefusedForm(operation, form.get("_form"), form, problem, again)
            return await self._show(page, visit, problem.status)
        if action.stays:
            visit.reply = data
            return await self._show(page, visit)
        done = {"done": operation}
        if also:
            try:
                data = await visit.send(also, action.also[also](data), f"{key}+{also}")
                done = {"done": also}
            except HttpProblem as problem:
                done = {"refused": problem.code}
        following = action.then(visit, data) if action.then is not None else form.get("_next")
        return _go_on(_with(safe_next(following, visit.home) or visit.here, done))

    async def _fields(self, action: Action, visit: Visit, form: Form) -> dict[str, Any]:
        """The message's fields: the path's, and the form's."""
        fields = fields_of(action.operation, form, await visit.zone())
        declared = OPERATIONS[action.operation].request.model_fields
        fields |= {name: value for name, value in visit.path.items() if name in declared}
        return fields if action.prepare is None else await action.prepare(visit, fields)

    async def _refused(self, problem: HttpProblem, visit: Visit) -> Response:
        """The page cannot be shown; where a form was typed, its problem is what is told."""
        told = visit.refused.problem if visit.refused is not None else problem
        return self._rendering.error(told, visit, _UTC, visit.record.request_id)


def _go_on(path: str) -> Response:
    said = headers_for("text/plain; charset=utf-8")
    return RedirectResponse(path, 303, said)


def _here(request: Request) -> str:
    """The page as it was asked for, but for what is told once."""
    kept = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in _TOLD_ONCE
    ]
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


def _with(path: str, told: Mapping[str, str]) -> str:
    """The path to go on to, which says what was done, or what was not."""
    bare, hash_mark, place = path.partition("#")
    joint = "&" if "?" in bare else "?"
    return f"{bare}{joint}{urlencode(told)}{hash_mark}{place}"


def _no_such_page() -> HttpProblem:
    return refusal(EdgeCode.NO_SUCH_ROUTE, ("path",), "There is no such page.")
