"""The same work the plain way: a FastStream handler, one message in one transaction of the ORM.

Written as a competent engineer would write it who leaves batches, tricks and outbox relays alone:
handlers overlap their I/O (256 messages ahead, 10 database connections), the contract, the
repeats and row-level security are observed, the reply is stored, the audit trail is kept, the event
is confirmed. What it does not give: an event that survives a crash after the commit.
"""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from faststream import AckPolicy
from faststream.rabbit import (
    Channel,
    ExchangeType,
    RabbitBroker,
    RabbitExchange,
    RabbitMessage,
    RabbitQueue,
    RabbitResponse,
)
from faststream.rabbit.schemas.queue import QueueType
from sqlalchemy import DateTime, SmallInteger
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils import compat as uuid_utils

from bench import under_test
from bench.commands import OPERATION
from contracts.events import EVENT_CONTENT_TYPE
from contracts.referral_partner import REFERRAL_PARTNER_CREATED, ReferralPartnerCreate
from contracts.values import format_time, parse_uuid
from messaging.database.engine import limit_to_orgs, open_engine
from messaging.running.settings import load_settings
from messaging.telemetry import logs
from messaging.telemetry.logs import LogFormat
from messaging.trail import audit
from services.referrals.handlers.partner import FIELDS, partner_name, partner_resource
from services.referrals.home import COMMANDS, HOME, PUBLISHING
from services.referrals.models.partner import ReferralPartner
from services.referrals.rules.partner import read_partner, search_text
from services.referrals.settings import ReferralsSettings

PREFETCH = 256
CONNECTIONS = 10


class Base(DeclarativeBase):
    pass


class Heard(Base):
    """A row of the inbox, mapped."""

    __tablename__ = "inbox"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes]
    status: Mapped[int] = mapped_column(SmallInteger)
    resource_id: Mapped[UUID | None]
    reply: Mapped[bytes]
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


EVENTS = RabbitExchange(PUBLISHING.exchange, type=ExchangeType.TOPIC, durable=True)


def new_partner(command: ReferralPartnerCreate, now: datetime) -> ReferralPartner:
    """The row of a valid command. Raises Refusal."""
    fields = read_partner({name: getattr(command, name) for name in FIELDS}, FIELDS)
    partner = ReferralPartner(
        org_id=command.org_id,
        id=command.id or uuid_utils.uuid7(),
        version=1,
        created_at=now,
        updated_at=now,
        **fields,
    )
    partner.sort_name = partner_name(partner).lower()
    partner.search_text = search_text(
        partner.first_name, partner.last_name, partner.practice_name, partner.npi
    )
    partner.specialty_text = partner.specialty.casefold() if partner.specialty else None
    return partner


def created_event(partner: ReferralPartner, data: bytes, message_id: str) -> dict[str, Any]:
    """The CloudEvent of a new partner; `data` is its JSON."""
    return {
        "specversion": "1.0",
        "id": str(uuid_utils.uuid7()),
        "source": PUBLISHING.source,
        "type": REFERRAL_PARTNER_CREATED.name,
        "subject": str(partner.id),
        "time": format_time(partner.created_at),
        "datacontenttype": "application/json",
        "dataschema": REFERRAL_PARTNER_CREATED.dataschema,
        "orgid": partner.org_id,
        "aggregateversion": partner.version,
        "causationid": message_id,
        "data": orjson.Fragment(data),
    }


def created_entry(partner: ReferralPartner, message_id: UUID) -> audit.Entry:
    """The audit trail's entry about a new partner."""
    return audit.Entry(
        at=partner.created_at,
        org_id=partner.org_id,
        client=None,
        actor=None,
        operation=OPERATION,
        status=201,
        record_id=partner.id,
        patient_ids=(),
        message_id=message_id,
    )


def plain_broker(url: str, sessions: async_sessionmaker[AsyncSession]) -> RabbitBroker:
    """A broker with the one subscriber."""
    broker = RabbitBroker(url, logger=None)

    @broker.subscriber(
        RabbitQueue(
            COMMANDS.name,
            queue_type=QueueType.QUORUM,
            durable=True,
            declare=False,
        ),
        RabbitExchange(COMMANDS.exchange, type=ExchangeType.TOPIC, durable=True),
        channel=Channel(prefetch_count=PREFETCH),
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def create(command: ReferralPartnerCreate, message: RabbitMessage) -> RabbitResponse:
        message_id = parse_uuid(message.message_id)
        body_hash = hashlib.sha256(message.body).digest()
        async with sessions.begin() as session:
            await limit_to_orgs(session, [command.org_id])
            heard = await session.get(Heard, (command.org_id, message_id))
            if heard is not None:
                if heard.body_hash != body_hash:
                    raise ValueError("this message id was used before")
                return _reply(heard.reply)
            partner = new_partner(command, datetime.now(UTC))
            data = partner_resource(partner).to_json()
            reply = orjson.dumps({"status": 201, "data": orjson.Fragment(data)})
            session.add(partner)
            session.add(
                Heard(
                    org_id=command.org_id,
                    message_id=message_id,
                    body_hash=body_hash,
                    status=201,
                    resource_id=partner.id,
                    reply=reply,
                    received_at=partner.created_at,
                )
            )
            await audit.append(session, [created_entry(partner, message_id)])
        event = created_event(partner, data, str(message_id))
        await broker.publish(
            orjson.dumps(event),
            exchange=EVENTS,
            routing_key=event["type"],
            persist=True,
            content_type=EVENT_CONTENT_TYPE,
            message_id=event["id"],
            message_type=event["type"],
        )
        return _reply(reply)

    return broker


def _reply(body: bytes) -> RabbitResponse:
    return RabbitResponse(
        body, mandatory=False, content_type="application/json", message_type="reply"
    )


async def run(settings: ReferralsSettings, stop: asyncio.Event) -> None:
    """Consume until `stop` is set."""
    engine = open_engine(
        settings.database_url,
        HOME,
        role=HOME.service_role,
        name="bench.plain",
        pool_size=CONNECTIONS,
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    broker = plain_broker(settings.rabbitmq_url, sessions)
    await broker.start()
    await stop.wait()
    await broker.stop()
    await engine.dispose()


def main() -> None:
    logs.configure("plain", LogFormat.JSON)
    settings = load_settings(ReferralsSettings)
    under_test.obey(lambda stop: run(settings, stop))


if __name__ == "__main__":
    main()
