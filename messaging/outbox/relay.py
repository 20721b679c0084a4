"""The outbox relay: publishes what the outbox holds, each subject's messages one after another.

Many subjects are under way at once, one message of each: so any number of relays, pauses and lost
marks can only repeat a message, never bring two of one subject out of order. A row is deleted once
the broker has confirmed it.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import aiormq.exceptions
from aiormq import spec
from aiormq.abc import AbstractChannel
from sqlalchemy import ARRAY, BigInteger, Row, Text, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from messaging.database.errors import is_outage, why_refused
from messaging.database.tables import outbox
from messaging.pacing.waiting import pause
from messaging.telemetry import logs, metrics
from messaging.telemetry.tracing import Traced, Tracing
from messaging.wire.connection import (
    BROKER_ERRORS,
    Writer,
    connection,
    loss_raised,
    persistent,
    user_of,
)
from messaging.wire.envelope import JSON_CONTENT_TYPE
from messaging.wire.tls import why_lost
from messaging.wire.topology import Topology, declare

log = logs.get(__name__)

WINDOW = 400
"""Rows under way at most."""
POLL_SECONDS = 0.25
"""How late another replica's rows are seen at most; what this one commits is told by `wake`."""
GATHER_SECONDS = 0.02
"""For how long confirmations are gathered while others are awaited: one DELETE takes them all."""
FOLLOW_SECONDS = 1.0
CONFIRM_TIMEOUT_SECONDS = 30.0
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
SESSION = {"idle_session_timeout": "10s", "plan_cache_mode": "force_custom_plan"}
"""Settings of the relay's session. PostgreSQL ends a leader's that says nothing for so long: it is
frozen, another leads. And it plans for the outbox as it is now, empty or long."""
_LEADERSHIP = 0x48414E44  # "HAND": the advisory lock's key, one in each service's own database role

_WAITING = (
    select(outbox)
    .where(outbox.c.subject != func.all_(bindparam("busy", type_=ARRAY(Text))))
    .order_by(outbox.c.seq)
    .limit(bindparam("most"))
)
CONFIRMED = delete(outbox).where(
    outbox.c.seq == func.any_(bindparam("confirmed", type_=ARRAY(BigInteger)))
)


class _BrokerLost(Exception):
    """The channel is gone; everything is opened anew."""


@dataclass(slots=True)
class _Backoff:
    """A subject that waits after a failure, the others go on."""

    until: float
    seconds: float


@dataclass(slots=True)
class _Underway:
    """Which subjects are being published, and what the broker has confirmed of them."""

    chains: dict[asyncio.Task[bool], str] = field(default_factory=dict)
    confirmed: list[int] = field(default_factory=list)
    waiting: dict[str, _Backoff] = field(default_factory=dict)
    looked_at: float = 0.0

    def blocked(self, now: float) -> set[str]:
        """The subjects that are not to be fetched now."""
        late = {subject for subject, backoff in self.waiting.items() if backoff.until > now}
        return late | set(self.chains.values())


