"""The command line on real servers, with one replica of referrals running."""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from aiormq import spec
from aiormq.abc import DeliveredMessage
from pamqp.common import FieldTable

from messaging.amqp import connection
from messaging.client import open_client
from messaging.topology import DEAD_LETTERS
from ops.broker import queue_state
from ops.dead_letters import find_queue, letter_box
from ops.tail import tail
from tests.command_line import handoff
from tests.referrals_service import plain_url
from tests.services import RunningService, running_service

QUEUE = "referrals.commands"
LOOKS = 200
WITHIN_SECONDS = 10.0


@pytest.fixture(scope="module")
def variables(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> Iterator[dict[str, str]]:
    """What both services need, set for the commands of this module."""
    ours = {
        "REFERRALS_DATABASE_URL": new_postgres_database(),
        "DISPATCH_DATABASE_URL": new_postgres_database(),
        "REFERRALS_RABBITMQ_URL": rabbitmq_vhost,
        "DISPATCH_RABBITMQ_URL": rabbitmq_vhost,
        "DISPATCH_SIGNING_KEY": "sample-signing-key",
    }
    before = dict(os.environ)
    os.environ.update(ours)
    yield ours
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def migrated(variables: dict[str, str]) -> list[str]:
    """What `handoff migrate` said when it ran twice, a line for each service and run."""
    said = []
    for _ in range(2):
        ended = handoff("migrate")
        assert ended.exit_code == 0, ended.output
        said += ended.stdout.splitlines()
    return said


@pytest.fixture(scope="module")
def replica(variables: dict[str, str], migrated: list[str]) -> Iterator[RunningService]:
    """Referrals, ready; dispatch does not run."""
    with running_service("referrals", variables) as running:
        yield running


def called(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit status of `handoff call`, and the reply that it printed."""
    ended = handoff("call", *arguments)
    reply: dict[str, Any] = json.loads(ended.stdout)
    return ended.exit_code, reply


def with_channel(url: str, work: Callable[[Any], Any]) -> Any:
    """Do something on a channel of one's own."""

    async def run() -> Any:
        async with connection(url, "test") as opened:
            return await work(await opened.channel(publisher_confirms=True))

    return asyncio.run(run())


def dead_letters(url: str, queue: str = QUEUE) -> int:
    """How many the broker counts."""

    async def count() -> int:
        async with connection(url, "test") as opened:
            state = await queue_state(opened, f"{queue}.dead_letters")
            return state.depth if state else 0

    return asyncio.run(count())


def execute(url: str, statement: str) -> None:
    """A statement as the superuser."""

    async def run() -> None:
        database = await asyncpg.connect(plain_url(url))
        await database.execute(statement)
        await database.close()

    asyncio.run(run())


def until(reached: Callable[[], bool]) -> None:
    """Wait for something that takes the broker or a service a moment."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def park_again(url: str, message_id: str, **headers: str) -> None:
    """Take the one dead letter and put it back with other headers."""

    async def change(channel: Any) -> None:
        taken = await channel.basic_get(f"{QUEUE}.dead_letters", no_ack=True)
        properties = taken.header.properties
        assert properties.message_id == message_id
        properties.headers = {**properties.headers, **headers}
        await channel.basic_publish(
            taken.body, exchange=DEAD_LETTERS, routing_key=QUEUE, properties=properties
        )

    with_channel(url, change)
    until(lambda: dead_letters(url) == 1)


def park(url: str, partner: str) -> str:
    """A command that is refused (404, no such partner) and asks for no reply; its message id."""
    body = {
        "org_id": "org_parked",
        "referral_partner_uuid": partner,
        "base_version": 1,
        "notes": "Sample note",
    }
    message_id = str(uuid4())
    properties = spec.Basic.Properties(
        content_type="application/json",
        message_id=message_id,
        headers={"actor": "staff-7"},
    )

    async def publish(channel: Any) -> None:
        await channel.basic_publish(
            json.dumps(body).encode(),
            exchange=QUEUE,
            routing_key="referral_partner.update",
            properties=properties,
        )

    before = dead_letters(url)
    with_channel(url, publish)
    until(lambda: dead_letters(url) == before + 1)
    return message_id


@pytest.fixture
def emptied(replica: RunningService, rabbitmq_vhost: str) -> str:
    """The broker's URL; the dead letters of referrals' commands are none."""

    async def purge(channel: Any) -> None:
        await channel.queue_purge(f"{QUEUE}.dead_letters")

    with_channel(rabbitmq_vhost, purge)
    return rabbitmq_vhost


def test_migrating_twice_does_it_once(migrated: list[str]) -> None:
    """The first run says from what to what, the second that there is nothing to do."""
    first, again = migrated[:2], migrated[2:]
    assert ["migrated from nothing to" in line for line in first] == [True, True]
    assert ["nothing to do" in line for line in again] == [True, True]
    assert [line.partition(":")[0] for line in again] == ["referrals", "ereferral-dispatch"]


def test_migrate_says_that_there_is_no_such_database(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that names the variable and the database."""
    url = variables["REFERRALS_DATABASE_URL"].rpartition("/")[0] + "/nowhere_at_all"
    monkeypatch.setenv("REFERRALS_DATABASE_URL", url)
    ended = handoff("migrate", "referrals")
    assert ended.exit_code == 1
    assert "REFERRALS_DATABASE_URL: there is no database nowhere_at_all" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_call_prints_the_reply_and_ends_with_its_kind(replica: RunningService) -> None:
    """0 for a success, 1 for a problem; a repeated message id has one effect."""
    patient = str(uuid4())
    body = {
        "org_id": "org_called",
        "patient_uuid": patient,
        "name": "Sample Patient",
        "observed_at": "2026-01-05T08:00:00Z",
    }
    same = ("patient.put", json.dumps(body), "--message-id", str(uuid4()), "--actor", "staff-7")
    status, reply = called(*same)
    assert (status, reply["status"], reply["data"]["version"]) == (0, 200, 1)
    assert called(*same) == (status, reply)
    named = json.dumps({"org_id": "org_called", "patient_uuid": patient})
    assert called("patient.get", named)[1]["data"] == reply["data"]
    unknown = json.dumps({"org_id": "org_called", "patient_uuid": str(uuid4())})
    status, reply = called("patient.get", unknown)
    assert (status, reply["problem"]["code"]) == (1, "patient_not_found")


def test_a_call_that_nobody_would_take_is_not_sent(replica: RunningService) -> None:
    """Dispatch does not run: the command is not left in its queue to be done later."""
    dispatch = {"org_id": "org_called", "ereferral_uuid": str(uuid4()), "reason": "Sample"}
    ended = handoff("call", "ereferral.cancel", json.dumps(dispatch))
    assert ended.exit_code == 1
    assert "handoff serve ereferral-dispatch" in ended.stderr


async def test_events_are_shown_as_they_happen(
    replica: RunningService, rabbitmq_vhost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the org and types that were asked for, and no other."""
    tailing = asyncio.create_task(tail("provider.*", "org_told", as_json=False))
    while "Listening" not in capsys.readouterr().err:
        assert not tailing.done()
        await asyncio.sleep(0.02)
    provider = str(uuid4())
    at = "2026-01-05T08:00:00Z"
    async with open_client(rabbitmq_vhost) as client:
        for org in ("org_other", "org_told"):
            for kind, uuid in (("patient", str(uuid4())), ("provider", provider)):
                body = {"org_id": org, f"{kind}_uuid": uuid, "name": "Sample", "observed_at": at}
                assert (await client.call(QUEUE, f"{kind}.put", body)).status == 200
    shown = ""
    while not shown:
        shown = capsys.readouterr().out
        await asyncio.sleep(0.02)
    tailing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await tailing
    assert shown.splitlines()[1:] == []
    assert shown.split()[1:5] == ["provider.put", "org_told", provider, "v1"]


def test_looking_at_dead_letters_destroys_nothing(emptied: str) -> None:
    """200 looks, as list and show make them: every letter is still there, with its reason."""
    parked = [park(emptied, str(uuid4())) for _ in range(3)]

    async def look() -> None:
        name, queue = find_queue(QUEUE)
        for _ in range(LOOKS):
            async with letter_box(name, queue) as box:
                found = [letter.message_id for letter in await box.take()]
            assert sorted(map(str, found)) == sorted(parked)

    asyncio.run(look())
    listed = handoff("dead-letters", "list", QUEUE)
    assert listed.stdout.splitlines()[0] == "referrals.commands: 3 dead letters"
    for message_id in parked:
        (row,) = [row for row in listed.stdout.splitlines() if message_id in row]
        assert "referral_partner_not_found" in row
        assert row.endswith("referral_partner.update")
    until(lambda: dead_letters(emptied) == 3)


def test_a_body_is_shown_only_where_it_is_asked_for(emptied: str) -> None:
    """It is patient data; the headers are not."""
    message_id = park(emptied, str(uuid4()))
    without = handoff("dead-letters", "show", QUEUE, message_id)
    assert "Sample note" not in without.output
    shown = json.loads(without.stdout)
    assert shown["headers"]["actor"] == "staff-7"
    assert shown["operation"] == "referral_partner.update"
    assert shown["exchange"] == "referrals.commands"
    with_body = handoff("dead-letters", "show", f"{QUEUE}.dead_letters", "1", "--body")
    assert json.loads(json.loads(with_body.stdout)["body"])["notes"] == "Sample note"
    assert handoff("dead-letters", "show", QUEUE, str(uuid4())).exit_code == 1


def test_a_replay_is_a_new_message_by_the_normal_way_in(emptied: str) -> None:
    """New id, `replay_of`, no trace of the parking; what was refused is done once it can be."""
    partner = str(uuid4())
    message_id = park(emptied, partner)
    stays = park(emptied, str(uuid4()))
    created = {"id": partner, "org_id": "org_parked", "first_name": "Ann", "last_name": "Archer"}
    assert called("referral_partner.create", json.dumps(created))[0] == 0

    async def watch_replay(channel: Any) -> DeliveredMessage:
        declared = await channel.queue_declare(exclusive=True)
        await channel.queue_bind(declared.queue, QUEUE, routing_key="#")
        replayed = await asyncio.to_thread(
            handoff, "dead-letters", "replay", QUEUE, "--message-id", message_id
        )
        assert replayed.exit_code == 0, replayed.output
        assert "dead letter replayed" in replayed.stderr
        message: DeliveredMessage = await channel.basic_get(declared.queue)
        return message

    properties = with_channel(emptied, watch_replay).header.properties
    assert properties.message_id not in (message_id, None)
    assert properties.headers == {"actor": "staff-7", "replay_of": message_id}
    named = json.dumps({"org_id": "org_parked", "referral_partner_uuid": partner})
    until(lambda: called("referral_partner.get", named)[1]["data"]["notes"] == "Sample note")
    assert dead_letters(emptied) == 1
    assert stays in handoff("dead-letters", "list", QUEUE).stdout


def test_a_replay_that_is_refused_again_is_parked_again(emptied: str) -> None:
    """Under its new id: nothing is lost. One whose client we may not be stays as it is."""
    foreign = park(emptied, str(uuid4()))
    park_again(emptied, foreign, original_user_id="somebody.else")
    message_id = park(emptied, str(uuid4()))
    ended = handoff("dead-letters", "replay", QUEUE)
    assert ended.exit_code == 1
    assert "1 of 2 dead letters" in ended.stdout
    assert f"{foreign} stayed" in ended.stdout
    assert "impersonator" in ended.stdout
    until(lambda: dead_letters(emptied) == 2)
    listed = handoff("dead-letters", "list", QUEUE).stdout
    assert message_id not in listed
    assert foreign in listed
    assert handoff("dead-letters", "replay", QUEUE, "--as-me").exit_code == 0
    until(lambda: dead_letters(emptied) == 2)
    assert foreign not in handoff("dead-letters", "list", QUEUE).stdout


def test_a_replay_goes_to_the_queues_own_exchange(emptied: str) -> None:
    """The normal way in, whatever its headers say; there it is refused and parked again."""
    message_id = park(emptied, str(uuid4()))
    park_again(emptied, message_id, original_exchange="referrals.events")
    assert handoff("dead-letters", "replay", QUEUE).exit_code == 0
    until(lambda: dead_letters(emptied) == 1)
    assert message_id not in handoff("dead-letters", "list", QUEUE).stdout


def test_discarding_asks_first_and_takes_only_what_was_named(emptied: str) -> None:
    """No answer but yes gives anything up."""
    first, second = park(emptied, str(uuid4())), park(emptied, str(uuid4()))
    refused = handoff("dead-letters", "discard", QUEUE, "--message-id", first, typed="n\n")
    assert refused.exit_code == 1
    assert dead_letters(emptied) == 2
    taken = handoff("dead-letters", "discard", QUEUE, "--message-id", first, typed="y\n")
    assert taken.exit_code == 0
    assert "dead letter discarded" in taken.stderr
    assert dead_letters(emptied) == 1
    assert second in handoff("dead-letters", "list", QUEUE).stdout
    assert handoff("dead-letters", "discard", QUEUE, "--yes").exit_code == 0
    assert dead_letters(emptied) == 0


def test_what_the_broker_gave_up_is_listed_and_replayed_too(emptied: str) -> None:
    """A message beyond its delivery limit comes with the broker's own headers, not ours."""
    message_id = str(uuid4())
    death: FieldTable = {
        "reason": "delivery_limit",
        "queue": QUEUE,
        "exchange": QUEUE,
        "routing-keys": ["referral_partner.update"],
        "count": 1,
    }

    async def publish(channel: Any) -> None:
        await channel.basic_publish(
            b"{}",
            exchange=DEAD_LETTERS,
            routing_key=QUEUE,
            properties=spec.Basic.Properties(message_id=message_id, headers={"x-death": [death]}),
        )

    with_channel(emptied, publish)
    until(lambda: dead_letters(emptied) == 1)
    (_, row) = handoff("dead-letters", "list", QUEUE).stdout.splitlines()
    assert "delivery_limit" in row
    assert handoff("dead-letters", "replay", QUEUE).exit_code == 0
    until(lambda: "malformed_message" in handoff("dead-letters", "list", QUEUE).stdout)


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


def test_a_taken_port_is_named(replica: RunningService, variables: dict[str, str]) -> None:
    """One line and exit status 2."""
    second = handoff(
        "serve", "referrals", REFERRALS_HTTP_PORT=str(replica.port), REFERRALS_LOG_FORMAT="json"
    )
    assert second.exit_code == 2
    assert second.stderr.splitlines()[-1].startswith("REFERRALS_HTTP_PORT: something listens on")


def test_sigterm_ends_a_service_well(replica: RunningService) -> None:
    """Status 0, after the drain. The last test: nothing runs then."""
    assert replica.end() == 0
    assert replica.log_lines()[-1]["event"] == "stopped"
