"""`handoff events`: what happens, as the services tell it, from now on."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import orjson
from aiormq.abc import DeliveredMessage

from messaging.wire.connection import BROKER_ERRORS, LONGEST_SHORT_STRING
from messaging.wire.topology import make_sure_of
from ops.broker import broker
from ops.catalogue import ServiceName
from ops.environment import CannotGoOn, WrongArgument, octets, rabbitmq_url

EVENT_EXCHANGES = ("referrals.events", "ereferral_dispatch.events", "connectors.events")


async def tail(binding: str, org_id: str | None, *, as_json: bool) -> None:
    """Print each event of this type pattern and org as it comes, until cancelled.

    A line holds ids and names of fields, no patient data; `as_json` prints the whole event.
    Raises SettingError, WrongArgument and CannotGoOn.
    """
    if len(octets(binding, "--type")) > LONGEST_SHORT_STRING:
        raise WrongArgument(f"--type is longer than {LONGEST_SHORT_STRING} octets")
    url = rabbitmq_url(ServiceName.REFERRALS)
    async for message in _listen(url, binding):
        try:
            event: dict[str, Any] = orjson.loads(message.body)
            if org_id is None or event["orgid"] == org_id:
                print(orjson.dumps(event).decode() if as_json else line(event), flush=True)
        except (ValueError, KeyError, TypeError, AttributeError):
            print(f"no event, but published as one: {message.routing_key!r}", file=sys.stderr)


def line(event: dict[str, Any]) -> str:
    """An event in one line: when, what, which, its version, and the status that it led to."""
    at = datetime.fromisoformat(event["time"]).astimezone()
    data = event.get("data") or {}
    status = data.get("dispatch_status") or data.get("status")
    rest = [
        f"status={status}" if status else "",
        f"changed={event['changed']}" if event.get("changed") else "",
    ]
    return (
        f"{at:%H:%M:%S}  {event['type']:28}  {event['orgid']}  {event['subject']}  "
        f"v{event['aggregateversion']}  {' '.join(part for part in rest if part)}"
    ).rstrip()


async def _listen(url: str, binding: str) -> AsyncIterator[DeliveredMessage]:
    """What is published from now on; the queue is this connection's own and goes with it."""
    heard: asyncio.Queue[DeliveredMessage] = asyncio.Queue()

    async def take(message: DeliveredMessage) -> None:
        heard.put_nowait(message)

    try:
        async with broker(ServiceName.REFERRALS, url, "handoff.events") as opened:
            for exchange in EVENT_EXCHANGES:
                await make_sure_of(opened, exchange)
            channel = await opened.channel()
            declared = await channel.queue_declare(exclusive=True, auto_delete=True)
            queue = declared.queue or ""
            for exchange in EVENT_EXCHANGES:
                await channel.queue_bind(queue, exchange, routing_key=binding)
            await channel.basic_consume(queue, take, no_ack=True)
            print("Listening; Ctrl-C ends it.", file=sys.stderr, flush=True)
            while True:
                coming = asyncio.create_task(heard.get())
                await asyncio.wait({coming, opened.closing}, return_when=asyncio.FIRST_COMPLETED)
                if not coming.done():
                    coming.cancel()
                    raise ConnectionError
                yield coming.result()
    except BROKER_ERRORS:
        raise CannotGoOn("RabbitMQ went away; what happens meanwhile is not shown") from None
