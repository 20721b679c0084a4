"""Rows of the practice's Open Dental, shown at our own interface under their numbers there.

Fields that have no place in a partner or source of ours are kept for it alone.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import ImportKind
from services.connectors.models import Connection, ExternalId, OdCounter, OdReferral
from services.connectors.opendental.rows import Keep, ReferralRow
from services.connectors.opendental.server import BLANK, Referral, is_kept
from services.connectors.sealing import Sealer
from services.connectors.serving.held import new_row, place_of_number, put
from services.connectors.serving.numbers import pass_over, stay_beside_theirs, take_number
from services.connectors.serving.projection import beside_the_resource, ten_digits

_NO_ADDRESS = {"Address": "", "Address2": "", "City": "", "ST": "", "Zip": ""}
"""The directory has no address of a patient."""
SHOWN_KINDS = (ImportKind.PARTNER, ImportKind.SOURCE)


def shown_as_there(row: ReferralRow) -> Referral:
    """A row as their API shows it, but for a patient's address and numbers that are not North
    American."""
    digits = "".join(one for one in row.telephone or "" if one in "0123456789")
    is_patient = row.is_patient or row.pat_num > 0
    shown = {
        **BLANK,
        "LName": row.last_name or "",
        "FName": row.first_name or "",
        "MName": row.middle_name or "",
        "UsingTIN": _word(row.using_tin),
        "Specialty": row.specialty_num,
        "specialty": row.specialty or "",
        "ST": row.state or "",
        "Telephone": ten_digits(f"+1{digits}"),
        "Address": row.address or "",
        "Address2": row.address2 or "",
        "City": row.city or "",
        "Zip": row.zip_code or "",
        "Note": row.note or "",
        "Phone2": row.phone2 or "",
        "IsHidden": _word(row.is_hidden),
        "NotPerson": _word(row.not_person),
        "Title": row.title or "",
        "EMail": row.email or "",
        "PatNum": row.pat_num,
        "IsDoctor": _word(row.is_doctor),
        "IsPreferred": _word(row.is_preferred),
        "BusinessName": row.business_name or "",
        "DisplayNote": row.display_note or "",
        "isPatient": _word(is_patient),
    }
    return {**shown, **_NO_ADDRESS} if is_patient else shown


def _word(flag: bool) -> str:
    return "true" if flag else "false"


async def show_imported(
    session: AsyncSession,
    sealer: Sealer,
    known: ExternalId,
    kept: Mapping[str, Any],
    now: datetime,
) -> None:
    """Show a row as it was imported; the caller commits. An org without an interface shows none."""
    counter = await session.get(OdCounter, known.org_id, with_for_update=True)
    if counter is None or known.version is None:
        return
    if known.kind in (*SHOWN_KINDS, ImportKind.PATIENT):
        stay_beside_theirs(counter)
        pass_over(counter, int(known.external_id))
    if known.kind not in SHOWN_KINDS:
        return
    there = ReferralRow(**kept)
    shown = shown_as_there(there)
    row = await session.scalar(
        select(OdReferral)
        .where(OdReferral.org_id == known.org_id, OdReferral.uuid == known.uuid)
        .with_for_update()
    )
    if row is None:
        number = await _free_number(session, counter, there.referral_num)
        patient_id = await _patient(session, known, there.pat_num)
        row = new_row(
            known.org_id,
            number,
            known.uuid,
            known.kind,
            shown,
            now,
            version=known.version,
            patient_id=patient_id,
        )
        session.add(row)
    else:
        put(row, beside_the_resource(row.kind, row.fields, shown), now)
    row.patient_seen = True
    if there.tax_number and is_kept(shown, await _keep(session, counter)):
        row.tax_number = sealer.seal(there.tax_number, place_of_number(row))
    await session.flush()


async def _keep(session: AsyncSession, counter: OdCounter) -> Keep:
    """What the interface keeps, which may be less than what the connection keeps."""
    interface = await session.get(Connection, (counter.org_id, counter.connection_id))
    return Keep.NOTHING if interface is None else Keep(interface.config["keep"])


async def _free_number(session: AsyncSession, counter: OdCounter, number: int) -> int:
    """Their number, unless another kind of thing of the same row has it already."""
    taken = await session.get(OdReferral, (counter.org_id, number))
    return number if taken is None else take_number(counter)


async def _patient(session: AsyncSession, known: ExternalId, pat_num: int) -> UUID | None:
    if not pat_num:
        return None
    uuid: UUID | None = await session.scalar(
        select(ExternalId.uuid).where(
            ExternalId.org_id == known.org_id,
            ExternalId.connection_id == known.connection_id,
            ExternalId.kind == ImportKind.PATIENT,
            ExternalId.external_id == str(pat_num),
        )
    )
    return uuid
