"""The composition root of the edge: builds everything, owns nothing afterwards."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib.metadata import version

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.documents.schemas import Schema
from messaging.replies.standing_client import StandingClient
from messaging.replies.standing_listener import StandingListener
from messaging.running.settings import variable
from messaging.telemetry import logs, metrics
from messaging.telemetry.health import Health
from messaging.telemetry.tracing import Tracing
from services.edge import docs_page
from services.edge.answer_pages.serving import AnswerPages
from services.edge.calls.headers import (
    ACTOR,
    IDEMPOTENCY_KEY,
    LAST_EVENT_ID,
    MESSAGE_ID,
    TRACEPARENT,
)
from services.edge.calls.query import Parameter, parameters_of
from services.edge.desk.serving import Desk
from services.edge.desk.wording import Texts
from services.edge.events import openapi as events_openapi
from services.edge.events.answering import PATH as EVENTS_PATH
from services.edge.events.answering import EventsAnswering
from services.edge.events.streams import Streams
from services.edge.http.answering import Answering
from services.edge.http.record import REQUEST_ID, Recorded, record_of
from services.edge.http.responses import problem_response
from services.edge.http.server import listen, open_many_connections, serve
from services.edge.openapi import (
    SUMMARY,
    TITLE,
    VERSION,
    completed,
    operation_id,
    operation_of,
    summary,
    tag,
)
from services.edge.problems import EdgeCode, HttpProblem, refusal
from services.edge.routes import (
    EVENT_EXCHANGES,
    EXCHANGES,
    OPTIONAL_EXCHANGES,
    ROUTES,
    Form,
    Route,
    by_path,
)
from services.edge.settings import EdgeSettings
from services.edge.tokens.register import TokenRegister

log = logs.get(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]
_ALLOWED_HEADERS = (
    *("Authorization", "Content-Type", IDEMPOTENCY_KEY, "If-Match", "If-None-Match", ACTOR),
    *(LAST_EVENT_ID, TRACEPARENT),
)
_EXPOSED_HEADERS = ("ETag", IDEMPOTENCY_KEY, "Location", MESSAGE_ID, REQUEST_ID, "Retry-After")


class Edge:
    """One replica. Listens from its building on; `run` answers."""

    def __init__(self, settings: EdgeSettings) -> None:
        self.settings = settings
        self.health = Health()
        metrics.READY.set_function(lambda: float(self.health.ready))
        metrics.BUILD.labels("edge", version("handoff")).set(1)
        self.tokens = TokenRegister(settings.tokens_file, self.health.condition("tokens"))
        self.client = StandingClient(
            settings.broker,
            "edge",
            EXCHANGES,
            report=self.health.condition("broker"),
            note=self.health.note("exchanges"),
            optional=OPTIONAL_EXCHANGES,
        )
        if settings.tokens_file is None:
            self.health.note("no tokens")("EDGE_TOKENS_FILE is not set: nothing is allowed")
        if settings.cookie_key is None:
            self.health.note("no cookie key")("EDGE_COOKIE_KEY is not set: restarts log people out")
        self.streams = Streams(self.tokens)
        self.listener = StandingListener(
            settings.broker,
            "edge.events",
            EVENT_EXCHANGES,
            self.health.note("events"),
            optional=OPTIONAL_EXCHANGES,
        )
        answering = Answering(settings, self.tokens, self.client)
        self.tracing = Tracing("edge", settings.otlp_endpoint)
        app = application(answering, self.streams, settings)
        self.desk = Desk(settings, self.tokens, answering, self.streams)
        app.router.routes.extend(self.desk.routes())
        pages = AnswerPages(self.desk.signer, answering.asking, Texts("en"))
        app.router.routes.extend(pages.routes())
        self.app = Recorded(app, self.tracing)
        self._public = self._listen("http_host", "http_port")
        self._ops = self._listen("ops_host", "ops_port")

    @property
    def port(self) -> int:
        """The port of the interface."""
        return int(self._public.getsockname()[1])

    @property
    def ops_port(self) -> int:
        """The port of health and metrics."""
        return int(self._ops.getsockname()[1])

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until `stop` is set; what is under way is finished, within 30 s."""
        open_many_connections()
        for name in self.settings.clear_text():
            log.warning("not encrypted, and it leaves this machine", detail=name)
        if self.settings.tokens_file is None:
            log.warning("no tokens file is set: nothing is allowed")
        closing = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.client.run(closing))
            group.create_task(self.tokens.keep_reading(closing))
            group.create_task(
                self.listener.run(closing, began=self.streams.reset, take=self.streams.hear)
            )
            group.create_task(self.streams.watch(stop))
            group.create_task(serve(ops_pages(self.health), self._ops, closing))
            log.info(
                "started", port=self.ops_port, host=self.settings.ops_host, detail=str(self.port)
            )
            try:
                await serve(self.app, self._public, stop, self.settings.trusted_proxies)
            finally:
                closing.set()
        await asyncio.to_thread(self.tracing.close)
        log.info("stopped")

    def _listen(self, host: str, port: str) -> socket.socket:
        names = (variable(EdgeSettings, host), variable(EdgeSettings, port))
        return listen(getattr(self.settings, host), getattr(self.settings, port), names)


