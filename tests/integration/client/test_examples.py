"""The programs of examples/ against both services: the same laws for Python and Node.js."""

import asyncio
import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import aiormq
import pytest
from standardwebhooks import Webhook

from client.broker import user_of
from contracts.contact import ARCHIVE_CONTACT, Contact, ContactArchive
from contracts.contact_referral import (
    ARCHIVE_CONTACT_REFERRAL,
    CREATE_CONTACT_REFERRAL,
    ContactReferral,
    ContactReferralArchive,
    ContactReferralCreate,
)
from contracts.referral import (
    CANCEL_REFERRAL,
    GET_REFERRAL,
    SEND_REFERRAL,
    ReferralCancel,
    ReferralGet,
    ReferralSend,
)
from services.ereferral_dispatch.senders.portal import signature
from tests.integration.client import made
from tests.integration.client.conftest import Real
from tests.integration.client.programs import EXAMPLES, Language, command, hold, line, rows, running
from tests.support import node
from tests.support.partners.portal import Portal
from tests.support.services.dispatch import SIGNING_KEY
from tests.support.waiting import until

COUNTS = "SELECT name, referrals FROM contact_with_count ORDER BY name"
ABOUT_LINES = 90


@pytest.fixture(params=Language)
def language(request: pytest.FixtureRequest) -> Language:
    """Each example is written in both."""
    found: Language = request.param
    return found


async def referred(real: Real, org_id: str, by: Contact, to: Contact) -> ContactReferral:
    """One contact sent another one."""
    request = ContactReferralCreate(org_id=org_id, contact_uuid=by.id, referred_to_uuid=to.id)
    return await real.client.call(CREATE_CONTACT_REFERRAL, request)


