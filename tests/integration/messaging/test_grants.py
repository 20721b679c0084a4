"""Grants, by the AMQP user that the broker vouches for (docs/contract/wire.md#grants)."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import aiormq
import pytest
import pytest_asyncio
from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage

from messaging.replies.client import open_client
from messaging.running.settings import SettingError
from services.referrals.app import build
from services.referrals.settings import ReferralsSettings
from tests.support.services.referrals import migrated, new_org_id, running_referrals

PARTNER = {"first_name": "Ann", "last_name": "Archer"}


@pytest.fixture(scope="module")
def user(rabbitmq_vhost: str) -> str:
    """The AMQP user that all connections of these tests have."""
    return urlsplit(rabbitmq_vhost).username or ""


@pytest.fixture(scope="module")
def grants(user: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The one org in which the client may do all with partners, and the file that says so."""
    org_id = new_org_id()
    path: Path = tmp_path_factory.mktemp("grants") / "grants.toml"
    path.write_text(
        f'[[clients]]\nuser = "{user}"\norgs = ["{org_id}"]\noperations = ["referral_partner.*"]\n'
    )
    return org_id, path


@pytest_asyncio.fixture(scope="module")
async def granted_org(
    postgres_database: str, rabbitmq_vhost: str, grants: tuple[str, Path]
) -> AsyncIterator[str]:
    """The org of the grant; a replica runs."""
    org_id, path = grants
    await migrated(postgres_database)
    async with running_referrals(postgres_database, rabbitmq_vhost, client_grants_file=path):
        yield org_id


async def test_what_is_granted_is_done(rabbitmq_vhost: str, granted_org: str, user: str) -> None:
    """The client's own user, an org and an operation of its grant."""
    async with open_client(rabbitmq_vhost) as client:
        created = await client.call(
            "referrals.commands",
            "referral_partner.create",
            {"org_id": granted_org, **PARTNER},
            user_id=user,
        )
        read = await client.call(
            "referrals.queries",
            "referral_partner.get",
            {"org_id": granted_org, "referral_partner_uuid": created.data["id"]},
            user_id=user,
        )
    assert (created.status, read.status) == (201, 200)


@pytest.mark.parametrize(
    ("says_who_it_is", "in_its_org", "operation"),
    [
        (False, True, "referral_partner.create"),
        (True, False, "referral_partner.create"),
        (True, True, "practice.put"),
    ],
    ids=["no user_id", "another org", "another operation"],
)
async def test_what_is_not_granted_is_forbidden(
    rabbitmq_vhost: str,
    granted_org: str,
    user: str,
    says_who_it_is: bool,
    in_its_org: bool,
    operation: str,
) -> None:
    """403 before anything of the body is judged, and nothing of it is remembered."""
    message_id = uuid4()
    org_id = granted_org if in_its_org else new_org_id()
    async with open_client(rabbitmq_vhost) as client:
        for nonsense in range(2):
            answered = await client.call(
                "referrals.commands",
                operation,
                {"org_id": org_id, "nonsense": nonsense},
                message_id=message_id,
                user_id=user if says_who_it_is else None,
            )
            assert answered.status == 403
            assert answered.problem is not None and answered.problem["code"] == "forbidden"


@pytest.mark.parametrize(
    ("queue", "operation", "fields", "status"),
    [
        ("referrals.commands", "referral_partner.create", PARTNER, 201),
        ("referrals.queries", "referral_partner.list", {}, 200),
    ],
    ids=["command", "query"],
)
async def test_a_reply_goes_to_a_queue_of_the_clients_own(
    rabbitmq_vhost: str,
    granted_org: str,
    user: str,
    queue: str,
    operation: str,
    fields: dict[str, str],
    status: int,
) -> None:
    """Another's queue gets nothing: the message is parked as forbidden."""
    connection = await aiormq.connect(rabbitmq_vhost)
    channel = await connection.channel()
    victim = f"somebody.{uuid4().hex}"
    own = f"reply.{user}.{uuid4().hex}"
    for reply_to in (victim, own):
        await channel.queue_declare(reply_to, exclusive=True)
    for reply_to in (victim, own):
        await channel.basic_publish(
            json.dumps({"org_id": granted_org, **fields}).encode(),
            exchange=queue,
            routing_key=operation,
            properties=spec.Basic.Properties(
                content_type="application/json",
                message_id=str(uuid4()),
                user_id=user,
                reply_to=reply_to,
            ),
        )
    reply = await _first_message(channel, own)
    assert json.loads(reply.body)["status"] == status
    parked = await _first_message(channel, f"{queue}.dead_letters")
    assert parked.header.properties.headers is not None
    assert parked.header.properties.headers["problem_code"] == "forbidden"
    assert parked.header.properties.reply_to == victim
    nothing = await channel.basic_get(victim, no_ack=True)
    assert isinstance(nothing.delivery, spec.Basic.GetEmpty)
    await connection.close()


async def _first_message(channel: AbstractChannel, queue: str) -> DeliveredMessage:
    """What the queue gets first, waited for."""
    async with asyncio.timeout(10):
        while True:
            message = await channel.basic_get(queue, no_ack=True)
            if not isinstance(message.delivery, spec.Basic.GetEmpty):
                return message
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "REFERRALS_CLIENT_GRANTS_FILE: the file cannot be read (FileNotFoundError)"),
        ("[[clients", "REFERRALS_CLIENT_GRANTS_FILE: the file is not TOML in UTF-8"),
        (
            '[[clients]]\nuser = "crm"\norgs = ["*"]\n',
            "REFERRALS_CLIENT_GRANTS_FILE: the file clients.0.operations: Field required",
        ),
        (
            '[[clients]]\nuser = "crm"\norgs = ["o 1"]\noperations = ["*"]\n',
            "REFERRALS_CLIENT_GRANTS_FILE: the file clients.0.orgs.0: "
            "Must be a string of 1 to 64 letters A to Z and a to z, digits, _ and -",
        ),
        (
            '[[clients]]\nuser = "crm.two"\norgs = ["*"]\noperations = []\n'
            '[[clients]]\nuser = "crm"\norgs = ["*"]\noperations = []\n',
            "REFERRALS_CLIENT_GRANTS_FILE: the file gives 'crm' the reply queues of 'crm.two': "
            "rename one",
        ),
    ],
    ids=["missing", "no TOML", "incomplete", "no such org", "one name within another"],
)
def test_a_wrong_grants_file_stops_the_start(
    tmp_path: Path, content: str | None, says: str
) -> None:
    """Falling back to allowing everything would open what was meant to be closed."""
    path = tmp_path / "grants.toml"
    if content is not None:
        path.write_text(content)
    settings = ReferralsSettings(
        database_url="postgresql+asyncpg://nowhere/x",
        rabbitmq_url="amqp://nowhere",
        client_grants_file=path,
    )
    with pytest.raises(SettingError) as stopped:
        build(settings)
    assert str(stopped.value) == says
