"""A running service: everything that each has, built once and run until it is told to stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Any

import uvicorn
from aiormq.abc import DeliveredMessage
from faststream.asgi import AsgiFastStream
from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.database.engine import Home, open_engine
from messaging.decision.batch import Decider
from messaging.decision.query import QueryReader
from messaging.handlers.handler import Handlers
from messaging.handlers.reader import Readers
from messaging.handlers.workspace import Publishing
from messaging.intake.admission import command_intake, event_intake
from messaging.intake.batch import Batch
from messaging.intake.grants import AllowAll, ClientGrants, Grants, GrantsError, load_grants
from messaging.intake.subscriber import DRAIN_SECONDS, Broker, Subscribe, Work
from messaging.outbox.relay import SESSION, Relay
from messaging.pacing.monitor import DatabaseMonitor
from messaging.pacing.waiting import until
from messaging.replies.publisher import Publisher
from messaging.replies.replies import Replies
from messaging.running.backlog import QueueWatch, watch_outbox
from messaging.running.contract import Contract
from messaging.running.routes import listen, routes
from messaging.running.settings import ServiceSettings, SettingError, variable
from messaging.telemetry import logs, metrics
from messaging.telemetry.health import Health
from messaging.telemetry.tracing import Tracing
from messaging.trail.retention import keep_forgetting
from messaging.wire.topology import ConsumedQueue, Topology

log = logs.get(__name__)

QUERIES_AT_ONCE = 8
HTTP: dict[str, Any] = {
    "lifespan": "off",  # It is begun before and ended after what HTTP tells about.
    "log_config": None,
    "access_log": False,
    "timeout_graceful_shutdown": 5,
}

Part = Callable[[asyncio.Event], Awaitable[None]]
"""Something that runs until the event is set, then finishes what it has begun."""


class EndedUnasked(Exception):
    """A part of the service ended, although nobody told it to stop and nothing was raised."""


def utc_now() -> datetime:
    """The one clock of a service; rules get its value passed in."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Definition:
    """What makes one service different from another. A queue that it consumes stands once."""

    name: str
    home: Home
    revision: str
    topology: Topology
    publishing: Publishing
    contract: Contract
    subscribe: Subscribe
    commands: Mapping[ConsumedQueue, Handlers] = field(default_factory=dict)
    queries: Mapping[ConsumedQueue, Readers] = field(default_factory=dict)
    events: Mapping[ConsumedQueue, Handlers] = field(default_factory=dict)


