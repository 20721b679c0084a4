"""A run's context: all that it has at hand, and its counts."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import ImportKind, RowCode, System
from services.connectors.planning.steps import Around, Known, Row, Step
from services.connectors.rules.identity import resource_id
from services.connectors.rules.reading import Mapped
from services.connectors.runs.leases import Claimed
from services.connectors.sealing import Place, Sealer
from services.connectors.systems import ReadSystem

Counted = dict[str, int]
MapRow = Callable[[ImportKind, dict[str, Any], str | None, datetime], Mapped]
"""The fields of ours that a row has by itself: of its kind, what is kept of it, its stamp, now."""


@dataclass
class Counts:
    """What a run did, by kind; `skew_seconds` is the most that one of their stamps was ahead."""

    by_kind: dict[ImportKind, Counted] = field(default_factory=lambda: defaultdict(dict))
    skew_seconds: int = 0

    def add(self, kind: ImportKind, what: str, number: int = 1) -> None:
        """Count rows."""
        of_kind = self.by_kind[kind]
        of_kind[what] = of_kind.get(what, 0) + number

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {kind.value: dict(of_kind) for kind, of_kind in self.by_kind.items()}


@dataclass
class RunContext:
    """One run of one connection. `plan` is the system's; `mapped` maps a row by itself.
    `has_interface`: the org has an Open Dental interface of ours, which shows what is imported.
    `noted`: of which phase and when its progress was written down; `staged`: how many rows it has
    staged; `statistics_at_rows`: with how many statistics are due again, 0 before the first time.
    `waiting`: the staged rows that waited when they were planned, and for what."""

    engine: AsyncEngine
    claimed: Claimed
    system: ReadSystem
    sealer: Sealer
    plan: Callable[[Row, Known | None, Around], Step]
    mapped: MapRow
    pass_id: UUID
    pass_full: bool
    run_id: UUID
    has_interface: bool
    counts: Counts = field(default_factory=Counts)
    phase: str | None = None
    offset: int | None = None
    noted: tuple[str | None, datetime | None] = (None, None)
    staged: int = 0
    statistics_at_rows: int = 0
    waiting: dict[UUID, RowCode] = field(default_factory=dict)

    @property
    def org_id(self) -> str:
        """Whose connection it is."""
        return self.claimed.org_id

    @property
    def system_name(self) -> System:
        """The other side's."""
        return self.claimed.system

    def place(self, field_name: str) -> Place:
        """Where a sealed value of this connection belongs."""
        return Place(self.org_id, self.claimed.id, field_name)

    def uuid_of(self, kind: ImportKind, external_id: str, generation: int) -> UUID:
        """The id under which a row is made here."""
        return resource_id(self.system_name, self.claimed.id, kind, external_id, generation)
