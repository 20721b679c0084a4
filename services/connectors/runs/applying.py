"""Applying what is staged: plan, commit the command, send it, commit its reply.

Whatever happens in between, the same bytes are sent again under the same id.
"""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import delete, select, tuple_

from contracts.connecting import PROBLEM_PREFIX, ImportKind, RowCode, RowResolution
from contracts.values import parse_time
from messaging.outbox.system_work import SystemWork
from services.connectors.models import ExternalId, OutgoingRow, SourceMap, StagedRow
from services.connectors.planning.steps import (
    Later,
    Nothing,
    Refused,
    Row,
    Send,
    StageAlso,
    Then,
    Waits,
)
from services.connectors.rules.identity import message_id
from services.connectors.rules.ownership import differing, merge
from services.connectors.rules.versions import external_version
from services.connectors.runs.commands import (
    GENERATIONS_LOOKED_UP,
    Calls,
    Replied,
    ToSend,
    send_all,
)
from services.connectors.runs.context import RunContext
from services.connectors.runs.duplicates import Ours, read_ours
from services.connectors.runs.leases import leased
from services.connectors.runs.staging import (
    DONE,
    REFUSED,
    STAGED,
    WAITING,
    new_staged,
    tell_row,
)
from services.connectors.runs.surroundings import Surroundings
from services.connectors.serving.imported import show_imported

CHUNK = 128
ROUNDS = 5
"""Steps that one row takes at most in one go: archive, create, make inactive."""
PASSES = 4
REFERRALS = "referrals"


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
    await _tell_waiting(context)


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
        left = await _apply_step(context, client, left, ours)
        if not left:
            break
        moved = True
    return moved


async def _apply_step(
    context: RunContext, client: Calls, ids: Sequence[UUID], ours: Ours
) -> list[UUID]:
    """One step of each row; the ids of those that moved and may take another one.

    While the commands of some rows are answered, those of the next ones are planned.
    """
    moved: list[UUID] = []
    sending: asyncio.Task[None] | None = None
    try:
        for chunk in _chunks(ids):
            commands, more = await _plan(context, chunk, ours)
            moved += more
            if sending is not None:
                await sending
            sending = asyncio.create_task(_deliver(context, client, commands))
        if sending is not None:
            await sending
    finally:
        if sending is not None and not sending.done():
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
    return moved


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
    commands: list[ToSend] = []
    moved: list[UUID] = []
    async with leased(context.engine, context.claimed) as (work, _):
        found = await work.session.scalars(
            select(StagedRow)
            .where(StagedRow.org_id == context.org_id, StagedRow.id.in_(ids))
            .where(StagedRow.state.in_((STAGED, WAITING)), StagedRow.body.is_not(None))
            .order_by(StagedRow.seq)
            .with_for_update()
        )
        staged = {row.id: row for row in found}
        rows = {id_: _row(context, one) for id_, one in staged.items()}
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
                _refuse(work, context, one, RowCode.POSSIBLE_DUPLICATE, ())
                continue
            match step:
                case Nothing():
                    await _applied(work, context, one, known)
                case Later():
                    pass
                case Waits(code):
                    await _wait(work, context, one, code, row)
                case Refused(code, fields):
                    _refuse(work, context, one, code, fields)
                case StageAlso(kind, external_id, kept):
                    _stage_also(work, context, kind, external_id, kept)
                    moved.append(id_)
                case Send():
                    commands.append(_freeze(work, context, one, known, step))
                    moved.append(id_)
    return commands, moved


def _row(context: RunContext, staged: StagedRow) -> Row:
    assert staged.body is not None
    kept = context.sealer.open(staged.body, context.place("row"))
    return Row(
        staged.kind,
        staged.external_id,
        kept,
        staged.stamp,
        staged.gone,
        staged.resolution,
        staged.as_secondary,
    )


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
    return _to_send(context, held, known.generation)


def _to_send(context: RunContext, outgoing: OutgoingRow, generation: int) -> ToSend:
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


async def _deliver(context: RunContext, client: Calls, commands: Sequence[ToSend]) -> None:
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
            commands.append(_to_send(context, one, 1 if known is None else known.generation))
    await _deliver(context, client, commands)


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
        await _applied(work, context, staged, known)
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
    await _applied(work, context, staged, known)
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
            await _applied(work, context, staged, known)
        else:
            staged.state, staged.code = WAITING, RowCode.MISSING_REFERENCE.value
    elif problem == "primary_attribution_exists":
        staged.as_secondary = True
    elif problem == "invalid_transition":
        _refuse(work, context, staged, RowCode.STATUS_CONTRADICTS, ("RefToStatus",))
    elif problem == "internal_error":
        staged.state, staged.code = WAITING, f"{PROBLEM_PREFIX}{problem}"
    else:
        errors = (reply.answered.problem or {}).get("errors", [])
        fields = {str(error["loc"][0]) for error in errors if error.get("loc")}
        _refuse(work, context, staged, f"{PROBLEM_PREFIX}{problem}", fields)


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
        await _applied(work, context, staged, known)
        return
    if reply.generation_ahead:
        known.generation += reply.generation_ahead
        known.uuid = context.uuid_of(known.kind, known.external_id, known.generation)
    known.version = held["version"]
    known.fulfilment_status = held.get("fulfilment_status")
    different: tuple[str, ...] = ()
    if known.kind in (ImportKind.PARTNER, ImportKind.SOURCE):
        row = _row(context, staged)
        theirs = context.fields_of(known.kind, row.kept)
        different = differing(theirs, held)
    context.counts.add(known.kind, "unchanged")
    body = staged.body
    await _applied(work, context, staged, known)
    if different:
        staged.body = body
        _refuse(work, context, staged, RowCode.BOTH_CHANGED, different)


