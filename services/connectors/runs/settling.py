"""Sending what was planned, and what its reply means for the row.

A command and its bytes are committed before it is sent; reply and external id in one commit.
"""

from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import delete, select, tuple_

from contracts.connecting import PROBLEM_PREFIX, ImportKind, RowCode, RowResolution
from contracts.values import parse_time
from messaging.outbox.system_work import SystemWork
from services.connectors.models import ExternalId, OutgoingRow, StagedRow
from services.connectors.planning.steps import Then
from services.connectors.rules.ownership import differing, merge
from services.connectors.runs.commands import (
    GENERATIONS_LOOKED_UP,
    Calls,
    Replied,
    ToSend,
    send_all,
)
from services.connectors.runs.context import RunContext
from services.connectors.runs.leases import leased
from services.connectors.runs.marking import applied, refuse, row_of
from services.connectors.runs.staging import WAITING

REFERRALS = "referrals"


def to_send(context: RunContext, outgoing: OutgoingRow, generation: int) -> ToSend:
    """A frozen command as it is sent, with the queries for what it may meet."""
    envelope = context.sealer.open(outgoing.body, context.place("outgoing"))
    command = envelope["command"].encode()
    return ToSend(
        outgoing.kind,
        outgoing.external_id,
        outgoing.message_id,
        outgoing.operation,
        command,
        _look_up(context, outgoing, orjson.loads(command), generation),
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
    context: RunContext, outgoing: OutgoingRow, fields: dict[str, str], generation: int
) -> tuple[tuple[str, dict[str, str]], ...]:
    """The queries that find what a command met: its resource, then the next generations of it."""
    operation, name = _GET[outgoing.kind]
    uuid = fields.get(name) or fields["id"]
    query = {"org_id": context.org_id}
    if outgoing.kind is ImportKind.ATTRIBUTION:
        query["patient_uuid"] = fields["patient_uuid"]
    later = [
        str(context.uuid_of(outgoing.kind, outgoing.external_id, generation + ahead))
        for ahead in range(1, GENERATIONS_LOOKED_UP)
    ]
    return tuple((operation, {**query, name: one}) for one in [uuid, *later])


async def deliver(context: RunContext, client: Calls, commands: Sequence[ToSend]) -> None:
    """Send, and commit whatever was replied, even where the rest was not."""
    replies: list[Replied] = []
    try:
        await send_all(client, commands, replies.append)
    finally:
        if replies:
            await _settle(context, replies)


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
            commands.append(to_send(context, one, 1 if known is None else known.generation))
    await deliver(context, client, commands)


async def _settle(context: RunContext, replies: Sequence[Replied]) -> None:
    """Reply and external id in one commit."""
    async with leased(context.engine, context.claimed) as (work, _):
        known, staged, outgoing = await _met(work, context, replies)
        done: list[UUID] = []
        for reply in replies:
            sent = reply.sent
            key = (sent.kind, sent.external_id)
            of_row, waiting, frozen = known.get(key), staged.get(key), outgoing.get(sent.message_id)
            done.append(sent.message_id)
            if frozen is None or of_row is None:
                continue
            of_row.updated_at = work.now
            if (
                waiting is None
                or waiting.body is None
                or waiting.external_version != frozen.external_version
            ):
                # A newer version of the row is staged: it is planned from the version held now.
                data = reply.answered.data
                of_row.version = of_row.version if not data else data["version"]
            elif reply.problem is None:
                envelope = context.sealer.open(frozen.body, context.place("outgoing"))
                await _succeeded(work, context, reply, of_row, waiting, envelope)
            else:
                await _failed(work, context, reply, of_row, waiting)
        await work.session.execute(
            delete(OutgoingRow)
            .where(OutgoingRow.org_id == context.org_id, OutgoingRow.message_id.in_(done))
            .execution_options(synchronize_session=False)
        )


async def _met(
    work: SystemWork, context: RunContext, replies: Sequence[Replied]
) -> tuple[
    dict[tuple[ImportKind, str], ExternalId],
    dict[tuple[ImportKind, str], StagedRow],
    dict[UUID, OutgoingRow],
]:
    """What the replies are about, in three statements."""
    keys = sorted({(reply.sent.kind, reply.sent.external_id) for reply in replies})
    session = work.session
    known = await session.scalars(
        select(ExternalId)
        .where(
            ExternalId.org_id == context.org_id,
            ExternalId.connection_id == context.claimed.id,
            tuple_(ExternalId.kind, ExternalId.external_id).in_(keys),
        )
        .order_by(ExternalId.kind, ExternalId.external_id)
        .with_for_update(key_share=True)
    )
    staged = await session.scalars(
        select(StagedRow)
        .where(
            StagedRow.org_id == context.org_id,
            StagedRow.connection_id == context.claimed.id,
            tuple_(StagedRow.kind, StagedRow.external_id).in_(keys),
        )
        .order_by(StagedRow.seq)
        .with_for_update()
    )
    outgoing = await session.scalars(
        select(OutgoingRow).where(
            OutgoingRow.org_id == context.org_id,
            OutgoingRow.message_id.in_([reply.sent.message_id for reply in replies]),
        )
    )
    return (
        {(row.kind, row.external_id): row for row in known},
        {(row.kind, row.external_id): row for row in staged},
        {row.message_id: row for row in outgoing},
    )


