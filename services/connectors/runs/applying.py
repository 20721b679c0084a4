"""Applying what is staged: plan, commit the command, send it, commit its reply.

Whatever happens in between, the same bytes are sent again under the same id.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import select

from contracts.connecting import ImportKind, RowCode, RowResolution
from messaging.outbox.system_work import SystemWork
from services.connectors.models import ExternalId, OutgoingRow, StagedRow
from services.connectors.planning.steps import (
    Later,
    Nothing,
    Refused,
    Row,
    Send,
    StageAlso,
    Waits,
)
from services.connectors.rules.identity import message_id
from services.connectors.runs.commands import IN_FLIGHT, Calls, ToSend
from services.connectors.runs.context import RunContext
from services.connectors.runs.duplicates import Ours, read_ours
from services.connectors.runs.keys import one_of
from services.connectors.runs.leases import leased
from services.connectors.runs.marking import (
    applied,
    refuse,
    row_of,
    stage_also,
    tell_waiting,
    wait,
)
from services.connectors.runs.settling import REFERRALS, deliver, frozen
from services.connectors.runs.staging import DONE, STAGED, WAITING
from services.connectors.runs.surroundings import Surroundings

CHUNK = 256
CHUNKS_AT_ONCE = 2
ROUNDS = 5
"""Steps that one row takes at most in one go: archive, create, make inactive."""
PASSES = 4


async def apply_all(context: RunContext, client: Calls) -> None:
    """Apply whatever is staged. Raises NoReply and LeaseLost."""
    ours: Ours | None = None
    for _ in range(PASSES):
        moved = False
        for kind in ImportKind:
            if ours is None and kind in (ImportKind.PARTNER, ImportKind.SOURCE):
                ours = await _ours_if_needed(context, client)
            moved = await _apply_kind(context, client, kind, ours or Ours()) or moved
        if not moved:
            break
    await tell_waiting(context)


async def _ours_if_needed(context: RunContext, client: Calls) -> Ours | None:
    """Only a row that was never seen can be somebody who is here already."""
    async with leased(context.engine, context.claimed) as (work, _):
        first_seen = await work.session.scalar(
            select(StagedRow.id)
            .join(
                ExternalId,
                (StagedRow.org_id == ExternalId.org_id)
                & (StagedRow.connection_id == ExternalId.connection_id)
                & (StagedRow.kind == ExternalId.kind)
                & (StagedRow.external_id == ExternalId.external_id),
            )
            .where(
                StagedRow.org_id == context.org_id,
                StagedRow.connection_id == context.claimed.id,
                StagedRow.kind.in_((ImportKind.PARTNER, ImportKind.SOURCE)),
                StagedRow.state == STAGED,
                ExternalId.version.is_(None),
            )
            .limit(1)
        )
    return None if first_seen is None else await read_ours(context, client)


async def _apply_kind(context: RunContext, client: Calls, kind: ImportKind, ours: Ours) -> bool:
    """Apply the rows of a kind; whether anything moved."""
    moved = False
    left = await _staged_ids(context, kind)
    for _ in range(ROUNDS):
        if not left:
            break
        left, some_moved = await _apply_step(context, client, left, ours)
        moved = moved or some_moved
    return moved


async def _apply_step(
    context: RunContext, client: Calls, ids: Sequence[UUID], ours: Ours
) -> tuple[list[UUID], bool]:
    """One step of each row; the ids of those that may take another one, and whether any moved.

    While the commands of some rows are answered, those of the next ones are planned and sent: there
    are always as many in flight as there may be.
    """
    again: list[UUID] = []
    moved = False
    slots = asyncio.Semaphore(IN_FLIGHT)
    delivering: deque[asyncio.Task[list[UUID]]] = deque()
    try:
        for chunk in _chunks(ids):
            commands, more = await _plan(context, chunk, ours)
            moved = moved or bool(commands or more)
            again += more
            if len(delivering) == CHUNKS_AT_ONCE:
                again += await delivering.popleft()
            delivering.append(asyncio.create_task(deliver(context, client, slots, commands)))
        while delivering:
            again += await delivering.popleft()
    finally:
        for task in delivering:
            task.cancel()
        await asyncio.gather(*delivering, return_exceptions=True)
    return again, moved


def _chunks(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


async def _staged_ids(context: RunContext, kind: ImportKind) -> Sequence[UUID]:
    async with leased(context.engine, context.claimed) as (work, _):
        found = await work.session.scalars(
            select(StagedRow.id)
            .where(
                StagedRow.org_id == context.org_id,
                StagedRow.connection_id == context.claimed.id,
                StagedRow.kind == kind,
                StagedRow.state.in_((STAGED, WAITING)),
                StagedRow.body.is_not(None),
            )
            .order_by(StagedRow.seq)
        )
        return found.all()


async def _plan(
    context: RunContext, ids: Sequence[UUID], ours: Ours
) -> tuple[list[ToSend], list[UUID]]:
    """The commands of these rows, frozen, and the ids of those that take another step at once."""
    commands: list[ToSend] = []
    moved: list[UUID] = []
    async with leased(context.engine, context.claimed) as (work, _):
        found = await work.session.scalars(
            select(StagedRow)
            .where(StagedRow.org_id == context.org_id, one_of(StagedRow.id, ids))
            .where(StagedRow.state.in_((STAGED, WAITING)), StagedRow.body.is_not(None))
            .order_by(StagedRow.seq)
            .with_for_update()
        )
        staged = {row.id: row for row in found}
        rows = {id_: row_of(context, one) for id_, one in staged.items()}
        around = Surroundings(context, work.now)
        await around.load(work.session, list(rows.values()))
        for id_, one in staged.items():
            row = rows[id_]
            known = around.row(row.kind, row.external_id)
            if known is None or known.erased:
                one.state, one.body = DONE, None
                continue
            step = context.plan(row, around.known(row.kind, row.external_id), around)
            if isinstance(step, Send) and _is_duplicate(step, row, one, known, ours):
                refuse(work, context, one, RowCode.POSSIBLE_DUPLICATE, ())
                continue
            match step:
                case Nothing():
                    await applied(work, context, one, known)
                case Later():
                    pass
                case Waits(code):
                    await wait(work, context, one, code, row)
                case Refused(code, fields):
                    refuse(work, context, one, code, fields)
                case StageAlso(kind, external_id, kept):
                    stage_also(work, context, kind, external_id, kept)
                    moved.append(id_)
                case Send():
                    commands.append(_freeze(work, context, one, known, step))
    return commands, moved


def _is_duplicate(step: Send, row: Row, staged: StagedRow, known: ExternalId, ours: Ours) -> bool:
    if not step.operation.endswith(".create") or known.version is not None:
        return False
    if row.kind not in (ImportKind.PARTNER, ImportKind.SOURCE):
        return False
    if row.resolution in (RowResolution.CREATE, RowResolution.LINK):
        return False
    found = ours.duplicate(row.kind, step.fields)
    staged.uuid = found
    return found is not None


def _freeze(
    work: SystemWork, context: RunContext, staged: StagedRow, known: ExternalId, step: Send
) -> ToSend:
    """The command with its id and bytes, which from now on never change."""
    operation = f"{step.operation}:{step.variant}" if step.variant else step.operation
    if staged.resolution is not None:
        # What a person decided is another command than the one that was refused.
        operation += f":{staged.resolution}:{staged.version}"
    elif staged.code == RowCode.MISSING_REFERENCE:
        # So is one that was refused for what it refers to, and may refer to something else now.
        operation += f":again:{staged.version}"
    id_ = message_id(
        context.system_name,
        context.claimed.id,
        staged.kind,
        staged.external_id,
        staged.external_version,
        operation,
        step.base_version,
    )
    context.counts.skew_seconds = max(context.counts.skew_seconds, step.skew_seconds)
    command = orjson.dumps({"org_id": context.org_id, **step.fields})
    envelope = {"command": command.decode(), "then": step.then.value, "base": step.base}
    held = OutgoingRow(
        org_id=context.org_id,
        message_id=id_,
        connection_id=context.claimed.id,
        target=REFERRALS,
        kind=staged.kind,
        external_id=staged.external_id,
        external_version=staged.external_version,
        operation=step.operation,
        body=context.sealer.seal(envelope, context.place("outgoing")),
        tries=0,
        created_at=work.now,
    )
    work.rows.added.append(held)
    return frozen(context, held, known, command, step.then, step.base)
