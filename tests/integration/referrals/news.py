"""News of e-referrals, published as dispatch would publish them."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from aiormq import spec

from messaging.wire.connection import connection
from tests.support.services.referrals import Org, Referrals

HEARD_WITHIN_SECONDS = 10.0


async def tell(
    referrals: Referrals,
    org: Org,
    referral: dict[str, Any],
    event: str,
    *,
    version: int,
    status: str = "delivered",
    time: str = "2026-11-22T10:00:00Z",
    **data: Any,
) -> None:
    """Publish `ereferral.<event>` about the referral's e-referral; `data` are further fields of it.

    Returns when the referral's timeline shows one entry more than before.
    """
    before = len(await timeline(org, referral))
    ereferral = referral["ereferral_uuid"]
    body = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/ereferral_dispatch",
        "type": f"ereferral.{event}",
        "subject": ereferral,
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": "urn:handoff:schema:ereferral:v1",
        "orgid": org.id,
        "aggregateversion": version,
        "data": {
            "id": ereferral,
            "version": version,
            "created_at": time,
            "updated_at": time,
            "referral_uuid": referral["id"],
            "referral_partner": referral["referral_partner"],
            "status": status,
            "channel": "portal",
            "address": "https://portal.example/fhir",
            "possible_repeat": False,
            "next_attempt_at": None,
            **data,
        },
    }
    async with connection(referrals.rabbitmq_url, "test.dispatch") as opened:
        channel = await opened.channel(publisher_confirms=True)
        await channel.basic_publish(
            json.dumps(body).encode(),
            exchange="ereferral_dispatch.events",
            routing_key=body["type"],
            properties=spec.Basic.Properties(
                content_type="application/cloudevents+json",
                message_type=body["type"],
                message_id=body["id"],
                delivery_mode=2,
            ),
        )
    async with asyncio.timeout(HEARD_WITHIN_SECONDS):
        while True:
            if len(await timeline(org, referral)) > before:
                return
            await asyncio.sleep(0.01)


async def shown(org: Org, referral: dict[str, Any]) -> dict[str, Any]:
    """The referral as `referral.get` shows it now, without its timeline."""
    data = await _detail(org, referral)
    del data["timeline"]
    return data


async def timeline(org: Org, referral: dict[str, Any]) -> list[dict[str, Any]]:
    """Its timeline now."""
    found: list[dict[str, Any]] = (await _detail(org, referral))["timeline"]
    return found


async def _detail(org: Org, referral: dict[str, Any]) -> dict[str, Any]:
    answered = await org.ask("referral.get", referral_uuid=referral["id"])
    assert answered.status == 200, answered
    data: dict[str, Any] = answered.data
    return data
