"""The worker: claims what is due, makes the attempts, and settles those whose worker was lost.

Persist first, send second: no transaction is open while an attempt is under way.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

import stamina
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.ereferral import EreferralDispatch, FailureCode
from contracts.referral_partner import ContactMethod
from contracts.text import KEPT
from letters.letter import LetterLink
from messaging.database.errors import is_outage, why_away
from messaging.pacing.sweep import keep_sweeping
from messaging.telemetry import logs, metrics
from messaging.telemetry.tracing import Tracing
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.delivery.attempt_record import end_span, span_attributes, tell
from services.ereferral_dispatch.delivery.claiming import (
    Claimed,
    Limits,
    claim,
    wake_forgotten_lanes,
)
from services.ereferral_dispatch.delivery.crossed_cancels import cancel_crossed
from services.ereferral_dispatch.delivery.lane_holds import move_held
from services.ereferral_dispatch.delivery.leases import renew_leases
from services.ereferral_dispatch.delivery.point_of_no_return import pass_point_of_no_return
from services.ereferral_dispatch.delivery.recording import Recorder
from services.ereferral_dispatch.rules.answer_links import AnswerLinks
from services.ereferral_dispatch.rules.outcomes import (
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    TransientFailure,
)
from services.ereferral_dispatch.rules.pace import PACES, Pace, free_slots
from services.ereferral_dispatch.senders.base import AttemptWithdrawn, Sender

log = logs.get(__name__)

POLL_SECONDS = 0.2
GATHER_SECONDS = 0.005
"""A pause between claims, so that one takes several that became due together."""
SWEEP_EVERY_SECONDS = 5.0
LEASE_SECONDS = 20.0
RENEW_EVERY_SECONDS = 5.0
"""A worker that is lost is noticed within a lease and a sweep."""
COMPOSED_AT_ONCE = os.cpu_count() or 1
"""Letters take a core each. More at a time would keep the cores from what is ready to be sent: then
attempts wait after their point of no return, within their deadline, and not before."""
DRAIN_SECONDS = 25.0
"""Attempts past their point of no return get this long when the worker stops."""
OUTAGE_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Channel:
    """A sender, and how long one attempt of it may take.

    `answer_seconds`: how long its answer is waited for once something has left; None: within the
    attempt's own deadline.
    """

    sender: Sender
    deadline_seconds: float
    answer_seconds: float | None = None


class Worker:
    """One replica's worker. Makes at most `concurrency` attempts at a time.

    `answer_links`: how the links are made that letters show; None: they show none.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        channels: Mapping[ContactMethod, Channel],
        recorder: Recorder,
        *,
        concurrency: int,
        lane_concurrency: int,
        tracing: Tracing,
        after_commit: Callable[[], None],
        answer_links: AnswerLinks | None = None,
    ) -> None:
        self._engine = engine
        self._answer_links = answer_links
        self._channels = channels
        self._recorder = recorder
        self._concurrency = concurrency
        self._tracing = tracing
        self._after_commit = after_commit
        self._composing = ThreadPoolExecutor(COMPOSED_AT_ONCE, thread_name_prefix="composing")
        self._woken = asyncio.Event()
        self._paces = list(Pace)
        self._running: dict[asyncio.Task[None], _Attempt] = {}
        self._fault: BaseException | None = None
        self._limits = Limits(
            lane_concurrency=lane_concurrency,
            lease_seconds=LEASE_SECONDS,
            probe_every_seconds=recorder.probe_every_seconds,
            relay=recorder.relay,
        )

    def wake(self) -> None:
        """Say that something became due; without it the next poll finds it."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and attempt until `stop` is set; then give up what has not left, await the rest.

        Raises what our own code raised.
        """
        renewing = asyncio.create_task(self._renew_leases())
        try:
            while not stop.is_set():
                started = await self._start_due()
                await self._await_room(stop, idle=not started)
                if self._fault is not None:
                    raise self._fault
        finally:
            await self._drain()
            renewing.cancel()
            self._composing.shutdown(wait=False, cancel_futures=True)

    async def sweep(self, stop: asyncio.Event) -> None:
        """Every five seconds: settle attempts past their lease, cancels that crossed their
        dispatch, held lanes, and forgotten ones."""
        await keep_sweeping(
            self._sweep_once,
            stop,
            name="attempts and lanes",
            every_seconds=SWEEP_EVERY_SECONDS,
            # When the database is back, those who live renew their leases first.
            after_outage_seconds=2 * RENEW_EVERY_SECONDS,
        )

    async def _sweep_once(self) -> bool:
        publishing = self._recorder.publishing
        lost = await self._recorder.settle_lost()
        if lost:
            log.warning("attempts of lost workers settled", count=lost)
        crossed = await cancel_crossed(self._engine, publishing)
        moved = await move_held(self._engine, publishing)
        if lost or crossed or moved:
            self._after_commit()
        if await wake_forgotten_lanes(self._engine, self._limits):
            self.wake()
        return False

    async def _renew_leases(self) -> None:
        """Keep what is under way; most attempts are over before the first time."""
        while True:
            await asyncio.sleep(RENEW_EVERY_SECONDS)
            lasting = [attempt.claimed for attempt in self._running.values() if attempt.lasts]
            if not lasting:
                continue
            try:
                await renew_leases(self._engine, lasting, LEASE_SECONDS)
            except Exception as error:
                if not is_outage(error):
                    self._fault = error
                    return
                log.warning("leases not renewed", detail=why_away(error))

    async def _start_due(self) -> bool:
        """Claim what there is room for, and start it; whether there was anything.

        Each pace comes first in turn: where everything is full, both get some of what is let go.
        """
        self._woken.clear()
        started = False
        self._paces.reverse()
        for pace in self._paces:
            slots = free_slots(self._concurrency, self._running_by_pace())[pace]
            for claimed in await self._claim_when_possible(pace, slots):
                self._start(claimed)
                started = True
        return started

    def _running_by_pace(self) -> dict[Pace, int]:
        counts = Counter(PACES[attempt.claimed.channel] for attempt in self._running.values())
        return {pace: counts[pace] for pace in Pace}

    async def _claim_when_possible(self, pace: Pace, slots: int) -> list[Claimed]:
        if slots <= 0:
            return []
        try:
            return await claim(self._engine, self._limits, pace, slots=slots)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("nothing claimed", detail=why_away(error))
            await asyncio.sleep(OUTAGE_PAUSE_SECONDS)
            return []

    def _start(self, claimed: Claimed) -> None:
        channel = self._channels.get(claimed.channel)
        attempt = _Attempt(
            claimed,
            channel,
            self._recorder,
            self._composing,
            self._tracing,
            self._answer_links,
        )
        task = asyncio.create_task(attempt.run())
        self._running[task] = attempt
        metrics.ATTEMPTS_RUNNING.set(len(self._running))
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and task.exception() is not None:
            self._fault = task.exception()
        metrics.ATTEMPTS_RUNNING.set(len(self._running))
        self._after_commit()
        self._woken.set()

    async def _await_room(self, stop: asyncio.Event, *, idle: bool) -> None:
        if idle:
            stopping = asyncio.create_task(stop.wait())
            woken = asyncio.create_task(self._woken.wait())
            await asyncio.wait(
                {stopping, woken}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            stopping.cancel()
            woken.cancel()
        await asyncio.sleep(GATHER_SECONDS)

    async def _drain(self) -> None:
        """Give up what is before its point of no return; wait for what is past it."""
        for task, attempt in list(self._running.items()):
            if not (attempt.something_left or attempt.recording):
                task.cancel()
        if self._running:
            await asyncio.wait(list(self._running), timeout=DRAIN_SECONDS)


class _Attempt:
    """One attempt, from its claim to its outcome."""

    def __init__(
        self,
        claimed: Claimed,
        channel: Channel | None,
        recorder: Recorder,
        composing: Executor,
        tracing: Tracing,
        answer_links: AnswerLinks | None,
    ) -> None:
        self._tracing = tracing
        self._traced = tracing.begin_work(
            f"attempt {claimed.channel}", claimed.traceparent, span_attributes(claimed)
        )
        # What it causes, its events too, hangs below its span.
        self.claimed = replace(claimed, traceparent=self._traced.traceparent)
        self._answer_links = answer_links
        self._channel = channel
        self._recorder = recorder
        self._composing = composing
        self._started = time.monotonic()
        self.something_left = False
        self.recording = False

    @property
    def lasts(self) -> bool:
        """Whether it has gone on for a while."""
        return time.monotonic() - self._started >= RENEW_EVERY_SECONDS / 2

    async def run(self) -> None:
        try:
            outcome = await self._make()
        except AttemptWithdrawn:
            outcome = TransientFailure(FailureCode.WITHDRAWN, "Withdrawn before anything left.")
        except asyncio.CancelledError:
            outcome = (
                OutcomeUnknown(FailureCode.STOPPED, "The worker stopped while sending.")
                if self.something_left
                else TransientFailure(FailureCode.STOPPED, "Given up before anything left.")
            )
            await asyncio.shield(self._record(outcome))
            raise
        await asyncio.shield(self._record(outcome))

    async def _make(self) -> Outcome:
        claimed, channel = self.claimed, self._channel
        if channel is None:
            return PermanentFailure(
                FailureCode.CHANNEL_NOT_AVAILABLE, "This channel is not set up here."
            )
        consignment = Consignment(
            org_id=claimed.org_id,
            ereferral_id=claimed.ereferral_id,
            channel=claimed.channel,
            address=claimed.address,
            package=EreferralDispatch.model_validate_json(claimed.package, context=KEPT),
            attempted_at=claimed.started_at,
            possible_repeat=claimed.possible_repeat,
            message=claimed.message,
            cancel_reason=claimed.cancel_reason,
            cancelled_at=claimed.cancelled_at,
            answer_link=self._letter_link(),
        )
        content = claimed.content
        try:
            if content is None:
                content = await asyncio.get_running_loop().run_in_executor(
                    self._composing, channel.sender.compose, consignment
                )
            return await self._send(channel, consignment, content)
        except (asyncio.CancelledError, AttemptWithdrawn):
            raise
        except Exception as error:
            # Our own fault with this one: it must neither be lost nor stop the others.
            return self._our_fault(error)

    def _letter_link(self) -> LetterLink | None:
        claimed, links = self.claimed, self._answer_links
        if links is None or claimed.answer_epoch is None or claimed.answer_token_hash is None:
            return None
        return links.in_letter(
            claimed.org_id, claimed.ereferral_id, claimed.answer_epoch, claimed.answer_token_hash
        )

    async def _send(self, channel: Channel, consignment: Consignment, content: bytes) -> Outcome:
        """The request to the partner has a span of its own, which the partner is told of."""
        asking = self._tracing.begin_request(
            f"send {self.claimed.channel}",
            self.claimed.traceparent,
            span_attributes(self.claimed),
        )
        consignment = replace(consignment, traceparent=asking.traceparent)
        outcome: Outcome | None = None
        try:
            outcome = await self._send_in_time(channel, consignment, content)
            return outcome
        finally:
            end_span(asking, outcome)

    async def _send_in_time(
        self, channel: Channel, consignment: Consignment, content: bytes
    ) -> Outcome:
        async def point_of_no_return() -> None:
            await pass_point_of_no_return(self._recorder.engine, self.claimed, content)
            self.something_left = True
            if channel.answer_seconds is not None:
                deadline.reschedule(asyncio.get_running_loop().time() + channel.answer_seconds)

        deadline = asyncio.timeout(channel.deadline_seconds)
        try:
            async with deadline:
                return await channel.sender.send(consignment, content, point_of_no_return)
        except TimeoutError:
            if self.something_left:
                return OutcomeUnknown(FailureCode.TIMED_OUT, "No answer in time.")
            return TransientFailure(FailureCode.TIMED_OUT, "Nothing could be sent in time.")

    def _our_fault(self, error: Exception) -> Outcome:
        log.error(
            "attempt failed by our own fault",
            ereferral_id=str(self.claimed.ereferral_id),
            channel=self.claimed.channel,
            error=type(error).__name__,
            where=logs.place(error),
        )
        detail = "A fault of the sender's own."
        if self.something_left:
            return OutcomeUnknown(FailureCode.INTERNAL_FAULT, detail)
        return TransientFailure(FailureCode.INTERNAL_FAULT, detail)

    async def _record(self, outcome: Outcome) -> None:
        """Record the outcome however long the database is away; the lease settles it if we die."""
        self.recording = True
        async for again in stamina.retry_context(
            on=is_outage, attempts=None, timeout=None, wait_initial=0.2, wait_max=5.0
        ):
            with again:
                if not await self._recorder.record(self.claimed, outcome):
                    log.warning(
                        "outcome came too late",
                        ereferral_id=str(self.claimed.ereferral_id),
                        attempt=self.claimed.number,
                    )
        end_span(self._traced, outcome)
        seconds = time.monotonic() - self._started
        tell(self.claimed, outcome, left=self.something_left, seconds=seconds)
