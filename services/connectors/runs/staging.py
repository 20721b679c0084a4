"""Staging: the rows of a page that changed since they were imported, in one commit with the cursor.

Rows that nobody may know (a patient whom no other row names) are dropped here, in memory.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import ImportKind, RowCode, RowResolution
from contracts.import_row import IMPORT_ROW_REFUSED
from messaging.outbox.system_work import SystemWork
from services.connectors.models import ExternalId, StagedRow
from services.connectors.resources import import_row_resource
from services.connectors.rules.identity import staged_id
from services.connectors.rules.versions import digest, external_version, same_content
from services.connectors.runs.context import RunContext
from services.connectors.runs.keys import Key, children_of, rows_by_parent, rows_of
from services.connectors.systems import Found

WITHOUT_ID = "(without a number)"
STAGED, WAITING, REFUSED, DONE = "staged", "waiting", "refused", "done"
_NAMING = (rows_by_parent(ExternalId), rows_by_parent(StagedRow))


class Page:
    """The rows of one page beside what is known and staged of them."""

    def __init__(self, context: RunContext, work: SystemWork) -> None:
        self._context = context
        self._work = work
        self._known: dict[Key, ExternalId] = {}
        self._staged: dict[Key, StagedRow] = {}
        self._named: set[str] = set()

    async def stage(self, groups: Sequence[Sequence[Found]]) -> None:
        """Stage what changed. The caller commits."""
        found = [one for group in groups for one in group]
        await self._load(found)
        for one in found:
            self._context.counts.add(one.kind, "fetched")
            if not one.external_id:
                self._without_id(one.kind, one.refused)
                continue
            self._stage(one, one.kind)
            for kind in one.also:
                known = self._known.get((kind, one.external_id))
                if known is not None and not known.gone:
                    self._context.counts.add(kind, "fetched")
                    self._stage(one, kind)
            for kind in one.replaces:
                self.retire(kind, one.external_id)

    async def _load(self, found: Iterable[Found]) -> None:
        keys = {
            (kind, one.external_id)
            for one in found
            for kind in (one.kind, *one.also, *one.replaces)
            if one.external_id
        }
        keys |= {(one.kind, WITHOUT_ID) for one in found if not one.external_id}
        await self.load_keys(keys)
        named = {one.external_id for one in found if one.named_only}
        if named:
            self._named = await _named(self._work.session, self._context, named)

    async def load_keys(self, keys: Iterable[Key]) -> None:
        """Read what is known and staged of these rows."""
        session, wanted = self._work.session, set(keys)
        if not wanted:
            return
        self._known |= await rows_of(session, self._context, ExternalId, wanted)
        self._staged |= await rows_of(session, self._context, StagedRow, wanted)

    def _without_id(self, kind: ImportKind, refused: Sequence[str]) -> None:
        """There is nothing to know such rows by again: one stands for all of a kind."""
        self._context.counts.add(kind, "refused")
        staged = self._staged.get((kind, WITHOUT_ID))
        if staged is None:
            staged = new_staged(
                self._context.org_id, self._context.claimed.id, kind, WITHOUT_ID, self._work.now
            )
            self._staged[kind, WITHOUT_ID] = staged
            self._work.rows.added.append(staged)
        staged.state, staged.external_version = REFUSED, WITHOUT_ID
        tell_row(self._work, staged, RowCode.NO_ID, refused)

    def _stage(self, one: Found, kind: ImportKind) -> None:
        context, key = self._context, (kind, one.external_id)
        known, staged = self._known.get(key), self._staged.get(key)
        if known is not None and known.erased:
            context.counts.add(kind, "unchanged")
            return
        if one.known_only and (known is None or known.version is None):
            context.counts.add(kind, "historic")
            return
        if one.named_only and known is None and one.external_id not in self._named:
            return
        if known is None:
            known = self._new(one, kind)
        changes = known.changes
        version = external_version(one.kept, one.stamp, changes)
        known.seen_pass, known.missed = context.pass_id, 0
        held = known.external_version
        if held is not None and same_content(held, version) and not known.gone:
            known.external_version = version if one.stamp else held
            context.counts.add(kind, "unchanged")
            if staged is not None and _is_moot(staged, version):
                self._forget(staged)
            return
        if staged is not None and same_content(staged.external_version, version):
            ignored = staged.state == DONE and staged.resolution is RowResolution.IGNORE
            if (staged.state != DONE or ignored) and not staged.gone:
                if staged.state != WAITING:  # What waits is counted when all was tried.
                    context.counts.add(kind, "unchanged")
                return
        if one.stamp is None:
            known.changes += 1
            version = external_version(one.kept, None, known.changes)
        self._put(one, kind, version, staged)

    def _new(self, one: Found, kind: ImportKind) -> ExternalId:
        now = self._work.now
        known = ExternalId(
            org_id=self._context.org_id,
            connection_id=self._context.claimed.id,
            kind=kind,
            external_id=one.external_id,
            uuid=self._context.uuid_of(kind, one.external_id, 1),
            generation=1,
            changes=0,
            parent=one.parent,
            rank=one.rank,
            missed=0,
            gone=False,
            archived=False,
            erased=False,
            created_at=now,
            updated_at=now,
        )
        self._known[kind, one.external_id] = known
        self._work.rows.added.append(known)
        return known

    def _put(
        self, one: Found, kind: ImportKind, version: str, staged: StagedRow | None
    ) -> StagedRow:
        context, now = self._context, self._work.now
        context.staged += 1
        if staged is None:
            staged = new_staged(context.org_id, context.claimed.id, kind, one.external_id, now)
            self._staged[kind, one.external_id] = staged
            self._work.rows.added.append(staged)
        staged.external_version, staged.stamp = version, one.stamp
        staged.body = context.sealer.seal(one.kept, context.place("row"))
        staged.parent, staged.rank, staged.identity = one.parent, one.rank, one.identity
        staged.gone, staged.state, staged.as_secondary = False, STAGED, False
        staged.code, staged.fields = None, []
        staged.resolution, staged.resolved_at, staged.uuid = None, None, None
        staged.version += 1
        staged.updated_at = now
        return staged

    def retire(self, kind: ImportKind, external_id: str) -> None:
        """Stage that a row is no longer there, or no longer of this kind."""
        known = self._known.get((kind, external_id))
        if known is None or known.gone or known.erased or known.base is None:
            return
        context, now = self._context, self._work.now
        staged = self._staged.get((kind, external_id))
        kept = context.sealer.open(known.base, context.place("row"))
        if staged is None:
            staged = new_staged(context.org_id, context.claimed.id, kind, external_id, now)
            self._staged[kind, external_id] = staged
            self._work.rows.added.append(staged)
        elif staged.gone and staged.state != DONE:
            return
        staged.external_version = f"gone {context.pass_id}.{digest(kept)}"
        staged.body = context.sealer.seal(kept, context.place("row"))
        staged.parent, staged.rank, staged.stamp = known.parent, known.rank, None
        staged.identity = known.identity
        staged.gone, staged.state, staged.code, staged.fields = True, STAGED, None, []
        staged.resolution, staged.resolved_at = None, None
        staged.version += 1
        staged.updated_at = now

    def _forget(self, staged: StagedRow) -> None:
        """What was staged is as it was imported again."""
        staged.state, staged.body, staged.resolved_at = DONE, None, self._work.now
        staged.version += 1


def new_staged(
    org_id: str, connection_id: UUID, kind: ImportKind, external_id: str, now: datetime
) -> StagedRow:
    """A row to be staged; what it says is to be set."""
    return StagedRow(
        org_id=org_id,
        id=staged_id(org_id, connection_id, kind, external_id),
        connection_id=connection_id,
        kind=kind,
        external_id=external_id,
        external_version="",
        gone=False,
        state=STAGED,
        fields=[],
        as_secondary=False,
        version=0,
        created_at=now,
        updated_at=now,
    )


def tell_row(work: SystemWork, staged: StagedRow, code: str, fields: Iterable[str]) -> None:
    """Say why a row was not taken as it came: once for each version and code."""
    staged.code, staged.fields = str(code), sorted(fields)
    said = f"{staged.external_version} {code}"
    if staged.told == said:
        return
    staged.told = said
    staged.version = max(staged.version, 1)
    work.workspace(staged.org_id).publish(IMPORT_ROW_REFUSED, import_row_resource(staged))


def _is_moot(staged: StagedRow, version: str) -> bool:
    """Whether what is staged is over once the row is as it was imported: also what was refused of
    a state that it no longer has. What is staged of that very state is not."""
    if staged.state == DONE or staged.code == RowCode.REFUSED_THERE:
        return False
    return staged.gone or not same_content(staged.external_version, version)


async def _named(session: AsyncSession, context: RunContext, ids: set[str]) -> set[str]:
    """Which of these patients another row names."""
    found = [await children_of(session, context, below, ids) for below in _NAMING]
    return {parent for rows in found for parent, _, _ in rows}


async def drop_staged(session: AsyncSession, context: RunContext) -> None:
    """Forget what was staged and not applied: it is of another database."""
    await session.execute(
        delete(StagedRow).where(
            StagedRow.org_id == context.org_id,
            StagedRow.connection_id == context.claimed.id,
            StagedRow.state == STAGED,
        )
    )
