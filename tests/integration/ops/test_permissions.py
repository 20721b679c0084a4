"""The printed permissions on a real broker: everyone can do their own work and nothing else."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import aiormq.exceptions
import pytest
import pytest_asyncio
from aiormq import spec
from aiormq.abc import AbstractConnection

from client import (
    Change,
    EventSubscriber,
    Forbidden,
    MemoryPositions,
    NotPermitted,
    ReferralsClient,
)
from contracts.connecting import System
from contracts.contact import PUT_CONTACT
from contracts.directory import PUT_PATIENT, PatientPut
from messaging.database.migrations import migrate
from messaging.replies.client import Client, listen, open_client
from messaging.wire.connection import connection
from ops.servers import Servers
from ops.stubs.opendental import served
from services.connectors.adding import add
from services.connectors.home import MIGRATIONS
from tests.integration.connectors.practice import practice
from tests.integration.ops.broker_attempts import REFUSED, publish
from tests.integration.ops.restricted_users import (
    SERVICES,
    USERS,
    Restricted,
    as_operator,
    ask,
    holds,
    restricted_users,
)
from tests.support.connectors.running import OPERATOR, as_system, keys_of, replica, sealed
from tests.support.connectors.running import settings as connectors_settings
from tests.support.partners.portal import Portal
from tests.support.services.command_line import handoff
from tests.support.services.dispatch import dispatch_settings, running_dispatch
from tests.support.services.dispatch import migrated as dispatch_migrated
from tests.support.services.edge import running_edge
from tests.support.services.referrals import migrated, new_org_id, running_referrals
from tests.support.waiting import until

EVENTS = {"referrals.events": "#", "ereferral_dispatch.events": "#"}


@pytest_asyncio.fixture(scope="module")
async def restricted(
    servers: Servers, rabbitmq_vhost: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Restricted]:
    """The users with their printed permissions."""
    broker = servers.rabbitmq
    assert broker is not None, "RabbitMQ's programs are needed here: a given one keeps its users"
    grants = tmp_path_factory.mktemp("grants") / "grants.toml"
    vhost = unquote(urlsplit(rabbitmq_vhost).path[1:])
    users = restricted_users(broker, vhost, new_org_id(), grants)
    made = await asyncio.to_thread(users.__enter__)
    yield made
    users.__exit__(None, None, None)


@pytest_asyncio.fixture(scope="module")
async def connectors(new_postgres_database: Callable[[], str]) -> str:
    """The database of connectors."""
    database = new_postgres_database()
    await asyncio.to_thread(migrate, database, MIGRATIONS)
    return database


@pytest_asyncio.fixture(scope="module")
async def running(
    restricted: Restricted, new_postgres_database: Callable[[], str], connectors: str
) -> AsyncIterator[str]:
    """All services as their own users; yields the URL of a partner's portal."""
    grants, urls = restricted.grants, restricted.urls
    database, dispatch_database = new_postgres_database(), new_postgres_database()
    await migrated(database)
    await dispatch_migrated(dispatch_database)
    async with AsyncExitStack() as stack:
        portal = await stack.enter_async_context(Portal())
        settings = dispatch_settings(
            dispatch_database, urls["ereferral_dispatch"], client_grants_file=grants
        )
        await stack.enter_async_context(
            running_referrals(database, urls["referrals"], client_grants_file=grants)
        )
        await stack.enter_async_context(running_dispatch(settings))
        await stack.enter_async_context(
            replica(connectors_settings(connectors, urls["connectors"], client_grants_file=grants))
        )
        yield portal.endpoint("/fhir")


@pytest_asyncio.fixture(scope="module")
async def connections(
    running: str, restricted: Restricted
) -> AsyncIterator[dict[str, AbstractConnection]]:
    """A connection of each user; the services have declared what is theirs."""
    async with AsyncExitStack() as stack:
        yield {
            user: await stack.enter_async_context(connection(restricted.urls[user], "test"))
            for user in USERS
        }


@pytest_asyncio.fixture(scope="module")
async def crm(running: str, restricted: Restricted) -> AsyncIterator[Client]:
    """A client that asks with RabbitMQ's direct reply-to."""
    async with open_client(restricted.urls["crm"]) as client:
        yield client