async def _succeeded(
    work: SystemWork,
    context: RunContext,
    reply: Replied,
    known: ExternalId,
    staged: StagedRow,
    envelope: dict[str, object],
) -> None:
    then = Then(str(envelope["then"]))
    data = reply.answered.data
    is_new = known.version is None
    if then in (Then.NEXT_GENERATION, Then.GONE) and known.kind is ImportKind.ATTRIBUTION:
        known.generation += 1
        known.uuid = context.uuid_of(known.kind, known.external_id, known.generation)
        known.version, known.gone = None, then is Then.GONE
        if then is Then.NEXT_GENERATION:
            return
        known.external_version = None
        await applied(work, context, staged, known)
        return
    if data is None and then is Then.MADE:
        known.archived = True  # A newer archive is held here.
    known.version = data["version"] if data is not None else known.version
    known.gone = then is Then.GONE
    if data is not None and "fulfilment_status" in data:
        known.fulfilment_status = data["fulfilment_status"]
    command = orjson.loads(reply.sent.body)
    if "observed_at" in command:
        known.observed_at = parse_time(command["observed_at"])
    if then is not Then.RESPONDED:
        context.counts.add(known.kind, "created" if is_new else "updated")
    base = envelope.get("base")
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
    if problem in ("already_exists", "message_id_reused"):
        await _adopt(work, context, reply, known, staged)
    elif problem == "version_conflict" and reply.held is not None:
        await _merged(work, context, reply.held, known, staged)
    elif problem.endswith("_not_found"):
        named = problem.removesuffix("_not_found")
        if not creates and reply.sent.operation.startswith(f"{named}."):
            known.archived = True  # Archived here: it stays so.
            await applied(work, context, staged, known)
        else:
            staged.state, staged.code = WAITING, RowCode.MISSING_REFERENCE.value
    elif problem == "primary_attribution_exists":
        staged.as_secondary = True
    elif problem == "invalid_transition":
        refuse(work, context, staged, RowCode.STATUS_CONTRADICTS, ("RefToStatus",))
    elif problem == "internal_error":
        staged.state, staged.code = WAITING, f"{PROBLEM_PREFIX}{problem}"
    else:
        errors = (reply.answered.problem or {}).get("errors", [])
        fields = {str(error["loc"][0]) for error in errors if error.get("loc")}
        refuse(work, context, staged, f"{PROBLEM_PREFIX}{problem}", fields)


async def _adopt(
    work: SystemWork,
    context: RunContext,
    reply: Replied,
    known: ExternalId,
    staged: StagedRow,
) -> None:
    """Something is here under the row's id, though no import of it is known: take it as it is.

    Where it differs from the row nobody can say which side changed: a person is told.
    """
    held = reply.held
    if held is None:
        known.archived = True
        await applied(work, context, staged, known)
        return
    if reply.generation_ahead:
        known.generation += reply.generation_ahead
        known.uuid = context.uuid_of(known.kind, known.external_id, known.generation)
    known.version = held["version"]
    known.fulfilment_status = held.get("fulfilment_status")
    different: tuple[str, ...] = ()
    if known.kind in (ImportKind.PARTNER, ImportKind.SOURCE):
        row = row_of(context, staged)
        theirs = context.fields_of(known.kind, row.kept)
        different = differing(theirs, held)
    context.counts.add(known.kind, "unchanged")
    body = staged.body
    await applied(work, context, staged, known)
    if different:
        staged.body = body
        refuse(work, context, staged, RowCode.BOTH_CHANGED, different)


async def _merged(
    work: SystemWork,
    context: RunContext,
    held: dict[str, object],
    known: ExternalId,
    staged: StagedRow,
) -> None:
    """Somebody here changed it since: what they changed is kept, or a person decides."""
    if known.kind in (ImportKind.PARTNER, ImportKind.SOURCE) and known.base is not None:
        row = row_of(context, staged)
        base = context.sealer.open(known.base, context.place("row"))
        theirs = context.fields_of(known.kind, row.kept)
        if row.gone:
            theirs = {"is_active": False}
        found = merge(context.fields_of(known.kind, base), theirs, held)
        if found.both_changed and row.resolution is not RowResolution.THEIRS:
            refuse(work, context, staged, RowCode.BOTH_CHANGED, found.both_changed)
            return
    version = held["version"]
    assert isinstance(version, int)
    known.version = version
