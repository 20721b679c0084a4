"""The edge's logs: nothing that a client sent."""

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from tests.support.services.both import Both
from tests.support.services.edge import Caller, new_token
from tests.support.services.process import running_service

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


async def test_logs_hold_no_value_and_no_token(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """Of a replica as in production: the canary and the token's secret are nowhere; what happened
    is told by route, status, token id, org and message."""
    tokens_file = tmp_path / "tokens.toml"
    org_id = f"org_{secrets.token_hex(6)}"
    token = new_token(tokens_file, orgs=[org_id])
    variables = {"EDGE_RABBITMQ_URL": rabbitmq_vhost, "EDGE_TOKENS_FILE": str(tokens_file)}
    service = running_service("edge", variables)
    running = await asyncio.to_thread(service.__enter__)
    try:
        (started,) = [line for line in running.log_lines() if line["event"] == "started"]
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{started['detail']}"
            await everything(Caller(session, url, token, org_id))
        metrics = (await asyncio.to_thread(running.get, "/metrics"))[1]
        text, lines = running.log.read_text(), running.log_lines()
    finally:
        await asyncio.to_thread(service.__exit__, None, None, None)
    for said in (text, metrics):
        assert CANARY.lower() not in said.lower()
        assert token[13:] not in said
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == 11
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
    assert [line["org_id"] for line in requests[-2:]] == [None, None]
