"""Patient data on the way to partners shows nowhere but where it belongs, failures included.

Also the servers' own logs, with their default settings.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.database.engine import open_engine
from messaging.replies.client import listen
from ops.servers import Servers
from services.ereferral_dispatch.home import HOME as DISPATCH
from services.referrals.home import HOME as REFERRALS
from tests.faults.scene import Scene, fault_scene
from tests.support.broker.raw_messages import Wire, open_wire
from tests.support.partners.portal import Answer, Cut, Step
from tests.support.partners.relay import LOSE_AFTER_DATA
from tests.support.samples.canary import BORN, EMAIL, NAME, PHONE, WORDS, envelope, traces_in
from tests.support.services.dispatch import Org, new_partner
from tests.support.services.referrals import migrated as referrals_migrated

DISPATCH_COMMANDS = "ereferral_dispatch.commands"
_OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": f"{NAME}: {WORDS}"}]}
REFUSAL = Answer(400, {"X-Patient": NAME}, json.dumps(_OUTCOME).encode())


@pytest_asyncio.fixture(scope="module")
async def scene(
    own_servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """Partners and a listener; both servers are nobody else's."""
    url = await referrals_migrated(own_servers.dispatch_database_url)
    folder = tmp_path_factory.mktemp("canary")
    async with fault_scene(url, own_servers.rabbitmq_url, folder) as ready:
        yield ready


def package(org: Org, partner: dict[str, Any]) -> dict[str, Any]:
    """A package that has the patient's data wherever a package has such."""
    fields = org.package(partner)
    named = {"name": f"Karla {NAME}", "phone": PHONE, "date_of_birth": BORN, "email": EMAIL}
    fields["patient"].update(named)
    fields["referral"].update(reason=WORDS, notes=f"{NAME}: {WORDS}")
    fields["referral"]["patient"]["name"] = f"Karla {NAME}"
    return fields


async def dispatch(org: Org, partner: dict[str, Any], status: str) -> str:
    """An e-referral about the patient that has come to that status."""
    fields = package(org, partner)
    assert (await org.ask("ereferral.dispatch", **fields)).status == 202
    await org.reaches(fields["dispatch_uuid"], status)
    return str(fields["dispatch_uuid"])


async def send(scene: Scene, org: Org) -> None:
    """By every channel, with every kind of failure, each telling what it was given."""
    portal, mail = scene.portal, scene.mail
    scripts: dict[str, list[Step]] = {
        "late": [Answer(503, {"X-Patient": NAME}, WORDS.encode()), 201],
        "lost": [Cut.RESET, 201],
        "refuses": [REFUSAL],
    }
    for path, steps in scripts.items():
        portal.script(path, *steps)
    mail.script("busy@example.org", f"450 {NAME} is greylisted", "250 ok")
    mail.script("nobody@example.org", f"550 no {NAME} here")
    mail.script("lost@example.org", LOSE_AFTER_DATA)
    for path, status in (("late", "delivered"), ("lost", "delivered"), ("refuses", "failed")):
        await dispatch(org, new_partner(ereferral_endpoint=portal.endpoint(path)), status)
    for local, status in (("busy", "sent"), ("nobody", "failed"), ("lost", "outcome_unknown")):
        await dispatch(org, new_partner(email=f"{local}@example.org"), status)
    phone = {"phone": "+12025550111", "preferred_contact_method": "phone"}
    call = await dispatch(org, new_partner(**phone), "awaiting_call")
    noted = {"outcome": "no_answer", "note": f"{NAME}: {WORDS}"}
    assert (await org.act("ereferral.complete_call", call, **noted)).status == 200
    answered: dict[str, Any] = {"ereferral_uuid": call, "response": "accepted", "note": WORDS}
    assert (await org.ask("ereferral.record_response", **answered)).status == 200
    cancel: dict[str, Any] = {"ereferral_uuid": call, "reason": f"{NAME} moved"}
    assert (await org.ask("ereferral.cancel", **cancel)).status == 200


async def misuse(org: Org, wire: Wire) -> list[str]:
    """Packages that are refused, with and without a reply; the envelopes of what was parked."""
    fields = package(org, new_partner(email="referrals@example.org"))
    for broken in (
        {**fields, "patient": {**fields["patient"], "phone": [NAME]}},
        {**fields, "patient": {**fields["patient"], NAME: WORDS}},
        {**fields, "referral": WORDS},
    ):
        refused: dict[str, Any] = broken
        answered = await org.ask("ereferral.dispatch", **refused)
        assert answered.status == 422 and traces_in(str(answered.problem)) in ([], [NAME])
    named: dict[str, Any] = {"content_type": "application/json", "message_id": str(uuid4())}
    body = {"org_id": org.id, **fields, "dispatch_uuid": WORDS}
    for content in (json.dumps(body, default=str), f'{{"patient": "{NAME}"'):
        await wire.publish(
            content.encode(), "ereferral.dispatch", exchange=DISPATCH_COMMANDS, **named
        )
    return [envelope(letter) for letter in await wire.parked(DISPATCH_COMMANDS, 2)]