def build(settings: EdgeSettings) -> Edge:
    """A replica of the edge, ready to be run. Raises SettingError."""
    return Edge(settings)


def application(answering: Answering, streams: Streams, settings: EdgeSettings) -> FastAPI:
    """The interface: every row of the table, its document, and refusals in one shape."""
    app = FastAPIOffline(
        title=TITLE,
        version=VERSION,
        summary=SUMMARY,
        docs_url=None,
        redoc_url=None,
        static_url=docs_page.ASSETS,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    docs_page.add_page(app)
    for path, routes in by_path().items():
        for route in routes:
            endpoint = _endpoint(answering, route, parameters_of(route))
            app.add_api_route(
                path,
                endpoint,
                methods=[route.method],
                status_code=int(route.operation.status),
                response_class=Response,
                operation_id=operation_id(route),
                summary=summary(route),
                tags=[tag(route)],
                openapi_extra=operation_of(route),
            )
            if route.method == "GET":  # The server leaves the body out.
                app.add_route(path, endpoint, ["HEAD"], include_in_schema=False)
        _refuse_others(app, path, _taken(routes), routes[0].form)
    _add_events(app, EventsAnswering(answering, streams))
    written = app.openapi
    app.openapi = cache(lambda: completed(written()))  # type: ignore[method-assign]
    app.add_exception_handler(HttpProblem, _refused)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_exception_handler(Exception, _fault)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=sorted({route.method for route in ROUTES}),
            allow_headers=_ALLOWED_HEADERS,
            expose_headers=_EXPOSED_HEADERS,
        )
    return app


def _add_events(app: FastAPI, answering: EventsAnswering) -> None:
    app.add_api_route(
        EVENTS_PATH,
        answering.answer,
        methods=["GET"],
        response_class=Response,
        operation_id="events",
        summary=events_openapi.SUMMARY,
        tags=["Events"],
        openapi_extra=events_openapi.OPERATION,
    )
    _refuse_others(app, EVENTS_PATH, ["GET"], Form.FIELDS)


def _taken(routes: Sequence[Route]) -> list[str]:
    """The methods of a path: what may be got may be asked for without its body, too."""
    methods = [route.method for route in routes]
    return [*methods, "HEAD"] if "GET" in methods else methods


def _refuse_others(app: FastAPI, path: str, methods: list[str], form: Form) -> None:
    """Whatever else is asked of this path; a later path that it fits too is not meant."""
    refusing = StarletteRoute(path, _NotAllowed(methods, form), include_in_schema=False)
    app.router.routes.append(refusing)


def document() -> Schema:
    """The interface's OpenAPI document, as `/openapi.json` has it."""
    health = Health()
    settings = EdgeSettings(rabbitmq_url="amqp://nobody@localhost/")
    tokens = TokenRegister(None, health.condition("tokens"))
    client = StandingClient(
        settings.broker, "", (), report=health.condition("broker"), note=health.note("exchanges")
    )
    answering = Answering(settings, tokens, client)
    made: Schema = application(answering, Streams(tokens), settings).openapi()
    return made


def ops_pages(health: Health) -> ASGIApp:
    """`/health/live`, `/health/ready`, `/metrics`, on a port that is the operator's alone."""

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def ready(_: Request) -> Response:
        status = "ready" if health.ready else "not ready"
        body = {"status": status, "checks": health.report(), "notes": health.notes()}
        return JSONResponse(body, 200 if health.ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(
        routes=[
            StarletteRoute("/health/live", live),
            StarletteRoute("/health/ready", ready),
            StarletteRoute("/metrics", metrics),
        ]
    )


def _endpoint(answering: Answering, route: Route, parameters: dict[str, Parameter]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        record = record_of(request.scope)
        record.route, record.form = route.path, route.form
        return await answering.answer(route, parameters, request)

    return endpoint


async def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, HttpProblem)
    return problem_response(problem, form=record_of(request.scope).form)


async def _not_routed(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == EdgeCode.METHOD_NOT_ALLOWED.status:
        return problem_response(_not_allowed((error.headers or {}).get("Allow", "GET")))
    return problem_response(
        refusal(EdgeCode.NO_SUCH_ROUTE, ("path",), "There is no such route; /docs lists all.")
    )


class _NotAllowed:
    """Refuses what a path does not take, as an ASGI application."""

    def __init__(self, methods: list[str], form: Form) -> None:
        self._allowed = ", ".join(sorted(methods))
        self._form = form

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """405."""
        response = problem_response(_not_allowed(self._allowed), form=self._form)
        await response(scope, receive, send)


def _not_allowed(allowed: str) -> HttpProblem:
    return refusal(
        EdgeCode.METHOD_NOT_ALLOWED,
        ("path",),
        f"This path takes {allowed}.",
        headers={"Allow": allowed},
    )


async def _fault(request: Request, _: Exception) -> Response:
    record = record_of(request.scope)
    msg = f"A fault of ours; incident {record.request_id}."
    fault = refusal(EdgeCode.INTERNAL_ERROR, ("path",), msg)
    return problem_response(fault, form=record.form)