async def test_a_referral_goes_all_the_way(
    crm: Client, running: str, restricted: Restricted
) -> None:
    """Both services declare, consume, reply, and tell each other; a subscriber hears of it."""
    org, at = restricted.org_id, "2026-01-05T08:00:00Z"
    patient = str(uuid4())
    async with listen(restricted.urls["subscriber"], EVENTS) as heard:
        for operation, fields in (
            ("patient.put", {"patient_uuid": patient, "name": "Paul Pace"}),
            ("practice.put", {"name": "Main Street Dental"}),
        ):
            done = await ask(crm, "crm", org, operation, observed_at=at, **fields)
            assert done.status == 200
        partner = await ask(
            *(crm, "crm", org, "referral_partner.create"),
            first_name="Ann",
            last_name="Archer",
            accepts_ereferral=True,
            ereferral_endpoint=running,
        )
        draft = await ask(
            *(crm, "crm", org, "referral.create"),
            patient_uuid=patient,
            referral_partner_uuid=partner.data["id"],
            reason="Root canal of tooth 14",
        )
        named = {"referral_uuid": draft.data["id"]}
        assert (await ask(crm, "crm", org, "referral.send", base_version=1, **named)).status == 202

        async def delivered() -> bool:
            shown = await ask(crm, "crm", org, "referral.get", **named)
            return bool(shown.data["dispatch_status"] == "delivered")

        await until(delivered, 30)
        types = {json.loads(heard.get_nowait().body)["type"] for _ in range(heard.qsize())}
    assert types >= {"patient.put", "referral.sent", "ereferral.queued", "ereferral.delivered"}


async def test_connectors_import_and_file_letters_with_their_own_rights(
    crm: Client, running: str, restricted: Restricted, connectors: str
) -> None:
    """All that a connection reads goes in; the draft that came from there is sent, of which
    connectors hear: they ask dispatch for its letter and file it."""
    org = restricted.org_id
    stub = practice()
    stub.provider(8, LName="Albert", FName="Brian")
    stub.refattach(
        2, ReferralNum=1, PatNum=15, ReferralType="RefTo", RefDate="2026-06-01", ProvNum=8
    )
    async with served(stub), as_system(connectors) as engine:
        options = {
            "bases": (stub.url,),
            "throttle": "none",
            "time_zone": str(stub.zone),
            "referrals_since": "2026-01-01",
            "upload_letters": True,
        }
        secrets = sealed(org, System.OPENDENTAL, keys_of(stub))
        await add(engine, org, System.OPENDENTAL, "main", options, secrets, OPERATOR)
        drafts: list[dict[str, Any]] = []

        async def is_imported() -> bool:
            nonlocal drafts
            listed = await ask(crm, "crm", org, "referral.list", status="draft")
            drafts = [one for one in listed.data["items"] if one["patient"]["name"] == "Paul Pace"]
            return any(one["referring_provider"] is not None for one in drafts)

        await until(is_imported, 40)
        (draft,) = [one for one in drafts if one["referring_provider"] is not None]
        partner = {"referral_partner_uuid": draft["referral_partner"]["uuid"], "base_version": 1}
        reached = {"accepts_ereferral": True, "ereferral_endpoint": running}
        await ask(crm, "crm", org, "referral_partner.update", **partner, **reached)
        at = "2026-01-05T08:00:00Z"
        await ask(crm, "crm", org, "practice.put", name="Main Street Dental", observed_at=at)
        named = {"referral_uuid": draft["id"], "base_version": draft["version"]}
        assert (await ask(crm, "crm", org, "referral.send", **named)).status == 202
        await until(lambda: bool(stub.documents), 40)


async def test_the_client_library_needs_no_other_right(
    running: str, restricted: Restricted
) -> None:
    """A program asks as a client and hears as a subscriber; its queue is the subscriber's own. What
    neither may do is told as that."""
    told: list[Change] = []
    org, urls = restricted.org_id, restricted.urls
    async with ReferralsClient(urls["crm"]) as client:
        request = PatientPut(
            org_id=org, patient_uuid=uuid4(), name="Paul Pace", observed_at=datetime.now(UTC)
        )
        await client.call(PUT_PATIENT, request)

        def subscriber(name: str, url: str) -> EventSubscriber:
            return EventSubscriber(
                url,
                client,
                name=name,
                resources=["patient"],
                orgs=[org],
                positions=MemoryPositions(),
                apply=told.append,
            )

        following = asyncio.create_task(subscriber("library", urls["subscriber"]).run())
        await until(lambda: any(one.subject.id == str(request.patient_uuid) for one in told))
        again = request.model_copy(update={"name": "Paula Pace", "observed_at": datetime.now(UTC)})
        await client.call(PUT_PATIENT, again)
        await until(lambda: bool(told[-1].event and told[-1].version == 2))
        following.cancel()
        with pytest.raises(NotPermitted, match="does not let crm have the queue events"):
            await subscriber("library", urls["crm"]).run()
        with pytest.raises(Forbidden):
            await client.call(PUT_CONTACT, {"org_id": org})


