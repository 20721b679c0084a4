"""Surroundings of rows that are applied together, read in a few statements."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import ImportKind
from services.connectors.models import ExternalId, SourceMap, StagedRow
from services.connectors.planning.steps import Known, Row
from services.connectors.runs.context import RunContext
from services.connectors.runs.keys import Key, children_of, rows_by_parent, rows_of
from services.connectors.runs.staging import DONE, STAGED

_POINTED_TO = {
    "pat_num": (ImportKind.PATIENT,),
    "referral_num": (ImportKind.PARTNER, ImportKind.SOURCE),
    "prov_num": (ImportKind.PROVIDER,),
}
_SIBLINGS = (
    rows_by_parent(
        ExternalId,
        ExternalId.kind == ImportKind.ATTRIBUTION,
        ~ExternalId.gone,
        ExternalId.version.is_not(None),
    ),
    rows_by_parent(
        StagedRow,
        StagedRow.kind == ImportKind.ATTRIBUTION,
        ~StagedRow.gone,
        StagedRow.state != DONE,
    ),
)
"""A patient's other attributions: those that are here, and those that are to come."""


class Surroundings:
    """The Around of a plan, for one chunk of rows."""

    def __init__(self, context: RunContext, now: datetime) -> None:
        self.now = now
        self.attributions_staged = False
        self._context = context
        self._rows: dict[Key, ExternalId] = {}
        self._siblings: dict[str, dict[str, int]] = defaultdict(dict)
        self._referrals: dict[str, int] = {}
        self._sources: dict[str, UUID | None] = {}

    async def load(self, session: AsyncSession, rows: Sequence[Row]) -> None:
        """Read what these rows point to, and the rows' own resources."""
        keys = {(row.kind, row.external_id) for row in rows}
        for row in rows:
            keys |= set(_pointed_to(row))
        parents = {key[1] for key in keys if key[0] is ImportKind.PATIENT}
        await self._load_known(session, keys)
        await self._load_siblings(session, parents)
        sources = {str(row.kept["source_id"]) for row in rows if row.kept.get("source_id")}
        if sources:
            await self._load_sources(session, sources)
        if any(row.kind in (ImportKind.PARTNER, ImportKind.SOURCE) for row in rows):
            await self._load_whether_attributions_are_staged(session)

    def row(self, kind: ImportKind, external_id: str) -> ExternalId | None:
        """The row itself, to be changed."""
        return self._rows.get((kind, external_id))

    def known(self, kind: ImportKind, external_id: str) -> Known | None:
        row = self._rows.get((kind, external_id))
        if row is None or row.erased:
            return None
        context = self._context
        base = None if row.base is None else context.sealer.open(row.base, context.place("row"))
        return Known(
            uuid=row.uuid,
            generation=row.generation,
            version=row.version,
            base=base,
            observed_at=row.observed_at,
            fulfilment_status=row.fulfilment_status,
            category=row.category,
            gone=row.gone,
            archived=row.archived,
        )

    def siblings(self, parent: str) -> Mapping[str, int]:
        return self._siblings.get(parent, {})

    def twins(self, parent: str, referral_num: int) -> Mapping[str, int]:
        siblings = self.siblings(parent).items()
        return {one: rank for one, rank in siblings if self._referrals.get(one) == referral_num}

    def mapped_source(self, external_id: str) -> UUID | None:
        return self._sources.get(external_id)

    async def _load_whether_attributions_are_staged(self, session: AsyncSession) -> None:
        one = await session.scalar(
            select(StagedRow.id)
            .where(
                *self._mine(StagedRow),
                StagedRow.kind == ImportKind.ATTRIBUTION,
                StagedRow.state == STAGED,
                ~StagedRow.gone,
            )
            .limit(1)
        )
        self.attributions_staged = one is not None

    async def _load_known(self, session: AsyncSession, keys: Iterable[Key]) -> None:
        self._rows |= await rows_of(session, self._context, ExternalId, keys, locked=True)

    async def _load_siblings(self, session: AsyncSession, parents: Iterable[str]) -> None:
        wanted = set(parents)
        if not wanted:
            return
        for below in _SIBLINGS:
            found = await children_of(session, self._context, below, wanted)
            for parent, external_id, rank in found:
                self._siblings[parent][external_id] = rank or 0
        several = [one for one in self._siblings.values() if len(one) > 1]
        await self._load_referrals(session, {number for one in several for number in one})

    async def _load_referrals(self, session: AsyncSession, numbers: Iterable[str]) -> None:
        """To which referral each of a patient's several attributions points: as it is staged, else
        as it was imported."""
        context = self._context
        keys = {(ImportKind.ATTRIBUTION, number) for number in numbers}
        known = await rows_of(session, context, ExternalId, keys)
        staged = await rows_of(session, context, StagedRow, keys)
        held = {number: row.base for (_, number), row in known.items()}
        held |= {number: row.body for (_, number), row in staged.items() if row.body is not None}
        for number, sealed in held.items():
            if sealed is not None:
                kept = context.sealer.open(sealed, context.place("row"))
                self._referrals[number] = kept.get("referral_num") or 0

    async def _load_sources(self, session: AsyncSession, sources: Iterable[str]) -> None:
        found = await session.execute(
            select(SourceMap.external_id, SourceMap.referral_source_id).where(
                *self._mine(SourceMap), SourceMap.external_id.in_(sorted(sources))
            )
        )
        self._sources.update({row.external_id: row.referral_source_id for row in found})

    def _mine(
        self, model: type[ExternalId] | type[StagedRow] | type[SourceMap]
    ) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        return (
            model.org_id == self._context.org_id,
            model.connection_id == self._context.claimed.id,
        )


def _pointed_to(row: Row) -> Iterable[tuple[ImportKind, str]]:
    """The rows that a row's numbers are of."""
    for name, kinds in _POINTED_TO.items():
        number = row.kept.get(name)
        if number and not (name == "pat_num" and row.kind is ImportKind.PATIENT):
            for kind in kinds:
                yield kind, str(number)
    if row.kind is ImportKind.ATTRIBUTION and "source_id" in row.kept:
        yield ImportKind.PATIENT, str(row.kept["id"])
