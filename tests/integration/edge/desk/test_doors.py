"""The desk's doors: who gets in, for how long, and which forms are taken."""

import asyncio
import time
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from services.edge.desk.sessions import new_ticket
from services.edge.tokens.changes import revoke
from services.edge.tokens.file import changing
from services.edge.tokens.token import TokenKind
from tests.support.services.both import Both
from tests.support.services.desk import Visitor, at_the_desk
from tests.support.services.edge import Caller, RunningEdge, running_edge

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


async def test_a_pasted_token_opens_the_desk(edge: RunningEdge, caller: Caller) -> None:
    """By a cookie that no script reads; the page is nobody else's to keep, frame or tell of."""
    visitor = await at_the_desk(edge, caller.org_id)
    page = await visitor.open()
    assert page.status == 200
    assert "What needs you" in page.text
    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    fresh = Visitor(edge.session, edge.url, caller.org_id, visitor.token)
    login = await fresh.ask("GET", "/desk")
    came = await fresh.press(login.forms[0], token=visitor.token, follow=False)
    assert came.status == 303
    said = came.headers["set-cookie"]
    assert said.startswith("desk=") and "HttpOnly" in said and "SameSite=lax" in said
    assert "Path=/" in said and "Secure" not in said


async def test_behind_a_proxy_the_cookie_is_the_hosts_alone(
    both: Both, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """`__Host-desk`, Secure, where the browser speaks HTTPS to the proxy; else no desk at all."""
    proxies = (IPv4Network("127.0.0.0/8"),)
    named = {"Host": "desk.example.com", "X-Forwarded-For": "203.0.113.9"}
    async with running_edge(rabbitmq_vhost, tmp_path, trusted_proxies=proxies) as edge:
        visitor = Visitor(edge.session, edge.url, "org_1", "")
        https = await visitor.ask("GET", "/desk", headers={**named, "X-Forwarded-Proto": "https"})
        assert https.status == 200
        said = https.headers["set-cookie"]
        assert said.startswith("__Host-desk=") and "Secure" in said and "Path=/" in said
        plain = await visitor.ask("GET", "/desk", headers={**named, "X-Forwarded-Proto": "http"})
        assert (plain.status, "You may not do this" in plain.text) == (403, True)
        assert "set-cookie" not in plain.headers


@pytest.mark.parametrize("kind", [TokenKind.API, TokenKind.SUBMIT])
async def test_a_programs_token_does_not_log_in(
    edge: RunningEdge, caller: Caller, kind: TokenKind
) -> None:
    """What is done at the desk is done by a person, who has a name."""
    token = edge.token(caller.org_id, kind=kind)
    visitor = Visitor(edge.session, edge.url, caller.org_id, token)
    shown = await visitor.log_in()
    assert shown.status == 401
    assert (await visitor.open()).text.startswith("Log in to the desk")


async def test_a_form_without_the_sessions_token_is_refused(
    edge: RunningEdge, caller: Caller
) -> None:
    """403 without it, with another session's, and from another site; nothing is done."""
    partner = await caller.partner()
    visitor = await at_the_desk(edge, caller.org_id)
    other = await at_the_desk(edge, caller.org_id)
    form = (await visitor.open()).forms[-1]
    assert form.action == "/desk/~logout" or form.value("_csrf")
    theirs = (await other.open()).forms[-1].value("_csrf")
    path = "/desk/~logout"
    assert (await visitor.ask("POST", path, [])).status == 403
    assert (await visitor.ask("POST", path, [("_csrf", theirs)])).status == 403
    own = [("_csrf", form.value("_csrf"))]
    for site in ("cross-site", "same-site", "none"):
        refused = await visitor.ask("POST", path, own, headers={"Sec-Fetch-Site": site})
        assert refused.status == 403
    assert (await visitor.open()).status == 200
    assert partner["version"] == 1
    assert "Log in" in (await visitor.ask("POST", path, own)).text


async def test_a_revoked_tokens_next_click_is_the_login(edge: RunningEdge, caller: Caller) -> None:
    """The cookie alone is nothing; after the login it goes on where the click led."""
    visitor = await at_the_desk(edge, caller.org_id)
    with changing(edge.tokens_file) as tokens:
        revoke(tokens, visitor.token[4:12], datetime.now(UTC))
    edge.edge.tokens.look()
    shown = await visitor.open()
    assert shown.text.startswith("Log in to the desk")
    assert ("_next", f"/desk/{caller.org_id}") in shown.forms[0].said


async def test_another_orgs_pages_are_refused_whether_it_exists_or_not(
    edge: RunningEdge, caller: Caller
) -> None:
    """One 403, equal but for the request's number."""
    await caller.partner()
    visitor = await at_the_desk(edge, edge.caller().org_id)
    pages = []
    for org_id in (caller.org_id, "org_that_never_was"):
        shown = await visitor.ask("GET", f"/desk/{org_id}")
        assert shown.status == 403
        pages.append(shown.text.partition("Request")[0].replace(org_id, ""))
    assert pages[0] == pages[1]


async def test_a_one_time_link_logs_in_once(edge: RunningEdge, caller: Caller) -> None:
    """The address bar shows no ticket afterwards; the second click logs nobody in."""
    token = edge.token(caller.org_id, kind=TokenKind.PERSON, actor="u-18")
    signer = edge.edge.desk.signer
    ticket = new_ticket(signer, token[4:12], time.time())
    first, second = (Visitor(edge.session, edge.url, caller.org_id, "") for _ in range(2))
    opened = await first.ask("GET", f"/desk/~login/{ticket}")
    assert (opened.status, opened.url) == (200, f"/desk/{caller.org_id}")
    assert "u-18" in opened.text
    refused = await second.ask("GET", f"/desk/~login/{ticket}")
    assert refused.status == 403
    assert (await second.open()).text.startswith("Log in")
    made_up = f"{ticket[:-2]}xx"
    assert (await second.ask("GET", f"/desk/~login/{made_up}")).status == 403


async def test_who_may_read_nothing_sees_no_task(edge: RunningEdge, caller: Caller) -> None:
    """Only what the token may ask is asked, linked and counted."""
    visitor = await at_the_desk(edge, caller.org_id, operations=["intake.list"])
    page = await visitor.open()
    assert page.status == 200
    assert "Nothing waits under Intake." in page.text
    assert not [link for link in page.links if link.endswith("/referrals")]


async def test_events_are_heard_by_the_cookie(edge: RunningEdge, caller: Caller) -> None:
    """A page hears that something has changed, and never what."""
    visitor = await at_the_desk(edge, caller.org_id)
    headers = {"Cookie": f"desk={visitor.cookie}"}
    url = f"{edge.url}/desk/{caller.org_id}/events"
    async with edge.session.get(url, headers=headers) as stream, asyncio.timeout(10):
        assert stream.status == 200
        partner = await caller.partner(last_name="Archer")
        heard = b""
        while partner["id"].encode() not in heard:
            heard += await stream.content.readany()
        assert b"referral_partner.created" in heard
        assert b"Archer" not in heard
    async with edge.session.get(url) as refused:
        assert refused.status == 403