async def test_a_reply_comes_to_a_queue_of_the_clients_own(
    connections: dict[str, AbstractConnection], restricted: Restricted
) -> None:
    """One that carries its name, and one that the broker names."""
    channel = await connections["crm"].channel(publisher_confirms=True)
    replies: asyncio.Queue[Any] = asyncio.Queue()
    for name in (f"reply.crm.{uuid4().hex}", ""):
        declared = await channel.queue_declare(name, exclusive=True)
        await channel.basic_consume(declared.queue or "", replies.put, no_ack=True)
        await channel.basic_publish(
            json.dumps({"org_id": restricted.org_id}).encode(),
            exchange="referrals.queries",
            routing_key="referral_partner.list",
            properties=spec.Basic.Properties(
                content_type="application/json", user_id="crm", reply_to=declared.queue
            ),
        )
        reply = await asyncio.wait_for(replies.get(), 15)
        assert json.loads(reply.body)["status"] == 200
    await channel.close()


async def test_what_was_parked_is_replayed_under_its_clients_grant(
    crm: Client, connections: dict[str, AbstractConnection], restricted: Restricted
) -> None:
    """By an operator who may do nothing of it: what was granted is done, what was not is not."""
    org, partner = restricted.org_id, str(uuid4())
    named = {"referral_partner_uuid": partner}
    update = {"org_id": org, "base_version": 1, "notes": "Rings twice", **named}
    channel = await connections["crm"].channel(publisher_confirms=True)
    for user in ("crm", None):
        await channel.basic_publish(
            json.dumps(update).encode(),
            exchange="referrals.commands",
            routing_key="referral_partner.update",
            properties=spec.Basic.Properties(
                content_type="application/json",
                message_id=str(uuid4()),
                user_id=user,
                headers={"original_user_id": "crm"},
            ),
        )
    await holds(restricted, "forbidden", "referral_partner_not_found")
    made = await ask(
        *(crm, "crm", org, "referral_partner.create"),
        id=partner,
        first_name="Ann",
        last_name="Archer",
    )
    assert made.status == 201
    replayed = await asyncio.to_thread(as_operator, restricted, "replay", "referrals.commands")
    assert "2 of 2 dead letters of referrals.commands sent in again" in replayed

    async def is_done() -> bool:
        shown = await ask(crm, "crm", org, "referral_partner.get", **named)
        return bool(shown.data["notes"] == "Rings twice" and shown.data["version"] == 2)

    await until(is_done)
    await holds(restricted, "forbidden")
    discarded = await asyncio.to_thread(
        as_operator, restricted, "discard", "referrals.commands", "--yes"
    )
    assert "1 dead letter of referrals.commands discarded" in discarded


@pytest_asyncio.fixture(scope="module")
async def others_queues(
    connections: dict[str, AbstractConnection],
) -> dict[str, AbstractConnection]:
    """Queues that stay, of those whom somebody else might want to reach."""
    for user in ("crm", "desk"):
        channel = await connections[user].channel()
        await channel.queue_declare(f"reply.{user}.queue", durable=True)
    channel = await connections["subscriber"].channel()
    await channel.queue_declare("events.subscriber.queue", durable=True)
    return connections


@pytest.mark.parametrize(
    ("user", "what"), [(user, what) for user, attempts in REFUSED.items() for what in attempts]
)
async def test_nobody_can_do_what_is_not_theirs(
    others_queues: dict[str, AbstractConnection], user: str, what: str
) -> None:
    """The broker refuses it, before any of our code is asked."""
    channel = await others_queues[user].channel(publisher_confirms=True)
    with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
        await REFUSED[user][what](channel)


