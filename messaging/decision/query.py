"""Queries: read in a transaction that sees one org. Nothing of them is remembered."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from aiormq.abc import DeliveredMessage
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.problems import FieldError, Refusal, invalid
from contracts.replies import ReplyStatus
from contracts.shapes import ListQuery, Query, Shape
from messaging.database.engine import org_snapshot
from messaging.decision.fault import internal_error
from messaging.decision.record import Settled, tell
from messaging.handlers.pages import check_cursor
from messaging.handlers.reader import Readers
from messaging.intake.admission import Asked, query_intake
from messaging.intake.grants import Grants
from messaging.pacing.retry import DatabaseAway, until_it_answers
from messaging.replies.replies import Replies, Verdict, refused, success_body
from messaging.telemetry import metrics
from messaging.telemetry.tracing import Tracing
from messaging.trail import audit
from messaging.wire.envelope import Envelope

LONGEST_PAUSE_SECONDS = 0.5
MAX_REPLY_BYTES = 16 * 1024 * 1024
"""RabbitMQ's `max_message_size`, as it is by default since 4.0."""


def check_size(body: bytes, query: Query) -> None:
    """Raises Refusal `validation_error` where the broker would not take the reply.

    It would close the channel, and with that go others' replies too.
    """
    if len(body) <= MAX_REPLY_BYTES:
        return
    paged = "page_size" in type(query).model_fields
    ask = ": ask for fewer a page" if paged else ""
    message = f"The reply is larger than {MAX_REPLY_BYTES // 1024**2} MiB{ask}"
    loc: list[str | int] = ["page_size"] if paged else []
    raise invalid([FieldError(loc=loc, type="answer_too_large", msg=message)])


class QueryReader:
    """Reads what the queries of one queue ask for, those of a batch at the same time.

    `report` is told what PostgreSQL refuses, or None.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        readers: Readers,
        grants: Grants,
        replies: Replies,
        *,
        queue: str,
        clock: Callable[[], datetime],
        tracing: Tracing,
        report: Callable[[str | None], None],
    ) -> None:
        self._engine = engine
        self._intake = query_intake(readers, grants)
        self._replies = replies
        self._queue = queue
        self._clock = clock
        self._tracing = tracing
        self._report = report

    async def read(self, deliveries: Sequence[DeliveredMessage]) -> set[int]:
        """Read and reply to all. Returns the delivery tags of those that are to be rejected.

        Raises DatabaseAway, or what the broker raised; then none is acknowledged.
        """
        began = time.perf_counter()
        read = await asyncio.gather(*map(self._decide, deliveries))
        to_be_rejected = await self._replies.send([one.verdict for one in read], self._clock())
        tell(self._queue, self._replies, read, seconds=time.perf_counter() - began)
        return to_be_rejected

    async def _decide(self, delivery: DeliveredMessage) -> Settled:
        try:
            asked = self._intake(delivery)
            if isinstance(asked.query, ListQuery):
                check_cursor(asked.query)
        except Refusal as refusal:
            return Settled(refused(delivery, refusal), None)
        traced, envelope = self._tracing.begin_message(self._queue, asked.envelope)
        failed = True
        try:
            verdict = await self._answer(delivery, replace(asked, envelope=envelope))
            failed = verdict.must_be_parked
        finally:
            traced.end(failed=failed)
        return Settled(verdict, envelope)

    async def _answer(self, delivery: DeliveredMessage, asked: Asked) -> Verdict:
        started = time.monotonic()
        try:
            found = await self._read_when_possible(asked)
            metrics.QUERY_SECONDS.labels(asked.envelope.operation).observe(
                time.monotonic() - started
            )
            body = success_body(ReplyStatus.OK, found.to_json())
            check_size(body, asked.query)
        except Refusal as refusal:
            return refused(delivery, refusal)
        except _QueryFault as fault:
            return internal_error(delivery, asked.envelope, fault.__cause__, queue=self._queue)
        return Verdict(delivery, ReplyStatus.OK, body)

    async def _read_when_possible(self, asked: Asked) -> Shape:
        try:
            return await until_it_answers(
                lambda: self._read(asked),
                queue=self._queue,
                messages=1,
                longest_pause_seconds=LONGEST_PAUSE_SECONDS,
                report=self._report,
            )
        except (Refusal, DatabaseAway):
            raise
        except Exception as error:
            raise _QueryFault from error

    async def _read(self, asked: Asked) -> Shape:
        async with org_snapshot(self._engine, asked.query.org_id) as (session, now):
            found = await asked.reader.read(asked.query, session, now)
            patient_ids = await _patients(asked, found, session)
            await _leave_trail(session, patient_ids, found, asked.envelope, now)
            return found


async def _patients(asked: Asked, found: Shape, session: AsyncSession) -> Collection[UUID]:
    reader = asked.reader
    if reader.find_patients is not None:
        return await reader.find_patients(asked.query, found, session)
    return reader.patients(found) if reader.patients is not None else ()


async def _leave_trail(
    session: AsyncSession,
    patient_ids: Collection[UUID],
    found: Shape,
    envelope: Envelope,
    now: datetime,
) -> None:
    """Whoever reads patients' data is written down, in the same transaction."""
    if patient_ids:
        one = audit.entry(
            envelope,
            at=now,
            status=ReplyStatus.OK,
            record_id=getattr(found, "id", None),
            patient_ids=set(patient_ids),
        )
        await audit.append(session, [one])


class _QueryFault(Exception):
    """A reader raised something that is not a refusal: our bug."""