class Service:
    """The parts of one replica, around FastStream's application. `parts` may be added to.

    `when_committed` is called when a batch recorded something to publish.
    """

    def __init__(self, definition: Definition, settings: ServiceSettings) -> None:
        self.definition = definition
        self.settings = settings
        self.health = Health()
        self.grants = _load_grants(settings)
        self.tracing = Tracing(definition.name, settings.otlp_endpoint)
        self.parts: list[Part] = []
        self.when_committed: list[Callable[[], None]] = []
        home, name = definition.home, definition.name
        self.engine = self._engine(home.service_role, name)
        self.system_engine = self._engine(home.system_role, f"{name}.system")
        self.monitor = DatabaseMonitor(
            self.system_engine,
            definition.revision,
            report_database=self.health.condition("database"),
            report_migrations=self.health.condition("migrations"),
        )
        self.relay = Relay(
            open_engine(
                settings.database,
                home,
                role=home.system_role,
                name=f"{name}.relay",
                pool_size=0,
                **SESSION,
            ),
            settings.broker,
            f"{name}.relay",
            definition.topology,
            lock_name=home.schema,
            report=self.health.condition("relay"),
            tracing=self.tracing,
        )
        self._publisher = Publisher(settings.broker, f"{name}.replies")
        self.parts += [self.monitor.run, self._relay_when_possible, self._keep_forgetting]
        consumed = (*definition.commands, *definition.queries, *definition.events)
        queues = QueueWatch(settings.broker, f"{name}.watch", consumed)
        self.parts += [queues.run, self._watch_outbox]
        metrics.READY.set_function(lambda: float(self.health.ready))
        metrics.BUILD.labels(name, version("handoff")).set(1)
        self._warn()
        self._stop = asyncio.Event()
        self._stop_by = 0.0
        self._fault: BaseException | None = None
        self.broker = Broker(settings.broker, name, definition.topology)
        definition.subscribe(self.broker, self._work())
        for subscriber in self.broker.batch_subscribers:
            subscriber.report = self.health.condition(f"consumer {subscriber.queue.name}")
            subscriber.when_possible = self.monitor.available
            subscriber.fault = self._fail
        self.app = AsgiFastStream(
            self.broker,
            lifespan=self._lifespan,
            on_shutdown=[self._begin_to_stop],
            asgi_routes=routes(self.health, definition.contract),
            specification=definition.contract,
            logger=None,
        )

    def _engine(self, role: str, name: str) -> AsyncEngine:
        return open_engine(self.settings.database, self.definition.home, role=role, name=name)

    def _warn(self) -> None:
        for name in self.settings.clear_text():
            log.warning("not encrypted, and it leaves this machine", detail=name)
        if isinstance(self.grants, AllowAll):
            log.warning("no client grants are set: everything is allowed")
        for client in self.grants.clients if isinstance(self.grants, ClientGrants) else ():
            for pattern in client.unmatched():
                told = f"{client.user!r}: {pattern!r}"
                log.warning("grant matches no operation", detail=told)

    def _work(self) -> dict[ConsumedQueue, Work]:
        definition, settings = self.definition, self.settings
        intakes = {
            **{queue: command_intake(of, self.grants) for queue, of in definition.commands.items()},
            **{queue: event_intake(of, self.grants) for queue, of in definition.events.items()},
        }
        work = {}
        for queue, intake in intakes.items():
            decider = Decider(
                self.engine,
                intake,
                Replies(self._publisher, queue, self.grants),
                definition.publishing,
                queue=queue.name,
                clock=utc_now,
                tracing=self.tracing,
                after_commit=self._committed,
                report=self._work_on(queue),
            )
            handle = partial(_handle, decider.decide)
            work[queue] = Work(handle, settings.batch_size, settings.prefetch)
        for queue, readers in definition.queries.items():
            reader = QueryReader(
                self.engine,
                readers,
                self.grants,
                Replies(self._publisher, queue, self.grants),
                queue=queue.name,
                clock=utc_now,
                tracing=self.tracing,
                report=self._work_on(queue),
            )
            handle = partial(_handle, reader.read)
            work[queue] = Work(handle, QUERIES_AT_ONCE, 2 * QUERIES_AT_ONCE)
        return work

    def _work_on(self, queue: ConsumedQueue) -> Callable[[str | None], None]:
        """A condition that is met until PostgreSQL refuses what a message of the queue needs."""
        report = self.health.condition(f"work on {queue.name}")
        report(None)
        return report

    def _committed(self) -> None:
        self.relay.wake()
        for hear in self.when_committed:
            hear()

    async def until_possible(self, stop: asyncio.Event) -> None:
        """Wait for the database and its migrations, or until it is time to stop."""
        await until(self.monitor.available(), stop)

    async def _relay_when_possible(self, stop: asyncio.Event) -> None:
        await self.until_possible(stop)
        await self.relay.run(stop)

    async def _keep_forgetting(self, stop: asyncio.Event) -> None:
        await self.until_possible(stop)
        await keep_forgetting(
            self.system_engine,
            stop,
            utc_now,
            replies_after=self.settings.replies_kept,
            messages_after=self.settings.messages_known,
        )

    async def _watch_outbox(self, stop: asyncio.Event) -> None:
        await self.until_possible(stop)
        await watch_outbox(self.system_engine, stop)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then let everything finish within 30 s.

        Raises what a part raised: a fault of ours, after which a supervisor starts the process
        anew; PortTaken and NoSuchPlace.
        """
        self._stop = stop
        listening = listen(self.settings.http_host, self.settings.http_port)
        http = _Http(uvicorn.Config(self.app, **HTTP))
        log.info("started", port=listening.getsockname()[1], host=self.settings.http_host)
        serving = asyncio.create_task(http.serve(sockets=[listening]), name="http")
        serving.add_done_callback(self._ended)
        try:
            async with self.app.start_lifespan_context():
                await stop.wait()
        finally:
            http.should_exit = True
            await serving
        if self._fault is not None:
            raise self._fault
        log.info("stopped")

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        """All parts run for as long as the subscribers, and what they share is closed last."""
        tasks = {
            asyncio.create_task(_run(part, self._stop), name=part.__qualname__)
            for part in self.parts
        }
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            yield
        finally:
            self._begin_to_stop()
            left = max(0.0, self._stop_by - time.monotonic())
            _, late = await asyncio.wait(tasks, timeout=left)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(self.tracing.close)
            await self._publisher.close()
            for engine in (self.engine, self.system_engine):
                await engine.dispose()

    def _begin_to_stop(self) -> None:
        """Before FastStream lets the subscribers end: the parts do so at the same time."""
        self._stop.set()
        self._stop_by = self._stop_by or time.monotonic() + DRAIN_SECONDS

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fail(fault)
        elif not self._stop.is_set():
            log.error("a part ended unasked", detail=task.get_name())
            self._fail(EndedUnasked(task.get_name()))

    def _fail(self, fault: BaseException) -> None:
        self._fault = self._fault or fault
        self._stop.set()


class _Http(uvicorn.Server):
    """uvicorn's server, without its hand on the signals: the process listens to them itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _handle(
    decide: Callable[[Sequence[DeliveredMessage]], Awaitable[set[int]]], batch: Batch
) -> None:
    batch.to_be_rejected = await decide(batch.raw_message)


async def _run(part: Part, stop: asyncio.Event) -> None:
    await part(stop)


def _load_grants(settings: ServiceSettings) -> Grants:
    try:
        return load_grants(settings.client_grants_file)
    except GrantsError as error:
        name = variable(type(settings), "client_grants_file")
        raise SettingError(f"{name}: the file {error}") from None
