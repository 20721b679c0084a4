"""A flood of bad input: the service outlives it, in its memory and in what it does."""

import asyncio
from uuid import uuid4

from messaging.replies.client import open_client
from tests.support.broker.bad_input import ALL, MEBIBYTE, ORG
from tests.support.broker.raw_messages import open_wire
from tests.support.services.process import RunningService, running_service
from tests.support.services.referrals import Org, migrated, new_org_id
from tests.support.waiting import until

GOOD_COMMANDS = 300
MOST_GROWTH_BYTES = 200 * MEBIBYTE
EACH_TIMES = 4
NOBODY = "nobody.listens.here"

_OPEN = f'{{"org_id":"{ORG}","first_name":"A","last_name":"B",'.encode()
_LARGE = [
    # Each is 1 MiB of JSON, and costs as much of memory or time as that can.
    _OPEN + b'"x":[' + b"[]," * 349_000 + b"0]}",
    _OPEN + ",".join(f'"{n:x}":1' for n in range(100_000)).encode() + b"}",
    _OPEN + b'"first_name":"e' + "\u0301\u0323".encode() * 262_000 + b'"}',
    _OPEN + b'"email":"' + b"a" * 1_000_000 + b'@example.org"}',
    _OPEN + b'"x":0.' + b"7" * 1_000_000 + b"}",
]
LARGE_TIMES = 8
# A frame of the smallest values that there are.
_MANY_HEADERS = {"headers": {"a": [None] * 130_000}}
MANY_HEADERS_TIMES = 40


async def resident_bytes(service: RunningService) -> int:
    """What the process holds in memory, as its own metrics say."""
    _, page = await asyncio.to_thread(service.get, "/metrics")
    (line,) = [x for x in page.splitlines() if x.startswith("process_resident_memory_bytes ")]
    return int(float(line.split()[1]))


async def answered_good_commands(org: Org) -> int:
    """How many of so many good commands at once are answered with success."""
    answers = await asyncio.gather(
        *(
            org.ask("referral_partner.create", first_name="A", last_name=f"B{n}")
            for n in range(GOOD_COMMANDS)
        )
    )
    return sum(answer.status == 201 for answer in answers)


async def pour(rabbitmq_url: str, org: Org) -> int:
    """Publish every kind of bad input, and the largest many times; returns how many to commands."""
    bodies = [
        (bad.body, bad.operation, bad.properties)
        for bad in ALL
        if bad.service == "referrals" and not bad.is_query
        for _ in range(EACH_TIMES if len(bad.body) < MEBIBYTE else 1)
    ]
    bodies += [(body, "referral_partner.create", {}) for body in _LARGE for _ in range(LARGE_TIMES)]
    bodies += [(b"{}", "referral_partner.create", _MANY_HEADERS)] * MANY_HEADERS_TIMES
    async with open_wire(rabbitmq_url) as wire:
        for body, operation, properties in bodies:
            given = {"content_type": "application/json", "message_id": str(uuid4()), **properties}
            await wire.publish(
                body.replace(ORG.encode(), org.id.encode()),
                operation,
                exchange="referrals.commands",
                reply_to=NOBODY,
                **given,
            )
    return len(bodies)


def refusals(service: RunningService) -> int:
    """How many messages of the commands' queue were refused so far."""
    _, page = service.get("/metrics")
    counted = [
        line.rsplit(" ", 1)
        for line in page.splitlines()
        if line.startswith("handoff_messages_total{") and 'queue="referrals.commands"' in line
    ]
    return sum(int(float(n)) for labels, n in counted if 'status="4' in labels)


async def test_memory_and_work_are_unharmed(postgres_database: str, rabbitmq_vhost: str) -> None:
    """The same process as before, holding little more, answers every good command as before.

    Nothing it was sent made it lose its connection: nothing was given up after many deliveries.
    """
    await migrated(postgres_database)
    env = {"REFERRALS_DATABASE_URL": postgres_database, "REFERRALS_RABBITMQ_URL": rabbitmq_vhost}
    with running_service("referrals", env) as service:
        async with open_client(rabbitmq_vhost) as client:
            org = Org(client, new_org_id())
            assert await answered_good_commands(org) == GOOD_COMMANDS
            before_bytes = await resident_bytes(service)
            poured = await pour(rabbitmq_vhost, org)

            async def all_are_refused() -> bool:
                return await asyncio.to_thread(refusals, service) == poured

            await until(all_are_refused, within_seconds=120, look_every_seconds=0.2)
            assert await answered_good_commands(org) == GOOD_COMMANDS
            listed = await org.ask("referral_partner.list", page_size=1)
            assert listed.data["total"] == 2 * GOOD_COMMANDS
            after_bytes = await resident_bytes(service)
        assert after_bytes - before_bytes < MOST_GROWTH_BYTES
        lost = [line for line in service.log_lines() if line["event"] == "not consuming"]
        assert lost == []
        async with open_wire(rabbitmq_vhost) as wire:
            assert await wire.parked("referrals.commands", 0) == []