@pytest.mark.parametrize("user", [*SERVICES, "crm", "edge", "subscriber"])
async def test_nobody_can_say_that_they_are_somebody_else(
    others_queues: dict[str, AbstractConnection], user: str
) -> None:
    """But an operator, whose tag it is."""
    exchange = {
        "crm": "referrals.commands",
        "edge": "referrals.queries",
        "subscriber": "events.subscriber.exchange",
    }
    channel = await others_queues[user].channel(publisher_confirms=True)
    if user == "subscriber":
        await channel.exchange_declare("events.subscriber.exchange", auto_delete=True)
    target = exchange.get(user, f"{user}.events")
    with pytest.raises(aiormq.exceptions.ChannelPreconditionFailed):
        await publish(target, user_id="desk")(channel)


async def test_a_subscriber_keeps_a_queue_of_its_own(
    others_queues: dict[str, AbstractConnection], crm: Client, restricted: Restricted
) -> None:
    """It declares, binds and reads it; what happened while it was away is in it."""
    queue = "events.subscriber.queue"
    channel = await others_queues["subscriber"].channel(publisher_confirms=True)
    for exchange in EVENTS:
        await channel.queue_bind(queue, exchange, routing_key="#")
    provider = str(uuid4())
    at = "2026-01-05T08:00:00Z"
    named = {"patient_uuid": provider, "name": "Paul Pace", "observed_at": at}
    assert (await ask(crm, "crm", restricted.org_id, "patient.put", **named)).status == 200
    subjects = []

    async def comes() -> bool:
        message = await channel.basic_get(queue, no_ack=True)
        if not isinstance(message.delivery, spec.Basic.GetEmpty):
            subjects.append(json.loads(message.body)["subject"])
        return provider in subjects

    await until(comes)


def test_the_doctor_finds_nothing_wrong_with_a_restricted_service(
    connections: dict[str, AbstractConnection], restricted: Restricted
) -> None:
    """It looks as the service's own user: nothing that it asks for is refused."""
    looked = handoff(
        "doctor",
        REFERRALS_RABBITMQ_URL=restricted.urls["referrals"],
        DISPATCH_RABBITMQ_URL=restricted.urls["ereferral_dispatch"],
    )
    assert looked.stdout.count("topology: exchanges and queues are as this program wants") == 2


async def test_the_edge_asks_with_the_rights_of_the_edge(
    connections: dict[str, AbstractConnection], restricted: Restricted, tmp_path: Path
) -> None:
    """It looks for the exchanges, publishes, and hears its replies and events; its user is who is
    granted."""
    async with running_edge(restricted.urls["edge"], tmp_path) as edge:
        caller = edge.caller(restricted.org_id)
        assert (await caller.ask("GET", "/ereferrals")).status == 200
        await until(lambda: not edge.edge.health.notes(), 10)
        said = {"Authorization": f"Bearer {caller.token}"}
        url = f"{caller.url}/api/v1/{caller.org_id}/events"
        async with caller.session.get(url, headers=said) as stream, asyncio.timeout(10):
            partner = await caller.partner()
            assert partner["version"] == 1
            told = b"".join([await stream.content.readline() for _ in range(3)])
        assert partner["id"].encode() in told


async def test_a_client_calls_with_the_rights_of_a_client(
    connections: dict[str, AbstractConnection], restricted: Restricted
) -> None:
    """It may look whether anybody listens, publish, and read its reply."""
    body = json.dumps({"org_id": restricted.org_id})
    done = await asyncio.to_thread(
        handoff,
        *("call", "referral_partner.list", body),
        REFERRALS_RABBITMQ_URL=restricted.urls["crm"],
    )
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["status"] == 200


@pytest.mark.parametrize(
    "arguments",
    [
        ("dead-letters", "list", "referrals.commands"),
        ("dead-letters", "replay", "referrals.commands"),
        ("events",),
        ("call", "ereferral.dispatch", '{"org_id": "org_1"}'),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
async def test_what_a_user_may_not_do_is_told_in_one_line(
    connections: dict[str, AbstractConnection], restricted: Restricted, arguments: tuple[str, ...]
) -> None:
    """In the broker's words, which name the queue or exchange and the user."""
    done = await asyncio.to_thread(
        handoff,
        *arguments,
        REFERRALS_RABBITMQ_URL=restricted.urls["desk"],
        DISPATCH_RABBITMQ_URL=restricted.urls["subscriber"],
    )
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    # RabbitMQ 4 says which access: read, write or configure.
    refused = r"_RABBITMQ_URL: RabbitMQ refuses this user: (read |write |configure )?access to "
    assert re.search(refused, line)
    assert "'desk'" in line or "'subscriber'" in line
