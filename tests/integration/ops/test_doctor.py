"""`handoff doctor`, with one replica of referrals running."""

import asyncio
import os
from collections.abc import Callable
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from messaging.replies.client import open_client
from tests.integration.ops.parked import park
from tests.support.database.urls import plain_url
from tests.support.services.command_line import handoff
from tests.support.services.process import RunningService
from tests.support.services.referrals import migrated, running_referrals


def execute(url: str, statement: str) -> None:
    """A statement as the superuser."""

    async def run() -> None:
        database = await asyncpg.connect(plain_url(url))
        await database.execute(statement)
        await database.close()

    asyncio.run(run())


def test_doctor_says_what_to_do(emptied: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead letters, a service that does not run, a schema that is not there."""
    park(emptied, str(uuid4()))
    told = handoff("doctor")
    assert told.exit_code == 1
    findings = " ".join(told.stdout.split())
    assert "fine migrations: at" in findings
    assert "dead letters 1: look at them with handoff dead-letters list" in findings
    assert "start handoff serve ereferral-dispatch" in findings
    assert "handoff serve ereferral-dispatch makes it" in findings
    url = os.environ["REFERRALS_DATABASE_URL"]
    monkeypatch.setenv("DISPATCH_DATABASE_URL", url)
    told = handoff("doctor")
    assert "run handoff migrate ereferral-dispatch" in " ".join(told.stdout.split())


@pytest.mark.parametrize(
    ("version", "believes"),
    [("3.10.8", True), ("3.13.7", True), ("4.0.0", False), ("4.1.2+x", False), ("unknown", False)],
)
def test_doctor_notes_a_broker_that_believes_its_clients(
    replica: RunningService, version: str, believes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before 4.0 one client can end dead-lettering."""
    monkeypatch.setattr("ops.doctor.version", lambda _: version)
    told = " ".join(handoff("doctor").stdout.split())
    assert f"fine RabbitMQ: {version} at" in told
    assert ("note RabbitMQ: one client can end dead-lettering" in told) is believes


def login(url: str, inherits: str) -> str:
    """The URL as a new user that may work as the service's roles."""
    user = f"login_{uuid4().hex[:12]}"
    execute(url, f"CREATE ROLE {user} LOGIN {inherits} PASSWORD '{user}'")
    execute(url, f"GRANT handoff_referrals, handoff_referrals_system TO {user}")
    return make_url(url).set(username=user, password=user).render_as_string(hide_password=False)


def test_doctor_says_whether_the_login_alone_sees_every_org(
    replica: RunningService, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A superuser does, and whoever inherits the roles; who has to work as one of them does not."""
    url = variables["REFERRALS_DATABASE_URL"]
    for used, told in (
        (url, True),
        (login(url, "INHERIT"), True),
        (login(url, "NOINHERIT"), False),
    ):
        monkeypatch.setenv("REFERRALS_DATABASE_URL", used)
        looked = " ".join(handoff("doctor").stdout.partition("ereferral-dispatch")[0].split())
        assert ("sees the rows of every org" in looked) is told
        assert "fine migrations: at" in looked


async def test_a_service_works_for_a_login_that_inherits_nothing(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> None:
    """Each of its sessions works as a role from the start; the login by itself reads nothing."""
    url = new_postgres_database()
    await migrated(url)
    theirs = await asyncio.to_thread(login, url, "NOINHERIT")
    async with running_referrals(theirs, rabbitmq_vhost), open_client(rabbitmq_vhost) as client:
        body = {"org_id": "org_1", "last_name": "Archer", "contact_type": "other"}
        made = await client.call("referrals.commands", "referral_partner.create", body)
        assert made.status == 201
    alone = await asyncpg.connect(plain_url(theirs))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await alone.fetch("SELECT * FROM referrals.referral_partner")
    finally:
        await alone.close()


def test_doctor_finds_a_database_that_logs_patients_data(
    replica: RunningService, variables: dict[str, str]
) -> None:
    """Statements that are logged come with their values, unless the server is told otherwise."""
    url = variables["REFERRALS_DATABASE_URL"]
    name = url.rpartition("/")[2]
    wrong = "logs statements with their values"
    for setting, value, told in (
        ("log_parameter_max_length", "-1", False),
        ("log_min_duration_statement", "1000", True),
        ("log_parameter_max_length", "0", False),
    ):
        execute(url, f'ALTER DATABASE "{name}" SET {setting} = {value}')
        assert (wrong in " ".join(handoff("doctor").stdout.split())) is told, setting
    execute(url, f'ALTER DATABASE "{name}" RESET log_min_duration_statement')
