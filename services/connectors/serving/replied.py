"""A partner or source as a command replied it, put upon what its row shows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.connectors.models import OdCounter, OdDefinition, OdReferral
from services.connectors.opendental.server import Referral
from services.connectors.serving.numbers import take_def_num
from services.connectors.serving.projection import PartnerState, SourceState, of_partner, of_source

State = PartnerState | SourceState


def is_linked_as(row: OdReferral, state: State) -> bool:
    """Whether a resource is the same patient's as its row; where not, news bring whose it is."""
    patient = state.linked_patient if isinstance(state, SourceState) else None
    return row.patient_id == (None if patient is None else patient.uuid)


async def upon(
    session: AsyncSession, counter: OdCounter, state: State, shown: Mapping[str, Any]
) -> Referral:
    """A resource as it is shown: the fields that it has not stay as they are in `shown`.

    `counter` is locked: a specialty that is met for the first time gets a number.
    """
    if isinstance(state, SourceState):
        return of_source(state, shown, shown["PatNum"])
    return of_partner(state, shown, await _def_num(session, counter, state.specialty, shown))


async def _def_num(
    session: AsyncSession, counter: OdCounter, name: str | None, shown: Mapping[str, Any]
) -> int:
    if not name:
        return 0
    if shown["specialty"] == name:
        return int(shown["Specialty"])
    of_name = select(OdDefinition.def_num).where(
        OdDefinition.org_id == counter.org_id, OdDefinition.item_name == name
    )
    known = await session.scalar(of_name.order_by(OdDefinition.def_num).limit(1))
    if known is not None:
        return int(known)
    number = take_def_num(counter)
    session.add(OdDefinition(org_id=counter.org_id, def_num=number, item_name=name))
    return number
