"""Rows of `od_referral`: how one is made, and how a newer state of its resource is put into it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.connecting import ImportKind
from services.connectors.models import ExternalId, OdCounter, OdReferral
from services.connectors.sealing import Place


def new_row(
    org_id: str,
    number: int,
    uuid: UUID,
    kind: ImportKind,
    shown: Mapping[str, Any],
    now: datetime,
    *,
    version: int,
    patient_id: UUID | None = None,
) -> OdReferral:
    """A row under a number that nothing has yet. `version` 0: its resource is not made yet."""
    row = OdReferral(
        org_id=org_id,
        referral_num=number,
        uuid=uuid,
        kind=kind,
        version=version,
        patient_id=patient_id,
        patient_seen=patient_id is None,
        archived=False,
        created_at=now,
    )
    put(row, shown, now)
    return row


def put(row: OdReferral, shown: Mapping[str, Any], now: datetime) -> None:
    """Show this from now on; its number and stamp are the row's own columns, SSN is sealed."""
    row.fields = {**shown, "ReferralNum": row.referral_num, "SSN": "", "DateTStamp": ""}
    row.is_hidden = shown["IsHidden"] == "true"
    row.not_person = shown["NotPerson"] == "true"
    row.is_doctor = shown["IsDoctor"] == "true"
    row.is_preferred = shown["IsPreferred"] == "true"
    row.is_patient = shown["isPatient"] == "true"
    row.business_name = shown["BusinessName"]
    row.updated_at = now


def numbered_patient(
    org_id: str, counter: OdCounter, patient_id: UUID, number: int, now: datetime
) -> ExternalId:
    """A patient under a number of ours: nothing else of them is kept."""
    return ExternalId(
        org_id=org_id,
        connection_id=counter.connection_id,
        kind=ImportKind.PATIENT,
        external_id=str(number),
        uuid=patient_id,
        generation=1,
        changes=0,
        missed=0,
        gone=False,
        archived=False,
        erased=False,
        created_at=now,
        updated_at=now,
    )


def place_of_number(row: OdReferral) -> Place:
    """Where a row's SSN or TIN is sealed for."""
    return Place(row.org_id, row.uuid, "SSN")
