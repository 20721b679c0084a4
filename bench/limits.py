"""The limits of the parts by themselves: PostgreSQL's commits and RabbitMQ's confirmations."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
from aiormq.abc import AbstractChannel
from sqlalchemy.engine import make_url

from bench.commands import PartnerCommand
from bench.place import Place, bind_events
from bench.plain import created_entry, created_event, new_partner
from contracts.events import EVENT_CONTENT_TYPE
from contracts.referral_partner import ReferralPartnerCreate
from messaging.database import tables
from messaging.wire.connection import connection, persistent
from services.referrals.handlers.partner import partner_resource
from services.referrals.home import HOME, PUBLISHING
from services.referrals.models.partner import ReferralPartner

PUBLISHED_AT_ONCE = 256

_PARTNER = [c.key for c in ReferralPartner.__table__.columns if c.server_default is None]
_INBOX = [column.key for column in tables.inbox.columns]
_OUTBOX = [column.key for column in tables.outbox.columns if column.key != "seq"]
_AUDIT = [column.key for column in tables.audit.columns if column.key != "seq"]


async def inserts_per_second(place: Place, commands: Sequence[PartnerCommand]) -> float:
    """One asyncpg connection that writes each command's four rows, one commit a command.

    The rows are made before the clock starts.
    """
    rows = [_rows(command) for command in commands]
    url = make_url(place.database_url).set(drivername="postgresql")
    database = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        await database.execute(f"SET search_path TO {HOME.schema}")
        await database.execute(f"SET ROLE {HOME.service_role}")
        limit = await database.prepare("SELECT set_config('app.orgs', $1, true)")
        inserts = [
            await database.prepare(_insert(table, columns))
            for table, columns in (
                ("referral_partner", _PARTNER),
                ("inbox", _INBOX),
                ("outbox", _OUTBOX),
                ("audit", _AUDIT),
            )
        ]
        started = time.perf_counter()
        for command, four in zip(commands, rows, strict=True):
            async with database.transaction():
                await limit.fetch(command.org_id)
                for insert, values in zip(inserts, four, strict=True):
                    await insert.fetch(*values)
        return len(commands) / (time.perf_counter() - started)
    finally:
        await database.close()


async def publishes_per_second(place: Place, count: int, body: bytes) -> float:
    """Persistent messages into a quorum queue, 256 awaiting their confirmation at any time."""
    async with connection(place.rabbitmq_url, "bench.limit") as opened:
        channel = await opened.channel(publisher_confirms=True, on_return_raises=True)
        await bind_events(channel, place)
        numbers = iter(range(count))
        started = time.perf_counter()
        async with asyncio.TaskGroup() as publishers:
            for _ in range(PUBLISHED_AT_ONCE):
                publishers.create_task(_publish_all(channel, numbers, body))
        return count / (time.perf_counter() - started)


async def _publish_all(channel: AbstractChannel, numbers: Any, body: bytes) -> None:
    for number in numbers:
        await channel.basic_publish(
            body,
            exchange=PUBLISHING.exchange,
            routing_key="referral_partner.created",
            properties=persistent(content_type=EVENT_CONTENT_TYPE, message_id=str(number)),
        )


def event_body(command: PartnerCommand) -> bytes:
    """The event that a command leads to, as JSON."""
    partner = new_partner(_contract(command), datetime.now(UTC))
    data = partner_resource(partner).to_json()
    return orjson.dumps(created_event(partner, data, str(command.message_id)))


def _contract(command: PartnerCommand) -> ReferralPartnerCreate:
    return ReferralPartnerCreate.model_validate_json(command.body)


def _rows(command: PartnerCommand) -> tuple[list[Any], ...]:
    partner = new_partner(_contract(command), datetime.now(UTC))
    data = partner_resource(partner).to_json()
    event = created_event(partner, data, str(command.message_id))
    heard = {
        "org_id": command.org_id,
        "message_id": command.message_id,
        "body_hash": bytes(32),
        "status": 201,
        "resource_id": partner.id,
        "reply": orjson.dumps({"status": 201, "data": orjson.Fragment(data)}),
        "received_at": partner.created_at,
    }
    said = {
        "org_id": command.org_id,
        "subject": event["subject"],
        "exchange": PUBLISHING.exchange,
        "routing_key": event["type"],
        "message_id": event["id"],
        "content_type": EVENT_CONTENT_TYPE,
        "headers": "{}",
        "body": orjson.dumps(event),
    }
    kept = asdict(created_entry(partner, command.message_id))
    return (
        [getattr(partner, name) for name in _PARTNER],
        [heard[name] for name in _INBOX],
        [said[name] for name in _OUTBOX],
        [kept[name] for name in _AUDIT],
    )


def _insert(table: str, columns: Sequence[str]) -> str:
    values = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"