async def test_dispatch_shows_a_patient_to_the_partner_alone(
    scene: Scene, own_servers: Servers
) -> None:
    """Log, figures, headers of events, of dead letters and of what goes to partners; the servers'
    logs."""
    assert own_servers.postgres is not None and own_servers.rabbitmq is not None
    said: list[str] = []
    url = scene.settings.rabbitmq_url
    async with (
        scene.victim() as service,
        listen(url, {"ereferral_dispatch.events": "#"}) as events,
        scene.org() as org,
        open_wire(url) as wire,
    ):
        await send(scene, org)
        parked = await misuse(org, wire)
        told = [event for event in await scene.heard.everything() if traces_in(str(event.body))]
        while not events.empty():
            said.append(envelope(events.get_nowait()))
        pages = [service.get(page)[1] for page in ("/metrics", "/health/ready", "/health/live")]
        await asyncio.to_thread(service.end)
        log, lines = service.log.read_text(), service.log_lines()

    # The call's script and the partner's answer are for subscribers, in the body.
    assert {event.type for event in told} >= {"call_requested", "response_recorded"}
    assert len(said) > 20 and [traces_in(one) for one in said] == [[]] * len(said)
    assert [traces_in(one) for one in parked] == [[], []]
    assert [traces_in(page) for page in pages] == [[], [], []]
    assert [line["event"] for line in lines].count("attempt") == 10
    assert traces_in(log) == []
    assert all(NAME in posted.body.decode() for posted in scene.portal.requests)
    assert [traces_in(str(posted.headers)) for posted in scene.portal.requests] == [[]] * 5
    assert [traces_in(f"{mail.message.items()} {mail.text}") for mail in scene.mail.mails] == [
        [],
        [],
    ]
    for server_log in (own_servers.postgres.log, own_servers.rabbitmq.log):
        written = server_log.read_text(errors="replace")
        assert written and traces_in(written) == [], server_log.name


# Each fails in another way, with the patient's data among its values.
REFUSED = {
    "not null": (
        REFERRALS,
        "INSERT INTO patient (org_id, id, name) VALUES ('org_1', gen_random_uuid(), :value)",
    ),
    "check": (
        REFERRALS,
        "INSERT INTO referral_source (org_id, id, name, category, is_active, linked_patient_id, "
        "linked_referral_partner_id, sort_order, search_text, version, created_at, updated_at) "
        "VALUES ('org_1', gen_random_uuid(), :value, 'other', true, gen_random_uuid(), "
        "gen_random_uuid(), 1, '', 1, now(), now())",
    ),
    "foreign key": (
        DISPATCH,
        "INSERT INTO package (org_id, ereferral_id, body) "
        "VALUES ('org_1', gen_random_uuid(), convert_to(:value, 'UTF8'))",
    ),
    "another org": (
        REFERRALS,
        "INSERT INTO patient (org_id, id, name, observed_at, version, created_at, updated_at) "
        "VALUES ('org_2', gen_random_uuid(), :value, now(), 1, now(), now())",
    ),
    "timeout": (REFERRALS, "SELECT CAST(:value AS text), pg_sleep(5)"),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_postgresql_logs_no_value_of_a_statement_that_fails(
    scene: Scene, own_servers: Servers, kind: str
) -> None:
    """Its error is in the log, and nobody's data: no failing row, no parameter, though the
    database is set to log these."""
    assert own_servers.postgres is not None
    home, statement = REFUSED[kind]
    name = scene.settings.database_url.rpartition("/")[2]
    await scene.database.execute(
        f'ALTER DATABASE "{name}" SET log_parameter_max_length_on_error = -1'
    )
    engine = open_engine(
        scene.settings.database_url, home, role=home.service_role, name="canary", pool_size=0
    )
    before = own_servers.postgres.log.stat().st_size
    with pytest.raises(DBAPIError):
        await fail(engine, statement)
    await engine.dispose()
    written = own_servers.postgres.log.read_text(errors="replace")[before:]
    assert "ERROR:" in written and "STATEMENT:" in written
    assert traces_in(written) == []


async def fail(engine: AsyncEngine, statement: str) -> None:
    """Run it in a transaction for one org, with the patient's data as its value."""
    async with engine.begin() as connection:
        await connection.execute(text("SELECT set_config('app.orgs', 'org_1', true)"))
        await connection.execute(text("SET LOCAL statement_timeout = 50"))
        await connection.execute(text(statement), {"value": f"Karla {NAME}: {WORDS}"})
