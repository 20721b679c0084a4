"""Refattaches of one patient to one referral: after a merge there are two, and one attribution."""

from collections.abc import Collection
from typing import Any

from contracts.connecting import ImportKind
from messaging.outbox.system_work import SystemWork
from services.connectors.models import ExternalId, StagedRow
from services.connectors.rules.versions import external_version
from services.connectors.runs.context import RunContext
from services.connectors.runs.keys import children_of, rows_by_parent, rows_of
from services.connectors.runs.staging import DONE, STAGED, new_staged

_IMPORTED = rows_by_parent(
    ExternalId,
    ExternalId.kind == ImportKind.ATTRIBUTION,
    ExternalId.base.is_not(None),
    ~ExternalId.gone,
    ~ExternalId.erased,
    ~ExternalId.archived,
)


async def stage_twins(
    work: SystemWork, context: RunContext, moved: ExternalId, referral_nums: Collection[Any]
) -> None:
    """Stage a patient's other attributions to these referrals again, as they were imported: beside
    one that moved there they may be one too many, and where it was they may be lacking now."""
    if moved.parent is None:
        return
    found = await children_of(work.session, context, _IMPORTED, [moved.parent])
    keys = {
        (ImportKind.ATTRIBUTION, number) for _, number, _ in found if number != moved.external_id
    }
    known = await rows_of(work.session, context, ExternalId, keys, locked=True)
    staged = await rows_of(work.session, context, StagedRow, keys, locked=True)
    for key, one in known.items():
        assert one.base is not None
        kept = context.sealer.open(one.base, context.place("row"))
        row = staged.get(key)
        if kept.get("referral_num") not in referral_nums or (row and row.state != DONE):
            continue
        if row is None:
            row = new_staged(
                context.org_id, context.claimed.id, one.kind, one.external_id, work.now
            )
            work.session.add(row)
        one.changes += 1
        row.external_version = external_version(kept, None, one.changes)
        row.body, row.state, row.gone, row.as_secondary = one.base, STAGED, False, False
        row.parent, row.rank, row.identity = one.parent, one.rank, one.identity
        row.code, row.fields, row.uuid = None, [], None
        row.resolution = row.resolved_at = None
        row.version += 1
        row.updated_at = work.now