class Relay:
    """One replica's outbox relay. One leads at a time by an advisory lock, which is an economy."""

    def __init__(
        self,
        engine: AsyncEngine,
        url: str,
        name: str,
        topology: Topology,
        *,
        lock_name: str,
        report: Callable[[str | None], None],
        tracing: Tracing,
    ) -> None:
        self._engine = engine
        self._url = url
        self._name = name
        self._topology = topology
        self._lock_name = lock_name
        self._report = report
        self._tracing = tracing
        self._woken = asyncio.Event()
        self._declare_again = False
        # A command says who sends it: where clients have grants, the one who takes it asks.
        self._user = user_of(url)

    def wake(self) -> None:
        """Say that there is something to publish; without it the next poll finds it."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Follow or lead until `stop` is set, then finish what is under way."""
        while not stop.is_set():
            try:
                async with self._engine.connect() as opened_database:
                    database = await opened_database.execution_options(isolation_level="AUTOCOMMIT")
                    if await self._follow(database, stop):
                        async with connection(self._url, self._name) as opened:
                            channel = await opened.channel(
                                publisher_confirms=True, on_return_raises=True
                            )
                            await declare(channel, self._topology)
                            await self._lead(database, channel, stop)
            except Exception as error:
                if not (isinstance(error, (*BROKER_ERRORS, _BrokerLost)) or is_outage(error)):
                    raise
                why = why_refused(error) or why_lost(error)
                self._report(f"relay: {why}")
                log.warning("outbox relay interrupted", detail=why)
                await pause(stop, FOLLOW_SECONDS)
            finally:
                metrics.RELAY_LEADING.set(0)
                metrics.OUTBOX_WAITING.set(0)

    async def _follow(self, database: AsyncConnection, stop: asyncio.Event) -> bool:
        """Wait for the leadership. False: it was time to stop first."""
        lock = select(func.pg_try_advisory_lock(_LEADERSHIP, func.hashtext(self._lock_name)))
        while not stop.is_set():
            if await database.scalar(lock):
                return True
            self._report(None)
            await pause(stop, FOLLOW_SECONDS)
        return False

    async def _lead(
        self, database: AsyncConnection, channel: AbstractChannel, stop: asyncio.Event
    ) -> None:
        log.info("outbox relay leads")
        metrics.RELAY_LEADING.set(1)
        self._report(None)
        underway, writer = _Underway(), Writer(channel)
        try:
            while not (stop.is_set() and not underway.chains):
                ended = await self._mark(database, underway)
                polled = time.monotonic() - underway.looked_at > POLL_SECONDS
                if not stop.is_set() and (ended or polled or self._woken.is_set()):
                    await self._start_chains(database, writer, underway)
                await self._await_news(underway, stop)
                if channel.is_closed:
                    raise _BrokerLost
                if self._declare_again:
                    self._declare_again = False
                    await declare(channel, self._topology)
            await self._mark(database, underway)
        finally:
            for chain in underway.chains:
                chain.cancel()

    async def _mark(self, database: AsyncConnection, underway: _Underway) -> bool:
        """Delete what was confirmed, and only then let its subjects be fetched again.

        Returns whether any subject's messages have all been published or given up.
        """
        ended = [chain for chain in underway.chains if chain.done()]
        if underway.confirmed:
            # The same list stays: chains that are under way append to it.
            confirmed = underway.confirmed.copy()
            underway.confirmed.clear()
            await database.execute(CONFIRMED, {"confirmed": confirmed})
            metrics.RELAYED.inc(len(confirmed))
        for chain in ended:
            subject = underway.chains.pop(chain)
            if chain.result():
                underway.waiting.pop(subject, None)
            else:
                self._back_off(underway, subject)
        return bool(ended)

    def _back_off(self, underway: _Underway, subject: str) -> None:
        metrics.RELAY_REFUSED.inc()
        before = underway.waiting.get(subject)
        seconds = (
            FIRST_BACKOFF_SECONDS
            if before is None
            else min(before.seconds * 2, LONGEST_BACKOFF_SECONDS)
        )
        underway.waiting[subject] = _Backoff(time.monotonic() + seconds, seconds)

    async def _start_chains(
        self, database: AsyncConnection, writer: Writer, underway: _Underway
    ) -> None:
        room = WINDOW - len(underway.chains)
        if room < WINDOW // 4:
            return
        self._woken.clear()
        underway.looked_at = time.monotonic()
        blocked = sorted(underway.blocked(time.monotonic()))
        rows = (await database.execute(_WAITING, {"busy": blocked, "most": room})).all()
        metrics.OUTBOX_WAITING.set(len(rows))
        by_subject: dict[str, list[Row[tuple[object, ...]]]] = {}
        for row in rows:
            by_subject.setdefault(row.subject, []).append(row)
        for subject, chain in by_subject.items():
            task = asyncio.create_task(self._publish_in_order(writer, chain, underway.confirmed))
            underway.chains[task] = subject

    async def _publish_in_order(
        self,
        writer: Writer,
        rows: Iterable[Row[tuple[object, ...]]],
        confirmed: list[int],
    ) -> bool:
        """Publish one subject's rows, each after the last is confirmed. False: one was not."""
        for row in rows:
            traced = self._tracing.begin_publishing(
                row.exchange, row.routing_key, str(row.message_id), row.headers.get("traceparent")
            )
            try:
                async with asyncio.timeout(CONFIRM_TIMEOUT_SECONDS):
                    with loss_raised():
                        await writer.publish(
                            row.body,
                            exchange=row.exchange,
                            routing_key=row.routing_key,
                            properties=self._properties(row, traced),
                            mandatory=self._topology.must_be_routed(row.exchange),
                        )
                traced.end(failed=False)
            except (aiormq.exceptions.PublishError, aiormq.exceptions.DeliveryError) as error:
                traced.end(failed=True)
                self._declare_again |= isinstance(error, aiormq.exceptions.PublishError)
                log.warning(
                    "not published, will be tried again",
                    error=type(error).__name__,
                    exchange=row.exchange,
                    routing_key=row.routing_key,
                    message_id=str(row.message_id),
                )
                return False
            except TimeoutError:
                # What was not sent yet goes with the connection; kept, it would go out twice.
                raise _BrokerLost from None
            except BROKER_ERRORS:
                return False
            confirmed.append(row.seq)
        return True

    def _properties(self, row: Row[tuple[object, ...]], traced: Traced) -> spec.Basic.Properties:
        headers = row.headers
        if traced.traceparent is not None:
            headers = {**headers, "traceparent": traced.traceparent}
        return persistent(
            user_id=self._user if row.content_type == JSON_CONTENT_TYPE else None,
            content_type=row.content_type,
            message_type=row.routing_key,
            message_id=str(row.message_id),
            headers=headers,
        )

    async def _await_news(self, underway: _Underway, stop: asyncio.Event) -> None:
        if underway.chains:
            await asyncio.wait(underway.chains, timeout=GATHER_SECONDS)
        elif not self._woken.is_set():
            await pause(self._woken, POLL_SECONDS)
