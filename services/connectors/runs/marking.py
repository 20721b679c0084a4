"""The marks that a step leaves on a staged row: applied, refused, waiting, staged as more."""

from collections.abc import Sequence

from sqlalchemy import select

from contracts.connecting import ImportKind, RowCode
from messaging.outbox.system_work import SystemWork
from services.connectors.models import ExternalId, SourceMap, StagedRow
from services.connectors.planning.steps import Row
from services.connectors.rules.versions import external_version
from services.connectors.runs.context import RunContext
from services.connectors.runs.keys import one_of
from services.connectors.runs.leases import leased
from services.connectors.runs.staging import DONE, REFUSED, WAITING, new_staged, tell_row
from services.connectors.serving.imported import show_imported


def row_of(context: RunContext, staged: StagedRow) -> Row:
    """A staged row as a plan sees it."""
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
        tuple(staged.fields) if staged.code == RowCode.BOTH_CHANGED else (),
    )


async def applied(
    work: SystemWork, context: RunContext, staged: StagedRow, known: ExternalId
) -> None:
    """The row counts as imported. What it is in without is told, with the resource that it is."""
    refused: tuple[str, ...] = ()
    if staged.body is not None and not staged.gone and not known.gone:
        kept = context.sealer.open(staged.body, context.place("row"))
        if context.has_interface:
            await show_imported(work.session, context.sealer, known, kept, work.now)
        if known.version is not None and not known.archived:
            refused = context.mapped(known.kind, kept, staged.stamp, work.now).refused
    if staged.body is not None:
        known.base = staged.body
    known.external_version = staged.external_version
    known.parent, known.rank, known.identity = staged.parent, staged.rank, staged.identity
    known.updated_at = work.now
    staged.body = None
    if staged.code is None and not refused:
        await work.session.delete(staged)
        return
    staged.state = DONE
    staged.version += 1
    staged.updated_at = work.now
    if refused:
        staged.uuid, staged.resolution, staged.resolved_at = known.uuid, None, None
        tell_row(work, staged, RowCode.FIELD_REFUSED, refused)
    elif staged.resolved_at is None:
        staged.resolved_at = work.now


def refuse(
    work: SystemWork,
    context: RunContext,
    staged: StagedRow,
    code: str,
    fields: Sequence[str] | set[str],
) -> None:
    """A person has to look at the row; it is told once."""
    context.counts.add(staged.kind, "refused")
    if staged.resolution is not None:
        staged.told = None  # What a person decided did not help: it is told again.
    staged.state, staged.resolution, staged.resolved_at = REFUSED, None, None
    staged.version += 1
    staged.updated_at = work.now
    tell_row(work, staged, code, fields)


async def wait(
    work: SystemWork, context: RunContext, staged: StagedRow, code: RowCode, row: Row
) -> None:
    """The row waits for another one, or for what its source number means: a person is asked of the
    number and not of each row."""
    staged.state, staged.updated_at = WAITING, work.now
    context.waiting[staged.id] = code
    if code is RowCode.MISSING_REFERENCE:
        return
    if staged.code in (RowCode.MISSING_REFERENCE, RowCode.UNMAPPED_SOURCE):
        staged.code, staged.fields = None, []
    await _ask_for_source(work, context, str(row.kept["source_id"]))


async def ask_again(work: SystemWork, context: RunContext, number: str, meant: str) -> None:
    """A source number means what is not here (any more): a person is asked once more."""
    held = await work.session.get(SourceMap, (context.org_id, context.claimed.id, number))
    if held is None or str(held.referral_source_id) != meant:
        return
    held.referral_source_id, held.told = None, False
    held.version += 1
    held.updated_at = work.now


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
    new = new_staged(context.org_id, context.claimed.id, ImportKind.SOURCE, number, work.now)
    asked = await work.session.get(StagedRow, (context.org_id, new.id))
    if asked is None:
        asked = new
        work.session.add(asked)
    asked.state, asked.resolution, asked.resolved_at = REFUSED, None, None
    asked.external_version = f"unmapped {held.version}"
    asked.version += 1
    asked.updated_at = work.now
    tell_row(work, asked, RowCode.UNMAPPED_SOURCE, ("sourceId",))


def stage_also(
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


async def tell_waiting(context: RunContext) -> None:
    """Count what waits in the end, and tell of a row whose reference did not come with the rest."""
    if not context.waiting:
        return
    async with leased(context.engine, context.claimed) as (work, _):
        found = await work.session.scalars(
            select(StagedRow).where(
                StagedRow.org_id == context.org_id,
                StagedRow.connection_id == context.claimed.id,
                StagedRow.state == WAITING,
                one_of(StagedRow.id, context.waiting),
            )
        )
        for staged in found.all():
            context.counts.add(staged.kind, "waiting")
            if context.waiting[staged.id] is RowCode.MISSING_REFERENCE:
                tell_row(work, staged, RowCode.MISSING_REFERENCE, ())