async def _merged(
    work: SystemWork,
    context: RunContext,
    held: dict[str, object],
    known: ExternalId,
    staged: StagedRow,
) -> None:
    """Somebody here changed it since: what they changed is kept, or a person decides."""
    if known.kind in (ImportKind.PARTNER, ImportKind.SOURCE) and known.base is not None:
        row = _row(context, staged)
        base = context.sealer.open(known.base, context.place("row"))
        theirs = context.fields_of(known.kind, row.kept)
        if row.gone:
            theirs = {"is_active": False}
        found = merge(context.fields_of(known.kind, base), theirs, held)
        if found.both_changed and row.resolution is not RowResolution.THEIRS:
            _refuse(work, context, staged, RowCode.BOTH_CHANGED, found.both_changed)
            return
    version = held["version"]
    assert isinstance(version, int)
    known.version = version


async def _applied(
    work: SystemWork, context: RunContext, staged: StagedRow, known: ExternalId
) -> None:
    """The row counts as imported."""
    if context.has_interface and staged.body is not None and not staged.gone:
        kept = context.sealer.open(staged.body, context.place("row"))
        await show_imported(work.session, context.sealer, known, kept, work.now)
    if staged.body is not None:
        known.base = staged.body
    known.external_version = staged.external_version
    known.parent, known.rank, known.identity = staged.parent, staged.rank, staged.identity
    known.updated_at = work.now
    staged.body = None
    if staged.code is None:
        await work.session.delete(staged)
        return
    staged.state = DONE
    if staged.code != RowCode.FIELD_REFUSED and staged.resolved_at is None:
        staged.resolved_at = work.now
    staged.version += 1
    staged.updated_at = work.now


def _refuse(
    work: SystemWork,
    context: RunContext,
    staged: StagedRow,
    code: str,
    fields: Sequence[str] | set[str],
) -> None:
    context.counts.add(staged.kind, "refused")
    staged.state = REFUSED
    staged.version += 1
    staged.updated_at = work.now
    tell_row(work, staged, code, fields)


async def _wait(
    work: SystemWork, context: RunContext, staged: StagedRow, code: RowCode, row: Row
) -> None:
    context.counts.add(staged.kind, "waiting")
    staged.state, staged.code, staged.fields = WAITING, code.value, []
    staged.updated_at = work.now
    if code is RowCode.UNMAPPED_SOURCE:
        await _ask_for_source(work, context, str(row.kept["source_id"]))


async def _ask_for_source(work: SystemWork, context: RunContext, number: str) -> None:
    """Ask once what a source number means; its rows wait for the answer."""
    key = (context.org_id, context.claimed.id, number)
    held = await work.session.get(SourceMap, key)
    if held is not None and held.told:
        return
    if held is None:
        held = SourceMap(
            org_id=context.org_id,
            connection_id=context.claimed.id,
            external_id=number,
            id=context.uuid_of(ImportKind.SOURCE, f"map-{number}", 1),
            told=True,
            version=1,
            created_at=work.now,
            updated_at=work.now,
        )
        work.session.add(held)
        await work.session.flush()
    held.told = True
    asked = new_staged(context.org_id, context.claimed.id, ImportKind.SOURCE, number, work.now)
    asked.state, asked.version = REFUSED, 1
    asked.external_version = "unmapped"
    work.session.add(asked)
    tell_row(work, asked, RowCode.UNMAPPED_SOURCE, ("sourceId",))


def _stage_also(
    work: SystemWork,
    context: RunContext,
    kind: ImportKind,
    external_id: str,
    kept: dict[str, object],
) -> None:
    """Stage a row of theirs as another kind too; one that is staged already stays as it is."""
    for added in work.rows.added:
        if isinstance(added, ExternalId) and (added.kind, added.external_id) == (kind, external_id):
            return
    staged = new_staged(context.org_id, context.claimed.id, kind, external_id, work.now)
    staged.external_version = external_version(kept, None, 0)
    staged.body = context.sealer.seal(kept, context.place("row"))
    staged.version = 1
    work.rows.added += [
        staged,
        ExternalId(
            org_id=context.org_id,
            connection_id=context.claimed.id,
            kind=kind,
            external_id=external_id,
            uuid=context.uuid_of(kind, external_id, 1),
            generation=1,
            changes=0,
            missed=0,
            seen_pass=context.pass_id,
            gone=False,
            archived=False,
            erased=False,
            created_at=work.now,
            updated_at=work.now,
        ),
    ]


async def _tell_waiting(context: RunContext) -> None:
    """A row whose reference did not come with everything else."""
    async with leased(context.engine, context.claimed) as (work, _):
        found = await work.session.scalars(
            select(StagedRow).where(
                StagedRow.org_id == context.org_id,
                StagedRow.connection_id == context.claimed.id,
                StagedRow.state == WAITING,
                StagedRow.code == RowCode.MISSING_REFERENCE.value,
            )
        )
        for staged in found.all():
            tell_row(work, staged, RowCode.MISSING_REFERENCE, ())
