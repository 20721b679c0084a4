"""Tokens and codes of answer links show nowhere but in letters, mails and a renewal's reply.

Also the servers' own logs, with their default settings.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from messaging.replies.client import listen
from ops.servers import Servers
from services.ereferral_dispatch.rules.answer_links import AnswerLinks, read_token
from tests.faults.scene import Scene, fault_scene
from tests.support.broker.raw_messages import Wire, open_wire
from tests.support.samples.canary import envelope
from tests.support.samples.letters import qr_codes_in
from tests.support.services.dispatch import SIGNING_KEY, Org, new_partner
from tests.support.services.referrals import migrated as referrals_migrated

DISPATCH_COMMANDS = "ereferral_dispatch.commands"
PUBLIC_URL = "https://answer.example.org"
LINKS = AnswerLinks(PUBLIC_URL, (SIGNING_KEY,), timedelta(days=180))
PHONE = "+12025550111"


@pytest_asyncio.fixture(scope="module")
async def scene(
    own_servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """Partners and a listener; both servers are nobody else's."""
    url = await referrals_migrated(own_servers.dispatch_database_url)
    folder = tmp_path_factory.mktemp("canary")
    async with fault_scene(url, own_servers.rabbitmq_url, folder, public_url=PUBLIC_URL) as ready:
        yield ready


def traces(org: Org, ereferral: str) -> list[str]:
    """The tokens and codes of its first two links, in each way in which they could be written."""
    found = []
    for epoch in (1, 2):
        letter = LINKS.derive(org.id, UUID(ereferral), epoch).letter
        token = letter.url.rpartition("/")[2]
        plain = read_token(token) or ""
        code = letter.code
        found += [token, plain, token.lower(), plain.lower(), plain.encode().hex()]
        found += [f'"{code}"', f"'{code}'", f"code={code}", f"{code[:3]} {code[3:]}"]
    return found


async def answer(org: Org, ereferral: str) -> None:
    """Whatever may be asked of a link, right and wrong, until it is locked and renewed."""
    letter = LINKS.derive(org.id, UUID(ereferral), 1).letter
    link: dict[str, Any] = {"answer_link": letter.url.rpartition("/")[2]}
    wrong = f"{(int(letter.code) + 1) % 1_000_000:06}"
    right: dict[str, Any] = {**link, "code": letter.code}
    assert (await org.ask("answer_link.verify", **right)).data["verified"]
    assert (await org.ask("answer_link.open", **link)).status == 200
    broken: dict[str, Any] = {**right, "code": [letter.code]}
    assert (await org.ask("answer_link.verify", **broken)).status == 422
    named: dict[str, Any] = {**right, letter.code: link["answer_link"]}
    assert (await org.ask("answer_link.verify", **named)).status == 422
    for _ in range(5):
        guessed: dict[str, Any] = {**link, "code": wrong}
        assert (await org.ask("answer_link.verify", **guessed)).status == 200
    assert (await org.ask("answer_link.verify", **right)).status == 409
    assert (await org.ask("answer_link.open", **link)).status == 409
    renewed = await org.ask("answer_link.renew", ereferral_uuid=ereferral)
    assert renewed.data["code"] == LINKS.derive(org.id, UUID(ereferral), 2).letter.code
    gone = await org.ask("answer_link.verify", **right)
    assert gone.problem is not None and gone.problem["code"] == "answer_link_not_found"


async def park(org: Org, ereferral: str, wire: Wire) -> list[str]:
    """A code that is sent where nobody waits for its reply: the envelopes of what was parked."""
    letter = LINKS.derive(org.id, UUID(ereferral), 1).letter
    body = {"org_id": org.id, "answer_link": letter.url.rpartition("/")[2], "code": letter.code}
    said: dict[str, Any] = {"content_type": "application/json", "message_id": str(uuid4())}
    for content in (json.dumps(body), json.dumps({**body, "code": "none", letter.code: "x"})):
        await wire.publish(
            content.encode(),
            "answer_link.verify",
            exchange=DISPATCH_COMMANDS,
            **{**said, "message_id": str(uuid4())},
        )
    return [envelope(parked) for parked in await wire.parked(DISPATCH_COMMANDS, 2)]


async def test_a_links_secrets_show_to_the_partner_alone(
    scene: Scene, own_servers: Servers
) -> None:
    """Not in a log, a figure, an event, an envelope, a dead letter's reason, or a table but that
    of the letters; nor in the servers' logs."""
    assert own_servers.postgres is not None and own_servers.rabbitmq is not None
    said: list[str] = []
    url = scene.settings.rabbitmq_url
    address = "letters@partner.example"
    async with (
        scene.victim() as service,
        listen(url, {"ereferral_dispatch.events": "#"}) as events,
        scene.org() as org,
        open_wire(url) as wire,
    ):
        ereferral = await org.dispatch(new_partner(email=address, phone=PHONE))
        await org.reaches(ereferral, "sent")
        call = await org.awaiting_call()
        await answer(org, ereferral)
        parked = await park(org, ereferral, wire)
        await scene.heard.everything()
        while not events.empty():
            event = events.get_nowait()
            said.append(envelope(event) + event.body.decode())
        pages = [service.get(page)[1] for page in ("/metrics", "/health/ready", "/health/live")]
        rows = await _stored(scene)
        await asyncio.to_thread(service.end)
        log = service.log.read_text()

    secrets = traces(org, ereferral) + traces(org, call)
    mail = scene.mail.to(address)[0]
    # The search can find something: what the partner got has the first link.
    assert secrets[0] in mail.text
    assert qr_codes_in(mail.letter, 200) == [LINKS.derive(org.id, UUID(ereferral), 1).letter.url]
    places = {"log": log, "pages": "".join(pages), "parked": "".join(parked), **rows}
    places |= {f"event {n}": one for n, one in enumerate(said)}
    assert len(said) >= 7 and len(parked) == 2
    found = {place for place, text in places.items() if any(one in text for one in secrets)}
    assert found == set()
    for server_log in (own_servers.postgres.log, own_servers.rabbitmq.log):
        written = server_log.read_text(errors="replace")
        assert written and not any(one in written for one in secrets), server_log.name


async def _stored(scene: Scene) -> dict[str, str]:
    """Every table of dispatch but `composed`, which holds the letters and mails themselves."""
    tables = await scene.database.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'ereferral_dispatch' "
        "AND tablename <> 'composed'"
    )
    stored = {}
    for (table,) in tables:
        rows = await scene.database.fetch(f'SELECT t::text FROM ereferral_dispatch."{table}" t')
        stored[table] = "\n".join(row[0] for row in rows)
    return stored
