"""A running service: everything that both have, built once and run until it is told to stop."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.database.engine import Home, open_engine
from messaging.decision.batch import BatchProcessor
from messaging.decision.query import QueryProcessor
from messaging.handlers.handler import Handlers
from messaging.handlers.reader import Readers
from messaging.handlers.workspace import Publishing
from messaging.intake.admission import Intake, command_intake, event_intake
from messaging.intake.consumer import Consumer, Consuming
from messaging.intake.grants import AllowAll, ClientGrants, Grants, GrantsError, load_grants
from messaging.outbox.relay import LEADER_IDLE_TIMEOUT, Relay
from messaging.pacing.monitor import DatabaseMonitor
from messaging.pacing.waiting import until
from messaging.replies.settling import Answering
from messaging.running.routes import serve_http
from messaging.running.settings import ServiceSettings, SettingError, variable
from messaging.telemetry import logs
from messaging.telemetry.health import Health
from messaging.telemetry.tracing import Tracing
from messaging.trail.retention import keep_forgetting
from messaging.wire.connection import Publisher
from messaging.wire.topology import ConsumedQueue, Topology

log = logs.get(__name__)

DRAIN_SECONDS = 30.0
QUERIES_AT_ONCE = 8

Part = Callable[[asyncio.Event], Awaitable[None]]
"""Something that runs until the event is set, then finishes what it has begun."""


def utc_now() -> datetime:
    """The one clock of a service; rules get its value passed in."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Definition:
    """What makes one service different from another."""

    name: str
    home: Home
    revision: str
    topology: Topology
    publishing: Publishing
    commands: tuple[ConsumedQueue, Handlers]
    queries: tuple[ConsumedQueue, Readers]
    events: tuple[ConsumedQueue, Handlers] | None
    asyncapi: Callable[[], dict[str, Any]]


class Service:
    """The parts of one replica. `parts` may be added to before `run`.

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
                idle_session_timeout=LEADER_IDLE_TIMEOUT,
            ),
            settings.broker,
            f"{name}.relay",
            definition.topology,
            lock_name=home.schema,
            report=self.health.condition("relay"),
        )
        self._publisher = Publisher(settings.broker, f"{name}.replies")
        self.parts += [self.monitor.run, self._relay_when_possible, self._keep_forgetting]
        self._consume_everything()

    def _engine(self, role: str, name: str) -> AsyncEngine:
        return open_engine(self.settings.database, self.definition.home, role=role, name=name)

    def _consume_everything(self) -> None:
        definition = self.definition
        for name in self.settings.clear_text():
            log.warning("not encrypted, and it leaves this machine", detail=name)
        if isinstance(self.grants, AllowAll):
            log.warning("no client grants are set: everything is allowed")
        if isinstance(self.grants, ClientGrants):
            for client in self.grants.clients:
                for pattern in client.unmatched():
                    told = f"{client.user!r}: {pattern!r}"
                    log.warning("grant matches no operation", detail=told)
        self._consume_batches(
            definition.commands[0], command_intake(definition.commands[1], self.grants)
        )
        if definition.events is not None:
            self._consume_batches(
                definition.events[0], event_intake(definition.events[1], self.grants)
            )
        queue, readers = definition.queries
        processor = QueryProcessor(
            self.engine,
            readers,
            self.grants,
            Answering(self._publisher, queue, self.grants),
            queue=queue.name,
            clock=utc_now,
            tracing=self.tracing,
            report=self._work_on(queue),
        )
        self._consume(Consuming(queue, processor.process, 2 * QUERIES_AT_ONCE, QUERIES_AT_ONCE))

    def _consume_batches(self, queue: ConsumedQueue, intake: Intake) -> None:
        processor = BatchProcessor(
            self.engine,
            intake,
            Answering(self._publisher, queue, self.grants),
            self.definition.publishing,
            queue=queue.name,
            clock=utc_now,
            tracing=self.tracing,
            after_commit=self._committed,
            report=self._work_on(queue),
        )
        self._consume(
            Consuming(queue, processor.process, self.settings.prefetch, self.settings.batch_size)
        )

    def _work_on(self, queue: ConsumedQueue) -> Callable[[str | None], None]:
        """A condition that is met until PostgreSQL refuses what a message of the queue needs."""
        report = self.health.condition(f"work on {queue.name}")
        report(None)
        return report

    def _committed(self) -> None:
        self.relay.wake()
        for hear in self.when_committed:
            hear()

    def _consume(self, consuming: Consuming) -> None:
        name = consuming.queue.name
        consumer = Consumer(
            self.settings.broker,
            f"{self.definition.name}:{name}",
            self.definition.topology,
            consuming,
            report=self.health.condition(f"consumer {name}"),
            database_is_back=self.monitor.available,
        )
        self.parts.append(consumer.run)

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

    async def run(self, stop: asyncio.Event) -> None:
        """Run all parts until `stop` is set, then let them finish within 30 s.

        Raises what a part raised: a fault of ours, after which a supervisor starts the process
        anew.
        """
        async with AsyncExitStack() as stack:
            for engine in (self.engine, self.system_engine):
                stack.push_async_callback(engine.dispose)
            stack.push_async_callback(self._publisher.close)
            stack.push_async_callback(asyncio.to_thread, self.tracing.close)
            port = await stack.enter_async_context(
                serve_http(
                    self.settings.http_host,
                    self.settings.http_port,
                    self.health,
                    self.definition.asyncapi,
                )
            )
            log.info("started", port=port, host=self.settings.http_host)
            await _run_parts(self.parts, stop)
        log.info("stopped")


def _load_grants(settings: ServiceSettings) -> Grants:
    try:
        return load_grants(settings.client_grants_file)
    except GrantsError as error:
        name = variable(type(settings), "client_grants_file")
        raise SettingError(f"{name}: the file {error}") from None


async def _run_parts(parts: Sequence[Part], stop: asyncio.Event) -> None:
    """Run all; when one fails or `stop` is set, stop the others and wait for them, 30 s at most."""
    tasks = {asyncio.create_task(_named(part, stop)) for part in parts}
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await stopping
    _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
    for task in late:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [
        result
        for result in results
        if isinstance(result, Exception) and not isinstance(result, asyncio.CancelledError)
    ]
    if failures:
        raise failures[0]


async def _named(part: Part, stop: asyncio.Event) -> None:
    await part(stop)


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set `stop` on SIGTERM and SIGINT; a second one ends the process at once."""
    loop = asyncio.get_running_loop()

    def told(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        log.info("stopping", signal=number.name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told, number)
