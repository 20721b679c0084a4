"""A patient's data shows up in bodies and in the database, and nowhere else."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from messaging.replies.client import open_client
from tests.support.broker.raw_messages import Wire, open_wire
from tests.support.samples.canary import EMAIL, NAME, PATIENT, WORDS, envelope, traces_in
from tests.support.services.process import running_service
from tests.support.services.referrals import Org, heard_by, migrated

# What parking adds; the rest of a dead letter is as its client sent it.
OUR_HEADERS = ("problem_code", "problem_detail", "failed_at", "original_exchange")


async def use(org: Org) -> None:
    """The good way through: a patient, a partner, a referral that is sent."""
    await org.practice()
    patient = str(uuid4())
    await org.patient(patient_uuid=patient, **PATIENT)
    partner = await org.ereferral_partner(email=EMAIL, notes=WORDS, last_name=NAME)
    draft = await org.referral(
        patient_uuid=patient, referral_partner_uuid=partner["id"], reason=WORDS, notes=WORDS
    )
    sent = await org.ask("referral.send", referral_uuid=draft["id"], base_version=1)
    assert sent.status == 202
    read = await org.ask("referral.get", referral_uuid=draft["id"])
    assert NAME in read.data["patient"]["name"]
    found = await org.ask("referral_partner.list", search=NAME)
    assert found.data["total"] == 1
    contact = await org.contact(name=f"Household of {NAME}", patient_uuid=patient)
    referred = await org.contact_referral(contact_uuid=contact["id"])
    named = {"contact_uuid": contact["id"], "contact_referral_uuid": referred["id"]}
    assert (await org.ask("contact_referral.update", **named, overwrite=True)).status == 200
    assert (await org.ask("contact.list", search=NAME)).data["total"] == 1


async def misuse(org: Org, wire: Wire) -> None:
    """Every bad way that a client may put a patient's data into a message."""
    everywhere = {name: [WORDS, NAME] for name in PATIENT}
    for fields in (
        everywhere,
        {**PATIENT, "patient_uuid": NAME},
        {**PATIENT, "patient_uuid": str(uuid4()), "phone": "555-0187"},
        {**PATIENT, "patient_uuid": str(uuid4()), NAME: 1},
        {**PATIENT, "patient_uuid": str(uuid4()), "name": f"{NAME}\u202e"},
    ):
        given: dict[str, Any] = fields
        answered = await org.ask("patient.put", **given)
        assert answered.status == 422
    conflict = await org.partner(last_name=NAME)
    stale = await org.ask(
        "referral_partner.update",
        referral_partner_uuid=conflict["id"],
        base_version=9,
        notes=WORDS,
    )
    assert stale.status == 409
    for fields in (
        {"name": f"{NAME}\u202e"},
        {"name": NAME, "patient_uuid": NAME},
        {"name": NAME, NAME: WORDS},
    ):
        given = {"contact_uuid": str(uuid4()), "observed_at": "2026-01-05T08:00:00Z", **fields}
        assert (await org.ask("contact.put", **given)).status == 422
    overwritten = await org.ask("contact_referral.update", overwrite=NAME, contact_uuid=WORDS)
    assert overwritten.status == 422
    body = json.dumps({"org_id": org.id, **PATIENT}).encode()
    broken = body + b'"'
    named: dict[str, Any] = {"content_type": "application/json", "message_id": str(uuid4())}
    for content, operation, properties in (
        (broken, "patient.put", {}),
        (body, "patient.put", named),
        (body, f"patient.{NAME}", named),
        (body, NAME, named),
        (body, "patient.put", {**named, "message_id": NAME}),
        (body, "patient.put", {**named, "message_type": NAME}),
        (body, "patient.put", {**named, "correlation_id": NAME, "app_id": NAME}),
        (body, "patient.put", {**named, "headers": {"actor": NAME * 20, "patient": NAME}}),
    ):
        given = properties
        await wire.publish(content, operation, exchange="referrals.commands", **given)
    letters = await wire.parked("referrals.commands", 8)
    for letter in letters:
        told = {name: (letter.header.properties.headers or {}).get(name) for name in OUR_HEADERS}
        assert told["problem_code"] and traces_in(str(told)) == []
    # Whose client kept patients' data in the body has nothing of it around the body.
    assert [traces_in(envelope(letter)) for letter in letters].count([]) == 2
    await wire.publish(broken, "patient.get", exchange="referrals.queries", reply_to=NAME)
    await wire.publish(body, NAME, exchange="ereferral_dispatch.events", **named)
    await wire.parked("referrals.ereferral_events", 1)


async def test_no_log_line_property_or_figure_shows_a_patient(
    postgres_database: str, rabbitmq_vhost: str
) -> None:
    """The whole log, the headers, keys and properties of all that is published, every page."""
    await migrated(postgres_database)
    env = {"REFERRALS_DATABASE_URL": postgres_database, "REFERRALS_RABBITMQ_URL": rabbitmq_vhost}
    running = running_service("referrals", env)
    service = await asyncio.to_thread(running.__enter__)
    try:
        async with (
            heard_by(postgres_database, rabbitmq_vhost) as heard,
            open_client(rabbitmq_vhost) as client,
            open_wire(rabbitmq_vhost) as wire,
        ):
            org = Org(client)
            await use(org)
            await misuse(org, wire)
            said = await heard.everything()
        pages = [service.get(page)[1] for page in ("/metrics", "/health/ready", "/health/live")]
        await asyncio.to_thread(service.end)
        log, lines = service.log.read_text(), service.log_lines()
    finally:
        await asyncio.to_thread(running.__exit__, None, None, None)

    assert any(traces_in(message.message.body.decode()) for message in said)
    assert [traces_in(envelope(message.message)) for message in said] == [[]] * len(said)
    assert [traces_in(page) for page in pages] == [[], [], []]
    assert traces_in(log) == []
    events = [line["event"] for line in lines]
    assert events.count("message parked") == 9
    assert len(lines) == len(log.splitlines()), "every line is one JSON object of ours"
