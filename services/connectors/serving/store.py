"""The rows of our own Open Dental interface, as the server reads and writes them."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.connecting import ImportKind, System
from messaging.database.errors import is_outage
from messaging.outbox.system_work import SystemWork, system_work
from services.connectors.config import ServerOptions
from services.connectors.credentials import CUSTOMER_KEY, hash_of_key
from services.connectors.home import PUBLISHING
from services.connectors.models import (
    Connection,
    ExternalId,
    OdCounter,
    OdDefinition,
    OdReferral,
)
from services.connectors.opendental.server import (
    Listing,
    Referral,
    Specialties,
    as_kept,
    is_kept,
)
from services.connectors.sealing import Sealer
from services.connectors.serving.held import new_row, place_of_number, put
from services.connectors.serving.numbers import take_number
from services.connectors.serving.projection import PartnerState, beside_the_resource, stamp
from services.connectors.serving.replied import State, is_linked_as, upon

_COLUMNS = {
    "IsHidden": OdReferral.is_hidden,
    "NotPerson": OdReferral.not_person,
    "IsDoctor": OdReferral.is_doctor,
    "IsPreferred": OdReferral.is_preferred,
    "isPatient": OdReferral.is_patient,
}


@dataclass(frozen=True, slots=True)
class Interface:
    """Whom a key names. `is_filled`: what the org had before it was added is shown by now."""

    org_id: str
    connection_id: UUID
    options: ServerOptions
    is_filled: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A row as it is shown, and the resource that it is."""

    number: int
    uuid: UUID
    kind: ImportKind
    version: int
    patient_id: UUID | None
    shown: Referral = field(repr=False)


class DatabaseAway(Exception):
    """The database does not answer, or asks to try again."""


class Gone(Exception):
    """The row is there no more: archived, or erased with its patient."""


class Overtaken(Exception):
    """The row is another resource by now: somebody changed its kind meanwhile."""


@contextmanager
def _outage_told() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_outage(error):
            raise
        raise DatabaseAway from error


