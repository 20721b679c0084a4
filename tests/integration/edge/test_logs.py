"""The logs of the edge and of both services: nothing that a client sent."""

import asyncio
import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp

from services.edge.tokens.token import TokenKind
from tests.support.samples.canary import EMAIL, NAME, PATIENT, PHONE, WORDS, traces_in
from tests.support.services.both import Both
from tests.support.services.dispatch import SETTLED_WITHIN_SECONDS
from tests.support.services.edge import Caller, RunningEdge, new_token
from tests.support.services.process import running_service
from tests.support.services.told import Told
from tests.support.waiting import until

CANARY = "Zebulonquackenbush"
"""In every field, parameter, header and path that takes a text."""


async def everything(caller: Caller) -> None:
    """Requests of each kind, right and wrong, with the canary wherever it can stand."""
    named = {"first_name": CANARY, "last_name": CANARY, "notes": CANARY}
    headers = {
        "Idempotency-Key": f"{CANARY}-1",
        "User-Agent": CANARY,
        "X-Whatever": CANARY,
        "Referer": f"https://{CANARY}.example",
    }
    partner = await caller.ask("POST", "/referral-partners", named, headers=headers)
    assert partner.status == 201
    await caller.ask("POST", "/referral-partners", {**named, "npi": CANARY}, headers=headers)
    await caller.ask("GET", f"/referral-partners?search={CANARY}")
    await caller.ask("GET", f"/referral-partners?{CANARY}={CANARY}")
    await caller.ask("GET", f"/referral-partners/{CANARY}")
    await caller.ask("GET", f"/{CANARY}/{CANARY}")
    await caller.ask("PUT", f"/patients/{uuid4()}", {"name": CANARY, CANARY: CANARY})
    await caller.ask("POST", "/referral-partners", data=f"{{{CANARY}".encode())
    await caller.ask("GET", "/practice", headers={"Accept": f"text/{CANARY}"})
    await replace(caller, org_id=CANARY).ask("GET", "/practice")
    await replace(caller, token=CANARY).ask("GET", "/practice")


