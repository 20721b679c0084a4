"""Conflicts of a command with what is here: adopted, merged, or a person's to decide."""

from collections.abc import Mapping
from typing import Any

from contracts.connecting import ImportKind, RowCode, RowResolution
from messaging.outbox.system_work import SystemWork
from services.connectors.models import ExternalId, StagedRow
from services.connectors.rules.ownership import differing, merge
from services.connectors.runs.commands import Replied
from services.connectors.runs.context import RunContext
from services.connectors.runs.marking import applied, refuse, row_of
from services.connectors.runs.staging import STAGED

_DECIDE = (RowResolution.THEIRS, RowResolution.OURS)


async def adopt(
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
    hold(known, held)
    different: tuple[str, ...] = ()
    if known.kind in (ImportKind.PARTNER, ImportKind.SOURCE):
        row = row_of(context, staged)
        theirs = context.mapped(known.kind, row.kept, row.stamp, work.now)
        different = differing(theirs.fields, held)
    context.counts.add(known.kind, "unchanged")
    body = staged.body
    if different:
        staged.code = RowCode.BOTH_CHANGED.value  # The row stays.
    await applied(work, context, staged, known)
    if not different:
        return
    staged.body, staged.resolved_at = body, None
    if reply.sent.is_linked and all(held.get(name) is None for name in different):
        # Whoever linked them said that they are one: what is lacking here is theirs.
        staged.state, staged.fields = STAGED, list(different)
        staged.resolution = RowResolution.THEIRS
        return
    refuse(work, context, staged, RowCode.BOTH_CHANGED, different)


async def merge_held(
    work: SystemWork,
    context: RunContext,
    held: Mapping[str, Any],
    known: ExternalId,
    staged: StagedRow,
) -> None:
    """Somebody here changed it since: what they changed is kept, or a person decides."""
    if known.kind in (ImportKind.PARTNER, ImportKind.SOURCE) and known.base is not None:
        row = row_of(context, staged)
        base = context.sealer.open(known.base, context.place("row"))
        was, is_now = (
            context.mapped(known.kind, kept, row.stamp, work.now).fields
            for kept in (base, row.kept)
        )
        found = merge(was, {"is_active": False} if row.gone else is_now, held)
        decided = row.conflict if row.resolution in _DECIDE else ()
        if not set(found.both_changed) <= set(decided):
            refuse(work, context, staged, RowCode.BOTH_CHANGED, found.both_changed)
            return
    version = held["version"]
    assert isinstance(version, int)
    known.version = version
    hold(known, held)


def hold(known: ExternalId, held: Mapping[str, Any]) -> None:
    """Take down what is held here of what plans look at."""
    if "fulfilment_status" in held:
        known.fulfilment_status = held["fulfilment_status"]
    if known.kind is ImportKind.SOURCE and "category" in held:
        known.category = held["category"]
