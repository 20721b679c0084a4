"""Sending what was planned, and what its reply means for the row.

A command and its bytes are committed before it is sent; reply and external id in one commit.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import delete, select

from contracts.connecting import PROBLEM_PREFIX, ImportKind, RowCode
from contracts.problems import ProblemCode
from contracts.values import parse_time
from messaging.outbox.system_work import SystemWork
from services.connectors.models import ExternalId, OutgoingRow, StagedRow
from services.connectors.planning.steps import Kept, Then
from services.connectors.runs.commands import (
    GENERATIONS_LOOKED_UP,
    IN_FLIGHT,
    Calls,
    Replied,
    ToSend,
    send_all,
)
from services.connectors.runs.conflicts import adopt, hold, merge_held
from services.connectors.runs.context import RunContext
from services.connectors.runs.keys import Key, one_of, rows_of
from services.connectors.runs.leases import leased
from services.connectors.runs.marking import applied, ask_again, refuse, row_of
from services.connectors.runs.progress import note
from services.connectors.runs.staging import STAGED, WAITING
from services.connectors.runs.twins import stage_twins

REFERRALS = "referrals"


def to_send(context: RunContext, outgoing: OutgoingRow, known: ExternalId | None) -> ToSend:
    """A command that was frozen before."""
    envelope = context.sealer.open(outgoing.body, context.place("outgoing"))
    command, then = envelope["command"].encode(), Then(envelope["then"])
    return frozen(context, outgoing, known, command, then, envelope["base"])


def frozen(
    context: RunContext,
    outgoing: OutgoingRow,
    known: ExternalId | None,
    command: bytes,
    then: Then,
    base: Kept | None,
) -> ToSend:
    """A command as it is sent, with the queries for what it may meet."""
    kind, external_id = outgoing.kind, outgoing.external_id
    generation = 1 if known is None else known.generation
    return ToSend(
        kind,
        external_id,
        outgoing.external_version,
        outgoing.message_id,
        outgoing.operation,
        command,
        then,
        base,
        lambda: _look_up(context, kind, external_id, command, generation),
        known is not None
        and known.version is None
        and known.uuid != context.uuid_of(kind, external_id, generation),
    )


_GET = {
    ImportKind.PROVIDER: ("provider.get", "provider_uuid"),
    ImportKind.PATIENT: ("patient.get", "patient_uuid"),
    ImportKind.PARTNER: ("referral_partner.get", "referral_partner_uuid"),
    ImportKind.SOURCE: ("referral_source.get", "referral_source_uuid"),
    ImportKind.ATTRIBUTION: ("referral_attribution.get", "attribution_uuid"),
    ImportKind.REFERRAL: ("referral.get", "referral_uuid"),
}


def _look_up(
    context: RunContext, kind: ImportKind, external_id: str, command: bytes, generation: int
) -> list[tuple[str, dict[str, str]]]:
    """The queries that find what a command met: its resource, then the next generations of it."""
    operation, name = _GET[kind]
    fields = orjson.loads(command)
    uuid = fields.get(name) or fields["id"]
    query = {"org_id": context.org_id}
    if kind is ImportKind.ATTRIBUTION:
        query["patient_uuid"] = fields["patient_uuid"]
    later = [
        str(context.uuid_of(kind, external_id, generation + ahead))
        for ahead in range(1, GENERATIONS_LOOKED_UP)
    ]
    return [(operation, {**query, name: one}) for one in [uuid, *later]]


async def deliver(
    context: RunContext, client: Calls, slots: asyncio.Semaphore, commands: Sequence[ToSend]
) -> list[UUID]:
    """Send, and commit whatever was replied, even where the rest was not.

    The ids of the rows that take another step.
    """
    replies: list[Replied] = []
    again: list[UUID] = []
    try:
        await send_all(client, slots, commands, replies.append)
    finally:
        if replies:
            again = await _settle(context, replies)
    return again


async def send_again(context: RunContext, client: Calls) -> None:
    """What was committed and perhaps sent before a restart: the same bytes again."""
    async with leased(context.engine, context.claimed) as (work, _):
        found = await work.session.scalars(
            select(OutgoingRow)
            .where(
                OutgoingRow.org_id == context.org_id,
                OutgoingRow.connection_id == context.claimed.id,
                OutgoingRow.target == REFERRALS,
            )
            .order_by(OutgoingRow.seq)
        )
        commands = []
        for one in found.all():
            key = (context.org_id, context.claimed.id, one.kind, one.external_id)
            known = await work.session.get(ExternalId, key)
            commands.append(to_send(context, one, known))
    await deliver(context, client, asyncio.Semaphore(IN_FLIGHT), commands)


async def _settle(context: RunContext, replies: Sequence[Replied]) -> list[UUID]:
    """Reply and external id in one commit; the ids of the rows that take another step."""
    async with leased(context.engine, context.claimed) as (work, _):
        was_held = await _no_longer_outgoing(work, context, replies)
        keys = {(reply.sent.kind, reply.sent.external_id) for reply in replies}
        known, staged = await _met(work, context, keys)
        for reply in replies:
            sent = reply.sent
            of_row = known.get((sent.kind, sent.external_id))
            if of_row is None or sent.message_id not in was_held:
                continue
            of_row.updated_at = work.now
            waiting = staged.get((sent.kind, sent.external_id))
            if (
                waiting is None
                or waiting.body is None
                or waiting.external_version != sent.external_version
            ):
                # A newer version of the row is staged: it is planned from the version held now.
                data = reply.answered.data
                of_row.version = of_row.version if not data else data["version"]
            elif reply.problem is None:
                await _succeeded(work, context, reply, of_row, waiting)
            else:
                await _failed(work, context, reply, of_row, waiting)
        await note(work, context)
    return [row.id for row in staged.values() if row.body and row.state in (STAGED, WAITING)]


async def _no_longer_outgoing(
    work: SystemWork, context: RunContext, replies: Sequence[Replied]
) -> set[UUID]:
    """Delete what was answered; what is gone by now (its patient was erased) is not among it."""
    deleted = await work.session.scalars(
        delete(OutgoingRow)
        .where(
            OutgoingRow.org_id == context.org_id,
            one_of(OutgoingRow.message_id, [reply.sent.message_id for reply in replies]),
        )
        .returning(OutgoingRow.message_id)
        .execution_options(synchronize_session=False)
    )
    return set(deleted)


async def _met(
    work: SystemWork, context: RunContext, keys: set[Key]
) -> tuple[dict[Key, ExternalId], dict[Key, StagedRow]]:
    """What the replies are about, in two statements."""
    return (
        await rows_of(work.session, context, ExternalId, keys, locked=True),
        await rows_of(work.session, context, StagedRow, keys, locked=True),
    )


async def _succeeded(
    work: SystemWork,
    context: RunContext,
    reply: Replied,
    known: ExternalId,
    staged: StagedRow,
) -> None:
    then, base = reply.sent.then, reply.sent.base
    data = reply.answered.data
    is_new = known.version is None
    if then in (Then.NEXT_GENERATION, Then.GONE) and known.kind is ImportKind.ATTRIBUTION:
        known.generation += 1
        known.uuid = context.uuid_of(known.kind, known.external_id, known.generation)
        known.version, known.gone = None, then is Then.GONE
        rows = [sealed for sealed in (known.base, staged.body) if sealed is not None]
        opened = [context.sealer.open(sealed, context.place("row")) for sealed in rows]
        await stage_twins(work, context, known, [kept.get("referral_num") for kept in opened])
        if then is Then.NEXT_GENERATION:
            return
        known.external_version = None
        await applied(work, context, staged, known)
        return
    if data is None and then is Then.MADE:
        known.archived = True  # A newer archive is held here.
    known.version = data["version"] if data is not None else known.version
    known.gone = then is Then.GONE
    hold(known, data or {})
    command = orjson.loads(reply.sent.body)
    if "observed_at" in command:
        known.observed_at = parse_time(command["observed_at"])
    if then is not Then.RESPONDED:
        # The news of what was created may be here before the reply.
        made = is_new or reply.sent.operation.endswith(".create")
        context.counts.add(known.kind, "created" if made else "updated")
    if base is not None:
        known.base = context.sealer.seal(base, context.place("row"))
        return
    await applied(work, context, staged, known)
    if then is Then.GONE:
        known.external_version = None


async def _failed(
    work: SystemWork,
    context: RunContext,
    reply: Replied,
    known: ExternalId,
    staged: StagedRow,
) -> None:
    problem = reply.problem or ""
    creates = reply.sent.operation.endswith(".create")
    if reply.sent.is_linked and problem.endswith("_not_found"):
        known.uuid = context.uuid_of(known.kind, known.external_id, known.generation)
        refuse(work, context, staged, f"{PROBLEM_PREFIX}{problem}", ())
    elif problem in ("already_exists", "message_id_reused"):
        await adopt(work, context, reply, known, staged)
    elif problem == "version_conflict" and reply.held is not None:
        await merge_held(work, context, reply.held, known, staged)
    elif problem.endswith("_not_found"):
        named = problem.removesuffix("_not_found")
        if not creates and reply.sent.operation.startswith(f"{named}."):
            known.archived = True  # Archived here: it stays so.
            await applied(work, context, staged, known)
        else:
            await _lacks(work, context, reply, staged)
    elif problem == "primary_attribution_exists":
        staged.as_secondary = True
    elif problem == "invalid_transition":
        refuse(work, context, staged, RowCode.STATUS_CONTRADICTS, ("RefToStatus",))
    elif problem == "internal_error":
        staged.state = WAITING
        if staged.code != RowCode.BOTH_CHANGED:  # A person has decided about its fields.
            staged.code = f"{PROBLEM_PREFIX}{problem}"
    else:
        errors = (reply.answered.problem or {}).get("errors", [])
        fields = {str(error["loc"][0]) for error in errors if error.get("loc")}
        row = row_of(context, staged)
        theirs = context.mapped(known.kind, row.kept, row.stamp, work.now).their_names(fields)
        refuse(work, context, staged, f"{PROBLEM_PREFIX}{problem}", theirs)


async def _lacks(work: SystemWork, context: RunContext, reply: Replied, staged: StagedRow) -> None:
    """What the command refers to is not here: the row waits, and is another command then."""
    staged.state, staged.code = WAITING, RowCode.MISSING_REFERENCE.value
    staged.version += 1
    context.waiting[staged.id] = RowCode.MISSING_REFERENCE
    number = row_of(context, staged).kept.get("source_id")
    if number is not None and reply.problem == ProblemCode.REFERRAL_SOURCE_NOT_FOUND:
        meant = orjson.loads(reply.sent.body)["referral_source_uuid"]
        await ask_again(work, context, str(number), meant)
