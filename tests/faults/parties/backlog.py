"""Many commands at once, from a client that waits for none of their replies."""

import asyncio
from uuid import uuid4

import orjson
from aiormq import spec

from messaging.wire.connection import PERSISTENT, connection
from messaging.wire.envelope import JSON_CONTENT_TYPE

AT_A_TIME = 500
_FIELDS = {"contact_type": "lab", "practice_name": "Clear Cast Dental Lab", "notes": "n" * 2_000}


async def publish_partners(rabbitmq_url: str, org_id: str, count: int) -> None:
    """So many partners to create, each confirmed by the broker."""
    body = orjson.dumps({"org_id": org_id, **_FIELDS})
    async with connection(rabbitmq_url, "test.backlog") as opened:
        channel = await opened.channel(publisher_confirms=True)

        async def publish() -> None:
            await channel.basic_publish(
                body,
                exchange="referrals.commands",
                routing_key="referral_partner.create",
                properties=spec.Basic.Properties(
                    content_type=JSON_CONTENT_TYPE,
                    delivery_mode=PERSISTENT,
                    message_id=str(uuid4()),
                ),
            )

        for done in range(0, count, AT_A_TIME):
            await asyncio.gather(*(publish() for _ in range(min(AT_A_TIME, count - done))))
