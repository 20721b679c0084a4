"""Hints from AlfaDocs' appointments, each told once, applied where the connection says so."""

from collections.abc import Sequence
from uuid import UUID, uuid5

import orjson
from sqlalchemy import select

from contracts.connecting import ImportKind
from contracts.connection import CONNECTION_FULFILMENT_HINT, FulfilmentHint
from messaging.outbox.system_work import SystemWork
from messaging.telemetry import logs
from services.connectors.alfadocs.client import AlfaDocs
from services.connectors.alfadocs.mapping import ZONE
from services.connectors.alfadocs.rows import read_appointment
from services.connectors.models import Connection, ExternalId, OperatorMap, ReferralHint
from services.connectors.resources import connection_resource
from services.connectors.rules.hinting import Visit, is_about, response_to, visits, windows
from services.connectors.rules.identity import NAMESPACE
from services.connectors.runs.commands import COMMANDS, Calls, ask, persisting
from services.connectors.runs.context import RunContext
from services.connectors.runs.leases import leased

log = logs.get(__name__)


async def take_hints(
    context: RunContext, alfadocs: AlfaDocs, client: Calls, *, apply_hints: bool
) -> None:
    """Read the appointments, and tell what they suggest. Raises RunFailed, NoReply, LeaseLost."""
    async with leased(context.engine, context.claimed) as (work, _):
        partners = await _partners(work, context)
        today = work.now.astimezone(ZONE).date()
    if not partners:
        return
    context.phase, context.offset = "appointments", None
    rows = []
    for start, end in windows(today):
        raws = await alfadocs.appointments(start, end)
        rows += [read_appointment(raw).row for raw in raws]
    context.phase = None
    found = visits([row for row in rows if row is not None], partners)
    for visit, patient_uuid in await _known(context, found):
        await _tell(context, client, visit, patient_uuid, apply_hints=apply_hints)
    log.info("appointments read", org_id=context.org_id, count=len(rows))


async def _partners(work: SystemWork, context: RunContext) -> dict[str, UUID]:
    rows = await work.session.scalars(
        select(OperatorMap).where(
            OperatorMap.org_id == context.org_id,
            OperatorMap.connection_id == context.claimed.id,
            OperatorMap.referral_partner_id.is_not(None),
        )
    )
    return {row.external_id: row.referral_partner_id for row in rows if row.referral_partner_id}


async def _known(context: RunContext, found: Sequence[Visit]) -> list[tuple[Visit, UUID]]:
    """The visits of patients who are here."""
    async with leased(context.engine, context.claimed) as (work, _):
        rows = await work.session.scalars(
            select(ExternalId).where(
                ExternalId.org_id == context.org_id,
                ExternalId.connection_id == context.claimed.id,
                ExternalId.kind == ImportKind.PATIENT,
                ExternalId.external_id.in_({visit.patient for visit in found}),
                ExternalId.version.is_not(None),
                ~ExternalId.erased,
            )
        )
        here = {row.external_id: row.uuid for row in rows}
    return [(visit, here[visit.patient]) for visit in found if visit.patient in here]


async def _tell(
    context: RunContext, client: Calls, visit: Visit, patient_uuid: UUID, *, apply_hints: bool
) -> None:
    query = {
        "org_id": context.org_id,
        "patient_uuid": str(patient_uuid),
        "referral_partner_uuid": str(visit.partner_uuid),
    }
    answered = await ask(client, "referral.list", query)
    listed = answered.data["items"] if answered.status == 200 else []
    referral = next((one for one in listed if is_about(one, visit)), None)
    if referral is None:
        return
    uuid = UUID(referral["id"])
    async with leased(context.engine, context.claimed) as (work, _):
        held = await work.session.get(ReferralHint, (context.org_id, context.claimed.id, uuid))
    if held is not None and held.hint is visit.hint:
        return
    response = response_to(visit.hint, referral["fulfilment_status"]) if apply_hints else None
    if response is not None:
        body = {"org_id": context.org_id, "referral_uuid": str(uuid), "response": response.value}
        id_ = uuid5(NAMESPACE, f"{context.claimed.id}/{uuid}/{visit.hint}/hint")
        # One that is refused was answered otherwise meanwhile: the hint is told all the same.
        await persisting(
            lambda: client.call(
                COMMANDS, "referral.record_response", orjson.dumps(body), message_id=id_
            )
        )
    await _told(context, uuid, visit)


async def _told(context: RunContext, uuid: UUID, visit: Visit) -> None:
    async with leased(context.engine, context.claimed) as (work, row):
        await work.session.merge(
            ReferralHint(
                org_id=context.org_id,
                connection_id=context.claimed.id,
                referral_id=uuid,
                hint=visit.hint,
                told_at=work.now,
            )
        )
        _next_version(work, row)
        hint = FulfilmentHint(referral_uuid=uuid, hint=visit.hint)
        workspace = work.workspace(context.org_id)
        workspace.publish(CONNECTION_FULFILMENT_HINT, connection_resource(row, hint=hint))


def _next_version(work: SystemWork, row: Connection) -> None:
    row.version += 1
    row.updated_at = work.now
