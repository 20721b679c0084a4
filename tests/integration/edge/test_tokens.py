"""Tokens: what one is for, and how it ends."""

import asyncio
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.edge.tokens.changes import revoke, rotate
from services.edge.tokens.file import changing
from services.edge.tokens.token import TokenKind
from tests.support.services.both import Both
from tests.support.services.edge import Caller, RunningEdge, new_token, running_edge

PARTNER = {"first_name": "Ann", "last_name": "Archer"}


async def test_without_a_valid_token_all_are_answered_alike(edge: RunningEdge) -> None:
    """401: missing, another scheme, made up, wrong secret, expired, revoked; equal bodies."""
    org_id = "org_1"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    good, expired = edge.token(org_id), edge.token(org_id, expires_at=yesterday)
    revoked = edge.token(org_id)
    with changing(edge.tokens_file) as tokens:
        revoke(tokens, revoked[4:12], datetime.now(UTC))
    edge.edge.tokens.look()
    headers = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {good}"},
        {"Authorization": good},
        {"Authorization": f"Bearer {good[:13]}{secrets.token_urlsafe(32)}"},
        {"Authorization": f"Bearer hnd_aaaaaaaa_{secrets.token_urlsafe(32)}"},
        {"Authorization": f"Bearer {good}x"},
        {"Authorization": f"Bearer {expired}"},
        {"Authorization": f"Bearer {revoked}"},
    ]
    url = f"{edge.url}/api/v1/{org_id}/referral-partners"
    answers = [await edge.get(url, **one) for one in headers]
    for answered in answers:
        assert answered.refusal == (401, "unauthenticated", [["header", "Authorization"]])
        assert answered.headers["www-authenticate"] == "Bearer"
    assert len({answered.body for answered in answers}) == 1
    assert (await edge.get(url, Authorization=f"bearer {good}")).status == 200


async def test_a_foreign_org_is_forbidden_whether_it_exists_or_not(edge: RunningEdge) -> None:
    """One 403, equal bodies, also for what is no org's name."""
    real = edge.caller()
    await real.partner()
    mine = edge.caller()
    answers = []
    for org_id in (real.org_id, "org_that_never_was", "no%20org"):
        asking = Caller(edge.session, edge.url, mine.token, org_id)
        answers.append(await asking.ask("GET", "/referral-partners"))
    for answered in answers:
        assert answered.refusal == (403, "forbidden", [["path", "org_id"]])
    assert len({answered.body for answered in answers}) == 1


async def test_an_operation_that_is_not_granted_is_forbidden(edge: RunningEdge) -> None:
    """By the same patterns as the services' own grants."""
    reader = edge.caller(operations=["referral_partner.get", "*.list"])
    assert (await reader.ask("GET", "/referral-partners")).status == 200
    answered = await reader.ask("POST", "/referral-partners", PARTNER)
    assert answered.refusal == (403, "forbidden", [["path", "org_id"]])


async def test_a_token_to_submit_does_nothing_else(edge: RunningEdge) -> None:
    """403 on every other route, whatever its operations say."""
    page = edge.caller(kind=TokenKind.SUBMIT, operations=["*"])
    for method, path in (("GET", "/referral-partners"), ("POST", "/referrals")):
        answered = await page.ask(method, path)
        assert answered.refusal == (403, "forbidden", [["path", "org_id"]])


async def test_a_revoked_token_ends_within_two_seconds(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """By its file alone; so do a rotated one's successor begin and its overlap end."""
    async with running_edge(rabbitmq_vhost, tmp_path) as edge:
        old = edge.caller("org_1")
        assert (await old.ask("GET", "/referral-partners")).status == 200
        now = datetime.now(UTC)
        with changing(edge.tokens_file) as tokens:
            new = rotate(
                tokens,
                old.token[4:12],
                now,
                overlap=timedelta(seconds=0),
                expires_at=now + timedelta(days=1),
            )
        began, status = time.monotonic(), 200
        while status != 401:
            assert time.monotonic() - began < 2.0
            await asyncio.sleep(0.05)
            status = (await old.ask("GET", "/referral-partners")).status
        successor = Caller(edge.session, edge.url, new, "org_1")
        assert (await successor.ask("GET", "/referral-partners")).status == 200


async def test_of_a_broken_file_the_last_good_one_stays(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """What was allowed is allowed, and ready says 503 with the reason until it is mended."""
    async with running_edge(rabbitmq_vhost, tmp_path) as edge:
        caller = edge.caller()
        good = edge.tokens_file.read_bytes()
        for broken in (b"[[tokens]]\nid = 7\n", b"\xff", b"[[tokens"):
            edge.tokens_file.write_bytes(broken)
            edge.edge.tokens.look()
            ready = await edge.get(f"{edge.ops_url}/health/ready")
            assert ready.status == 503
            assert ready.data["checks"]["tokens"].startswith("EDGE_TOKENS_FILE ")
            assert (await caller.ask("GET", "/referral-partners")).status == 200
        edge.tokens_file.write_bytes(good)
        edge.edge.tokens.look()
        assert (await edge.get(f"{edge.ops_url}/health/ready")).status == 200


async def test_without_a_file_nothing_is_allowed(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """401, and its health says why."""
    async with running_edge(rabbitmq_vhost, tmp_path, tokens_file=None) as edge:
        token = new_token(edge.tokens_file)
        url = f"{edge.url}/api/v1/org_1/referral-partners"
        assert (await edge.get(url, Authorization=f"Bearer {token}")).status == 401
        notes = (await edge.get(f"{edge.ops_url}/health/ready")).data["notes"]
        assert notes == {"no tokens": "EDGE_TOKENS_FILE is not set: nothing is allowed"}


async def test_who_is_behind_a_write_is_kept(edge: RunningEdge, both: Both) -> None:
    """The person of a person's token; else the client, and whom it names."""
    org = both.referrals.org()
    patient, partner = await org.patient(), await org.partner()
    program = edge.caller(org.id, client="desk")
    person = edge.caller(org.id, client="pages", kind=TokenKind.PERSON, actor="u-17")
    drafts = {"patient_uuid": patient["id"], "referral_partner_uuid": partner["id"]}
    asked = [(program, {}), (program, {"Handoff-Actor": "kim"}), (person, {"Handoff-Actor": "kim"})]
    actors = []
    for caller, headers in asked:
        created = await caller.ask(
            "POST", "/referrals", {**drafts, "reason": "Root canal"}, headers=headers
        )
        assert created.status == 201
        shown = await caller.ask("GET", f"/referrals/{created.data['id']}")
        actors += [entry["actor"] for entry in shown.data["timeline"]]
    assert actors == ["desk", "desk/kim", "u-17"]
