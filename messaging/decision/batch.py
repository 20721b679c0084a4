"""A batch of messages in one transaction: repeats found, rows loaded, handlers run, all committed.

The order inside the transaction and its reasons are in `docs/concepts/messaging.md`.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiormq.abc import DeliveredMessage
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.problems import ProblemCode, Refusal
from contracts.replies import ReplyStatus
from messaging.database.engine import limit_to_orgs
from messaging.database.errors import constraint_name, is_message_fault
from messaging.decision.checks import decide
from messaging.decision.fault import internal_error
from messaging.decision.inbox import MessageKey, StoredReply, find_replies, store_replies
from messaging.decision.loading import load, orgs_with
from messaging.decision.record import Settled, tell
from messaging.handlers.workspace import Need, Outgoing, Publishing, Rows, Workspace
from messaging.intake.admission import Incoming, Intake
from messaging.outbox import table as outbox
from messaging.pacing.retry import until_it_answers
from messaging.replies.replies import Replies, Verdict, refused, success_body
from messaging.telemetry import metrics
from messaging.telemetry.tracing import Traced, Tracing
from messaging.trail import audit

LONGEST_PAUSE_SECONDS = 5.0
LARGE_BODY_BYTES = 16 * 1024
TRIES_ALONE = 3
TRIES_TOGETHER = 3
_STORED_REFUSALS = (404, 409, 422)


class HandlerFault(Exception):
    """A handler raised something that is not a refusal: our bug, found by this one message."""


class _SameId(Exception):
    """Two messages of one id, and the first was refused unheard: nothing of it is stored."""


class Decider:
    """Decides the commands or events of one queue, a batch at a time.

    `after_commit` is called when events were recorded: the outbox relay need not wait for its poll.
    `report` is told what PostgreSQL refuses, or None.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        intake: Intake,
        replies: Replies,
        publishing: Publishing,
        *,
        queue: str,
        clock: Callable[[], datetime],
        tracing: Tracing,
        after_commit: Callable[[], None],
        report: Callable[[str | None], None],
    ) -> None:
        self._engine = engine
        self._intake = intake
        self._replies = replies
        self._publishing = publishing
        self._queue = queue
        self._clock = clock
        self._tracing = tracing
        self._after_commit = after_commit
        self._report = report

    async def decide(self, deliveries: Sequence[DeliveredMessage]) -> set[int]:
        """Decide all, commit, reply and park; when it returns, all may be acknowledged.

        But for those whose delivery tags it returns: these are to be rejected, and so parked by the
        broker.

        Raises DatabaseAway after a minute without the database, and what the broker raised where a
        reply or a dead letter could not leave: in both cases nothing may be acknowledged.
        """
        began = time.perf_counter()
        refusals: list[Verdict] = []
        batch: list[Incoming] = []
        spans: list[Traced] = []
        for delivery in deliveries:
            if len(delivery.body) > LARGE_BODY_BYTES:
                await asyncio.sleep(0)  # A batch of such takes seconds, and heartbeats are due.
            try:
                incoming = self._intake(delivery)
            except Refusal as refusal:
                refusals.append(refused(delivery, refusal))
            else:
                if incoming is not None:
                    traced, envelope = self._tracing.begin_message(self._queue, incoming.envelope)
                    batch.append(replace(incoming, envelope=envelope))
                    spans.append(traced)
        decided = await self._decide_when_possible(batch) if batch else []
        to_be_rejected = await self._replies.send([*refusals, *decided], self._clock())
        for traced, verdict in zip(spans, decided, strict=True):
            traced.end(failed=verdict.must_be_parked, **{"handoff.status": verdict.status})
        told = [Settled(verdict, None) for verdict in refusals]
        told += [Settled(v, item.envelope) for item, v in zip(batch, decided, strict=True)]
        self._tell(told, time.perf_counter() - began)
        return to_be_rejected

    async def _decide_when_possible(self, batch: list[Incoming]) -> list[Verdict]:
        return await until_it_answers(
            lambda: self._decide(batch),
            queue=self._queue,
            messages=len(batch),
            longest_pause_seconds=LONGEST_PAUSE_SECONDS,
            report=self._report,
        )

    async def _decide(self, batch: list[Incoming]) -> list[Verdict]:
        for _ in range(TRIES_TOGETHER):
            try:
                return await self._transact(batch)
            except Exception as error:
                if _is_lost_race(error):
                    continue
                if not (_is_guilt(error) or isinstance(error, _SameId)):
                    raise
                break
        # Alone, the innocent succeed and the guilty one shows.
        return [await self._decide_alone(incoming) for incoming in batch]

    async def _decide_alone(self, incoming: Incoming) -> Verdict:
        fault: Exception | None = None
        for _ in range(TRIES_ALONE):
            try:
                return (await self._transact([incoming]))[0]
            except Exception as error:
                if not (_is_lost_race(error) or _is_guilt(error)):
                    raise
                fault = error
                if isinstance(error, HandlerFault):
                    break  # Another replica's write cannot be the cause: once is enough.
        cause = fault.__cause__ if isinstance(fault, HandlerFault) else fault
        return internal_error(incoming.delivery, incoming.envelope, cause, queue=self._queue)

    async def _transact(self, batch: list[Incoming]) -> list[Verdict]:
        async with (
            AsyncSession(self._engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            now = await limit_to_orgs(session, (incoming.envelope.org_id for incoming in batch))
            idle = await _of_no_concern(session, batch)
            concerned = [incoming for incoming in batch if _key(incoming) not in idle]
            if not concerned:
                return [_nothing_to_do(incoming) for incoming in batch]
            replies = await find_replies(session, map(_key, concerned))
            known = set(replies)
            rows = Rows()
            fresh = _first_of_each(concerned, known)
            workspaces = {key: self._workspace(item, rows, now) for key, item in fresh.items()}
            named = await _load_needs(session, rows, fresh, workspaces)
            outgoing: list[Outgoing] = []
            trail: list[audit.Entry] = []
            verdicts = []
            for incoming in batch:
                key = _key(incoming)
                if key in idle:
                    verdicts.append(_nothing_to_do(incoming))
                    continue
                stored = replies.get(key)
                if stored is not None:
                    verdicts.append(_repeat(incoming, stored))
                    continue
                if incoming is not fresh[key]:
                    raise _SameId  # What was loaded for the first of them is not this one's.
                workspace = workspaces[key]
                verdict, stored = _decide_one(incoming, named.get(key, ()), workspace)
                if stored is not None:
                    replies[key] = stored
                if verdict.problem is None:
                    outgoing += workspace.outgoing
                    trail.append(_entry(incoming, verdict, stored, workspace))
                verdicts.append(verdict)
            await _write_rows(session, rows)
            await outbox.put(session, outgoing)
            await audit.append(session, trail)
            new = {key: stored for key, stored in replies.items() if key not in known}
            await store_replies(session, new, now)
        if outgoing:
            self._after_commit()
        return verdicts

    def _workspace(self, incoming: Incoming, rows: Rows, now: datetime) -> Workspace:
        envelope = incoming.envelope
        return Workspace(
            rows,
            self._publishing,
            org_id=envelope.org_id,
            now=now,
            message_id=envelope.message_id,
            actor=envelope.actor,
            traceparent=envelope.traceparent,
        )

    def _tell(self, told: list[Settled], seconds: float) -> None:
        metrics.BATCH_SIZE.labels(self._queue).observe(len(told))
        metrics.BATCH_SECONDS.labels(self._queue).observe(seconds)
        tell(self._queue, self._replies, told, seconds=seconds)


def _key(incoming: Incoming) -> MessageKey:
    message_id = incoming.envelope.message_id
    if message_id is None:
        raise LookupError("a command or event without a message id got past its intake")
    return incoming.envelope.org_id, message_id


async def _of_no_concern(session: AsyncSession, batch: list[Incoming]) -> set[MessageKey]:
    """The messages in whose org there is nothing for them to change."""
    asked: dict[type[Any], list[Incoming]] = {}
    for incoming in batch:
        model = incoming.handler.only_with
        if model is not None and incoming.message is not None:
            asked.setdefault(model, []).append(incoming)
    idle: set[MessageKey] = set()
    for model, messages in asked.items():
        held = await orgs_with(session, model, (one.envelope.org_id for one in messages))
        idle |= {_key(one) for one in messages if one.envelope.org_id not in held}
    return idle


def _nothing_to_do(incoming: Incoming) -> Verdict:
    return Verdict(incoming.delivery, ReplyStatus.OK, success_body(ReplyStatus.OK, None))


def _first_of_each(batch: list[Incoming], known: set[MessageKey]) -> dict[MessageKey, Incoming]:
    """The messages that have no reply yet, the first of each id."""
    fresh: dict[MessageKey, Incoming] = {}
    for incoming in batch:
        if _key(incoming) not in known:
            fresh.setdefault(_key(incoming), incoming)
    return fresh


async def _load_needs(
    session: AsyncSession,
    rows: Rows,
    fresh: dict[MessageKey, Incoming],
    workspaces: dict[MessageKey, Workspace],
) -> dict[MessageKey, Sequence[Need]]:
    """Load what each message names, then what those rows point to. Returns what each names."""
    named: dict[MessageKey, Sequence[Need]] = {}
    valid = [(key, item) for key, item in fresh.items() if item.message is not None]
    with _handler_code():
        for key, item in valid:
            named[key] = item.handler.needs(item.message)
    await load(session, rows, ((key[0], need) for key in named for need in named[key]))
    further: list[tuple[str, Need]] = []
    with _handler_code():
        for key, item in valid:
            if item.handler.then_needs is not None:
                more = item.handler.then_needs(item.message, workspaces[key])
                further += ((key[0], need) for need in more)
    await load(session, rows, further)
    return named


def _decide_one(
    incoming: Incoming, named: Sequence[Need], workspace: Workspace
) -> tuple[Verdict, StoredReply | None]:
    """One message's verdict, and what the inbox keeps of it (None: nothing, it may come again)."""
    body_hash = incoming.envelope.body_hash
    try:
        if incoming.refusal is not None or incoming.message is None:
            raise incoming.refusal or LookupError("neither a message nor a refusal")
        with _handler_code():
            done = decide(incoming.handler, incoming.message, named, workspace)
            data = None if done.data is None else workspace.encode(done.data)
    except Refusal as refusal:
        verdict = refused(incoming.delivery, refusal)
        is_kept = verdict.status in _STORED_REFUSALS and _has_reply_queue(incoming)
        stored = StoredReply(body_hash, verdict.status, None, verdict.body) if is_kept else None
        return verdict, stored
    body = success_body(done.status, data)
    return (
        Verdict(incoming.delivery, done.status, body),
        StoredReply(body_hash, done.status, done.id, None if done.reply_is_secret else body),
    )


def _entry(
    incoming: Incoming, verdict: Verdict, stored: StoredReply | None, workspace: Workspace
) -> audit.Entry:
    return audit.entry(
        incoming.envelope,
        at=workspace.now,
        status=verdict.status,
        record_id=stored.resource_id if stored is not None else None,
        patient_ids=workspace.patient_ids,
        operation=workspace.audited_as,
    )


def _has_reply_queue(incoming: Incoming) -> bool:
    return bool(incoming.delivery.header.properties.reply_to)


def _repeat(incoming: Incoming, stored: StoredReply) -> Verdict:
    if stored.body_hash != incoming.envelope.body_hash:
        return refused(
            incoming.delivery,
            Refusal(
                ProblemCode.MESSAGE_ID_REUSED,
                "This message_id was used before with another operation or body: send this one "
                "under a new message_id.",
            ),
        )
    return Verdict(incoming.delivery, stored.status, stored.body(), is_repeat=True)


async def _write_rows(session: AsyncSession, rows: Rows) -> None:
    """Changed rows, then new ones, tables in the order of their foreign keys."""
    await session.flush()
    if not rows.added:
        return
    order = {table: n for n, table in enumerate(rows.added[0].metadata.sorted_tables)}
    by_table: dict[Any, list[Any]] = {}
    for row in rows.added:
        by_table.setdefault(row.__table__, []).append(row)
    for table in sorted(by_table, key=order.__getitem__):
        session.add_all(by_table[table])
        await session.flush()


@contextmanager
def _handler_code() -> Iterator[None]:
    """Where a service's own code runs: what it raises, but a refusal, is its fault."""
    try:
        yield
    except Refusal:
        raise
    except Exception as error:
        raise HandlerFault from error


def _is_lost_race(error: Exception) -> bool:
    """Another replica decided one of these messages first."""
    return constraint_name(error) == "inbox_pkey"


def _is_guilt(error: Exception) -> bool:
    """The closed list: an integrity or data error, or an exception of a handler's own."""
    if isinstance(error, HandlerFault) or is_message_fault(error):
        return True
    # Raised by SQLAlchemy before the database is asked: a value that no column takes.
    return type(error) is StatementError