async def everything_in_other_forms(caller: Caller, submitting: str) -> None:
    """Contact referrals as JSON:API and what forms send, with the canary wherever it can stand."""
    json_api = {"Content-Type": "application/vnd.api+json"}
    listed = f"/contacts/{CANARY}/referrals"
    document = {"data": {"type": CANARY, "id": CANARY, CANARY: CANARY}}
    await caller.ask("POST", listed, document, headers=json_api)
    named = {"type": "contact_referrals", "attributes": {CANARY: CANARY}}
    await caller.ask("PATCH", f"{listed}/{CANARY}", {"data": named}, headers=json_api)
    await caller.ask("GET", f"{listed}?{CANARY}={CANARY}")
    row = {"first_name": CANARY, "surname": CANARY, "org_type_id": CANARY, "website": CANARY}
    for data, status in (
        (urlencode(row), 202),
        (json.dumps([{**row, CANARY: CANARY}]), 422),
        (urlencode({**row, f"0[{CANARY}]": CANARY}), 400),
    ):
        async with caller.session.put(
            f"{caller.url}/v2/external_referral",
            headers={
                "Authorization": f"Bearer {submitting}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            data=data.encode(),
        ) as answer:
            assert answer.status == status


async def test_logs_hold_no_value_and_no_token(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """Of a replica as in production: the canary and the token's secret are nowhere; what happened
    is told by route, status, token id, org and message."""
    tokens_file = tmp_path / "tokens.toml"
    org_id = f"org_{secrets.token_hex(6)}"
    token = new_token(tokens_file, orgs=[org_id])
    submitting = new_token(tokens_file, orgs=[org_id], kind=TokenKind.SUBMIT)
    variables = {"EDGE_RABBITMQ_URL": rabbitmq_vhost, "EDGE_TOKENS_FILE": str(tokens_file)}
    service = running_service("edge", variables)
    running = await asyncio.to_thread(service.__enter__)
    try:
        (started,) = [line for line in running.log_lines() if line["event"] == "started"]
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{started['detail']}"
            caller = Caller(session, url, token, org_id)
            await everything(caller)
            await everything_in_other_forms(caller, submitting)
        metrics = (await asyncio.to_thread(running.get, "/metrics"))[1]
        text, lines = running.log.read_text(), running.log_lines()
    finally:
        await asyncio.to_thread(service.__exit__, None, None, None)
    for said in (text, metrics):
        assert CANARY.lower() not in said.lower()
        assert token[13:] not in said and submitting[13:] not in said
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == 17
    routes = [line["route"] for line in requests[-6:]]
    assert routes[1:4] == [
        "/api/v1/{org_id}/contacts/{contact_uuid}/referrals/{contact_referral_uuid}",
        "/api/v1/{org_id}/contacts/{contact_uuid}/referrals",
        "/v2/external_referral",
    ]
    assert requests[-1]["org_id"] == org_id
    first: dict[str, Any] = requests[0]
    assert first["route"] == "/api/v1/{org_id}/referral-partners"
    assert (first["method"], first["status"], first["org_id"]) == ("POST", 201, org_id)
    assert first["token_id"] == token[4:12]
    assert first["bytes"] > 0 and first["milliseconds"] > 0
    assert first.keys() <= {
        *("event", "level", "timestamp", "service", "component", "method", "route", "status"),
        *("milliseconds", "bytes", "token_id", "org_id", "message_id", "request_id"),
    }
    # Of an org that the token is not for, nothing is told: it is the client's own text.
    assert [line["org_id"] for line in requests[9:11]] == [None, None]


async def a_referrals_life(caller: Caller) -> None:
    """A patient is referred by e-mail, the letter is read and answered; nothing is refused."""
    seen = {"observed_at": PATIENT["observed_at"]}
    patient, contact = uuid4(), uuid4()
    practice = {"name": f"Praxis {NAME}", "country": "US", "phone": PHONE, "email": EMAIL, **seen}
    household = {"name": f"Household of {NAME}", "patient_uuid": str(patient), **seen}
    for path, said in (
        ("/practice", practice),
        (f"/patients/{patient}", PATIENT),
        (f"/contacts/{contact}", household),
    ):
        assert (await caller.ask("PUT", path, said)).status == 200
    address = {"accepts_ereferral": True, "ereferral_endpoint": f"mailto:{EMAIL}"}
    partner = await caller.partner(last_name=NAME, email=EMAIL, phone=PHONE, notes=WORDS, **address)
    about = {"patient_uuid": str(patient), "referral_partner_uuid": partner["id"]}
    draft = await caller.made("/referrals", {**about, "reason": WORDS, "notes": WORDS})
    path = f"/referrals/{draft['id']}"
    assert (await caller.ask("GET", f"{path}/preview", headers={"Accept": "*/*"})).status == 200
    sent = await caller.ask("POST", f"{path}/send?base_version=1")
    assert sent.status == 202

    async def is_sent() -> bool:
        shown = await caller.ask("GET", f"/ereferrals/{sent.data['ereferral_uuid']}")
        return shown.status == 200 and shown.data["status"] == "sent"

    await until(is_sent, SETTLED_WITHIN_SECONDS)
    letter = f"/ereferrals/{sent.data['ereferral_uuid']}/letter"
    assert (await caller.ask("GET", letter, headers={"Accept": "*/*"})).status == 200
    for asked in (f"/patients?search={NAME}", f"/referrals?search={NAME}"):
        assert (await caller.ask("GET", asked)).data["total"] == 1


async def a_submissions_life(form: Caller, staff: Caller) -> None:
    """A form stages a person, whom staff takes in as a patient."""
    row = {"first_name": "Karla", "surname": NAME, "mobile_phone": PHONE, "email": EMAIL}
    async with form.session.put(
        f"{form.url}/v2/external_referral",
        headers={"Authorization": f"Bearer {form.token}"},
        json=[{**row, "date_of_birth": PATIENT["date_of_birth"], "org_type_id": "1"}],
    ) as answer:
        assert answer.status == 202, await answer.text()
        (intake,) = (await answer.json())["intake_uuids"]
    accepted = await staff.ask("POST", f"/intake/{intake}/accept", {"base_version": 1})
    assert accepted.status == 200


async def test_no_log_of_any_service_shows_a_person(edge: RunningEdge, told: Told) -> None:
    """A patient, a partner and whoever a form is about, from the request to the mail: their names,
    numbers, addresses, birthday and words are in no line of the edge, referrals or dispatch. The
    first tells of each request, both services of each message, the last of the attempt."""
    caller = edge.caller()
    form = edge.caller(caller.org_id, kind=TokenKind.SUBMIT)
    await a_referrals_life(caller)
    await a_submissions_life(form, caller)
    lines = told.log.splitlines()
    about_us = [json.loads(line) for line in lines if caller.org_id in line]
    assert traces_in(told.log) == []
    assert {NAME, PHONE, EMAIL, WORDS} <= told.sent, "they were sent"
    telling = {line["component"] for line in about_us}
    assert telling == {
        "messaging.decision.record",
        "services.edge.http.record",
        "services.ereferral_dispatch.delivery.attempt_record",
    }
    assert caller.token[13:] not in told.log and form.token[13:] not in told.log