class Store:
    """Reads and writes as the system role; every statement names the org. Raises DatabaseAway."""

    def __init__(self, engine: AsyncEngine, sealer: Sealer) -> None:
        self._engine, self._sealer = engine, sealer

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        with _outage_told():
            async with AsyncSession(self._engine) as session:
                yield session

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[SystemWork]:
        with _outage_told():
            async with system_work(self._engine, PUBLISHING) as work:
                yield work

    async def interface_of(self, customer_key: str) -> Interface | None:
        """Whose key it is; None: nobody's."""
        async with self._reading() as session:
            row = await session.scalar(
                select(Connection).where(
                    Connection.system == System.OPENDENTAL_SERVER,
                    Connection.removed_at.is_(None),
                    Connection.secrets[CUSTOMER_KEY]["sha256"].astext == hash_of_key(customer_key),
                )
            )
        if row is None:
            return None
        options = ServerOptions(**row.config)
        return Interface(row.org_id, row.id, options, row.last_success_at is not None)

    async def one(self, interface: Interface, number: int) -> Held | None:
        """A row that has a resource; None where there is none of that number."""
        async with self._reading() as session:
            row = await session.get(OdReferral, (interface.org_id, number))
        if row is None or row.archived or row.version == 0:
            return None
        return self._held(interface, row)

    async def page(self, interface: Interface, listing: Listing) -> list[Referral]:
        """The rows that a list is asked for, by number."""
        wanted = [_COLUMNS[name] == (value == "true") for name, value in listing.flags.items()]
        if listing.business_name is not None:
            part = func.lower(listing.business_name)
            wanted.append(func.strpos(func.lower(OdReferral.business_name), part) > 0)
        async with self._reading() as session:
            rows = await session.scalars(
                select(OdReferral)
                .where(
                    OdReferral.org_id == interface.org_id,
                    ~OdReferral.archived,
                    OdReferral.version > 0,
                    *wanted,
                )
                .order_by(OdReferral.referral_num)
                .limit(listing.limit)
                .offset(listing.offset)
            )
            return [self._held(interface, row).shown for row in rows]

    async def specialties(self, interface: Interface) -> Specialties:
        """The org's specialties."""
        async with self._reading() as session:
            rows = await session.scalars(
                select(OdDefinition).where(OdDefinition.org_id == interface.org_id)
            )
            return Specialties({row.def_num: row.item_name for row in rows})

    async def patient_of(self, interface: Interface, pat_num: int) -> UUID | None:
        """The patient under a number: that of the practice's Open Dental, else one of ours."""
        async with self._reading() as session:
            uuid: UUID | None = await session.scalar(
                select(ExternalId.uuid)
                .join(
                    Connection,
                    (Connection.org_id == ExternalId.org_id)
                    & (Connection.id == ExternalId.connection_id),
                )
                .where(
                    ExternalId.org_id == interface.org_id,
                    ExternalId.kind == ImportKind.PATIENT,
                    ExternalId.external_id == str(pat_num),
                    Connection.system.in_((System.OPENDENTAL, System.OPENDENTAL_SERVER)),
                    ~ExternalId.gone,
                    ~ExternalId.erased,
                )
                .order_by(Connection.system)
                .limit(1)
            )
        return uuid

    async def begin(
        self,
        interface: Interface,
        uuid: UUID,
        kind: ImportKind,
        shown: Mapping[str, Any],
        patient_id: UUID | None,
    ) -> Held:
        """Take a number and hold the row under it; nobody sees it before its resource is made."""
        async with self._writing() as work:
            counter = await work.session.get(OdCounter, interface.org_id, with_for_update=True)
            assert counter is not None
            number = take_number(counter)
            row = new_row(
                interface.org_id,
                number,
                uuid,
                kind,
                shown,
                work.now,
                version=0,
                patient_id=patient_id,
            )
            row.patient_seen = True
            self._put(interface, row, shown, work.now)
            work.session.add(row)
        return self._held(interface, row)

    async def drop(self, interface: Interface, number: int) -> None:
        """Forget a row whose resource was refused; its number stays taken."""
        async with self._writing() as work:
            row = await work.session.get(OdReferral, (interface.org_id, number))
            if row is not None and row.version == 0:
                await work.session.delete(row)

    async def write(
        self, interface: Interface, held: Held, given: Mapping[str, Any], replied: State | None
    ) -> Held:
        """Write what was given, and the resource as it was replied, upon what is shown by now.

        Whoever wrote or was told meanwhile loses nothing: a newer state of the resource stays.
        Raises Gone, and Overtaken where the row is another resource by now.
        """
        async with self._writing() as work:
            counter, row = await self._locked(work, interface, held)
            shown = self._shown(interface, row)
            state = None if replied is None or replied.version < row.version else replied
            if state is None or not is_linked_as(row, state):
                after = beside_the_resource(row.kind, shown, given)
            else:
                after = await upon(work.session, counter, state, {**shown, **given})
                row.version = state.version
            self._put(interface, row, after, work.now)
        return self._held(interface, row)

    async def become(
        self, interface: Interface, held: Held, given: Mapping[str, Any], made: State
    ) -> Held:
        """Let a row be the resource that was made for it, of the other kind. Raises as `write`."""
        async with self._writing() as work:
            counter, row = await self._locked(work, interface, held)
            shown = {**self._shown(interface, row), **given}
            row.kind = ImportKind.PARTNER if isinstance(made, PartnerState) else ImportKind.SOURCE
            after, row.version = await upon(work.session, counter, made, shown), made.version
            told = await work.session.scalar(
                select(OdReferral)
                .where(OdReferral.org_id == interface.org_id, OdReferral.uuid == made.id)
                .with_for_update()
            )
            if told is not None:  # By news, which came first and gave it a number of its own.
                if told.version > made.version:
                    after = beside_the_resource(row.kind, told.fields, after)
                    row.version = told.version
                await work.session.delete(told)
                await work.session.flush()
            row.uuid = made.id
            self._put(interface, row, after, work.now)
        return self._held(interface, row)

    async def _locked(
        self, work: SystemWork, interface: Interface, held: Held
    ) -> tuple[OdCounter, OdReferral]:
        """The counter first, as news lock it."""
        counter = await work.session.get(OdCounter, interface.org_id, with_for_update=True)
        key = (interface.org_id, held.number)
        row = await work.session.get(OdReferral, key, with_for_update=True)
        if counter is None or row is None or row.archived:
            raise Gone
        if row.uuid != held.uuid:
            raise Overtaken
        return counter, row

    def _put(
        self, interface: Interface, row: OdReferral, shown: Mapping[str, Any], now: datetime
    ) -> None:
        kept = as_kept(dict(shown), interface.options.keep)
        put(row, kept, now)
        given = kept.get("SSN")
        row.tax_number = self._sealer.seal(given, place_of_number(row)) if given else None

    def _shown(self, interface: Interface, row: OdReferral) -> Referral:
        shown = {**row.fields, "DateTStamp": self.stamp(interface, row.updated_at)}
        if row.tax_number is not None and is_kept(shown, interface.options.keep):
            shown["SSN"] = self._sealer.open(row.tax_number, place_of_number(row))
        return shown

    def _held(self, interface: Interface, row: OdReferral) -> Held:
        shown = self._shown(interface, row)
        return Held(row.referral_num, row.uuid, row.kind, row.version, row.patient_id, shown)

    def stamp(self, interface: Interface, at: datetime) -> str:
        """A time as the interface shows it."""
        return stamp(at, interface.options.zone)