async def test_a_client_makes_one_changes_it_and_lists_all(
    language: Language, real: Real, org_id: str, tmp_path: Path
) -> None:
    """Asked twice under one message id there is one; refusals name their fields."""
    await made.partner(real.client, org_id, practice_name="Demo Lab")
    started = await asyncio.to_thread(
        subprocess.run,
        [*command(language, "rpc_client", tmp_path), org_id, "Demo Dental"],
        env={"HANDOFF_URL": real.gate.url, "PYTHONPATH": str(EXAMPLES.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert started.returncode == 0, started.stderr
    assert [json.loads(one) for one in started.stdout.splitlines()] == [
        {"made": "Demo Dental", "same": True},
        {"notes": "Closed on Fridays.", "version": 2},
        {"refused": ["npi"]},
        {"partners": ["Demo Dental", "Demo Lab"]},
    ]


async def test_the_first_referral_is_delivered(real: Real, tmp_path: Path) -> None:
    """In Node.js; in Python it is the quickstart's."""
    program = command(Language.NODE, "first_referral", tmp_path)
    async with Portal() as portal:
        environment = {"HANDOFF_URL": real.gate.url, "PORTAL": portal.endpoint("/fhir")}
        async with running(program, **environment) as process:
            assert (await line(process)).endswith(" is delivered")


async def test_the_page_for_node_js_holds_as_it_stands(real: Real, tmp_path: Path) -> None:
    """docs/clients/node.md: its subscriber hears of the referral that its other program sends. The
    services are started by `make up` in tests/acceptance/test_up.py, the portal by the quickstart's
    test."""
    page = (EXAMPLES.parent / "docs/clients/node.md").read_text("utf-8")
    programs = dict(re.findall(r"`(\w+)\.mjs`:\n\n```js\n(.*?)```", page, re.DOTALL))
    assert re.findall(r"```sh\n(.*?)```", page, re.DOTALL) == [
        "make up\n",
        ".venv/bin/handoff portal --letters letters\n",
        "npm init --yes && npm install amqplib\n",
        *(f"node {name}.mjs\n" for name in programs),
    ]
    (tmp_path / "node_modules").symlink_to(node.modules())
    for name, program in programs.items():
        (tmp_path / f"{name}.mjs").write_text(program, "utf-8")
    start = {name: [node.NODE, str(tmp_path / f"{name}.mjs")] for name in programs}
    async with Portal() as portal:
        environment = {"HANDOFF_URL": real.gate.url, "PORTAL": portal.endpoint("/fhir")}
        async with running(start["subscriber"], **environment) as subscriber:
            assert await line(subscriber) == "listening"
            async with running(start["first_referral"], **environment) as program:
                (reference, said) = (await line(program)).split(maxsplit=1)
            assert said == "is delivered"
            heard = [await line(subscriber) for _ in range(4)]
    assert heard == [
        f"referral.created {reference} null",
        f"referral.sent {reference} null",
        f"referral.dispatch_changed {reference} queued",
        f"referral.dispatch_changed {reference} delivered",
    ]


async def test_a_crm_is_current_from_the_start_and_stays_so(
    language: Language, real: Real, org_id: str, tmp_path: Path
) -> None:
    """Over its own sudden end and a broker that is lost: what happens meanwhile is there later."""
    ann, ben, cat = [
        await made.contact(real.client, org_id, name) for name in ("Ann", "Ben", "Cat")
    ]
    first = await referred(real, org_id, ann, ben)
    path = tmp_path / "crm.sqlite"
    crm = [*command(language, "crm_subscriber", tmp_path), org_id, str(path)]
    async with running(crm, HANDOFF_URL=real.gate.url) as process:
        assert await line(process) == "current"
        assert rows(path, COUNTS) == [("Ann", 1), ("Ben", 0), ("Cat", 0)]
        await referred(real, org_id, ann, cat)
        await hold(path, COUNTS, [("Ann", 2), ("Ben", 0), ("Cat", 0)])
        async with real.losing():
            await made.contact(real.client, org_id, "Dan")
        await hold(path, COUNTS, [("Ann", 2), ("Ben", 0), ("Cat", 0), ("Dan", 0)])
    # Nobody runs now.
    await real.client.call(
        ARCHIVE_CONTACT_REFERRAL,
        ContactReferralArchive(org_id=org_id, contact_uuid=ann.id, contact_referral_uuid=first.id),
    )
    await real.client.call(
        ARCHIVE_CONTACT,
        ContactArchive(org_id=org_id, contact_uuid=cat.id, observed_at=made.OBSERVED_AT),
    )
    async with running(crm, HANDOFF_URL=real.gate.url) as process:
        assert await line(process) == "current"
        await hold(path, COUNTS, [("Ann", 1), ("Ben", 0), ("Dan", 0)])


async def sent(real: Real, org_id: str, partner: UUID) -> UUID:
    """A referral that is sent and delivered."""
    draft = await made.draft(real.client, org_id, partner)
    named: dict[str, Any] = {"org_id": org_id, "referral_uuid": draft.id}
    await real.client.call(SEND_REFERRAL, ReferralSend(**named, base_version=1))

    async def delivered() -> bool:
        shown = await real.client.call(GET_REFERRAL, ReferralGet(**named))
        return shown.dispatch_status == "delivered"

    await until(delivered, 20)
    return draft.id


async def test_a_portal_verifies_and_takes_each_once(
    language: Language, real: Real, org_id: str, tmp_path: Path
) -> None:
    """A referral with its letter, what takes it back, a repeat, and what nobody signed."""
    await made.practice(real.client, org_id)
    partner = UUID("01930000-0000-7000-8000-00000000b001")
    secret = signature.whsec(signature.partner_secret(SIGNING_KEY, org_id, partner))
    path = tmp_path / "portal.sqlite"
    async with running(command(language, "portal", tmp_path), secret, str(path)) as process:
        url = next(word for word in (await line(process)).split() if word.startswith("http"))
        portal = {"accepts_ereferral": True, "ereferral_endpoint": url}
        await made.partner(real.client, org_id, id=partner, **portal)
        referral = await sent(real, org_id, partner)
        ((webhook_id, named, status, letter),) = rows(path, "SELECT * FROM request")
        assert (named.removeprefix("urn:uuid:"), status) == (str(referral), "active")
        assert letter.startswith(b"%PDF")
        shown = await real.client.call(
            GET_REFERRAL, ReferralGet(org_id=org_id, referral_uuid=referral)
        )
        cancel = ReferralCancel(
            org_id=org_id, referral_uuid=referral, base_version=shown.version, reason="Moved away"
        )
        await real.client.call(CANCEL_REFERRAL, cancel)
        statuses = "SELECT webhook_id, status FROM request ORDER BY webhook_id"
        await hold(path, statuses, [(webhook_id, "active"), (f"{webhook_id}.cancel", "revoked")])
        assert await posted(url, secret, webhook_id) == (409, "duplicate")
        assert await posted(url, "whsec_c2VjcmV0", "another") == (401, "security")
        assert len(rows(path, statuses)) == 2


async def posted(url: str, secret: str, webhook_id: str) -> tuple[int, str]:
    """The answer to a bundle that was signed with this secret."""
    asked = {"resourceType": "ServiceRequest", "status": "active", "identifier": [{"value": "x"}]}
    body, now = json.dumps({"entry": [{"resource": asked}]}), datetime.now(UTC)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body),
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        said = await answer.json(content_type=None)
        return answer.status, said["issue"][0]["code"]


def test_an_example_is_short_and_of_tested_packages() -> None:
    """One reads each in a few minutes; its packages are the ones that run here."""
    programs = [*EXAMPLES.glob("python/*.py"), *EXAMPLES.glob("node/*.mjs")]
    assert len(programs) == 7
    long = {one.name for one in programs if len(one.read_text().splitlines()) > ABOUT_LINES}
    assert long == set()
    theirs, ours = (
        json.loads((folder / "package.json").read_text())["dependencies"]
        for folder in (EXAMPLES / "node", node.FOLDER)
    )
    assert theirs.items() <= ours.items()


async def test_a_request_with_the_properties_of_springs_page_is_done(
    real: Real, org_id: str
) -> None:
    """docs/clients/spring-amqp.md: each property that its table has, as it stands there."""
    page = (EXAMPLES.parent / "docs/clients/spring-amqp.md").read_text("utf-8")
    table = dict(
        re.findall(r"^\| (?:header )?`(\w+)` \| (?:`([^`]+)`|[^|]+) \|", page, re.MULTILINE)
    )
    assert len(table) == 8
    headers = {"__TypeId__": table.pop("__TypeId__")}
    given = {
        **table,
        "delivery_mode": int(table["delivery_mode"]),
        "user_id": user_of(real.gate.url),
    }
    body = {"org_id": org_id, "practice_name": "Demo Lab", "contact_type": "lab"}
    connection = await aiormq.connect(real.gate.url)
    channel = await connection.channel()
    replies: asyncio.Queue[aiormq.abc.DeliveredMessage] = asyncio.Queue()
    await channel.basic_consume(given["reply_to"], replies.put, no_ack=True)
    await channel.basic_publish(
        json.dumps(body).encode(),
        exchange="referrals.commands",
        routing_key="referral_partner.create",
        properties=aiormq.spec.Basic.Properties(headers=headers, **given),
        mandatory=True,
    )
    reply = await asyncio.wait_for(replies.get(), 20)
    await connection.close()
    assert json.loads(reply.body)["status"] == 201
    assert reply.header.properties.correlation_id == given["correlation_id"]
