"""The relay is not the partner: what it refuses before MAIL holds it, and nobody's channel."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from prometheus_client import REGISTRY

from ops.servers.ports import free_ports
from services.ereferral_dispatch.delivery import relay_watch
from tests.support.partners.relay import OFFERED, Script, scripted_relay
from tests.support.services.dispatch import (
    PHONE,
    Dispatch,
    Org,
    dispatching,
    eventually,
    new_partner,
    running_dispatch,
)

PROBE_EVERY_SECONDS = 0.5
WITH_LOGIN = OFFERED.replace("250-SIZE", "250-AUTH PLAIN\r\n250-SIZE")
WITH_TLS = OFFERED.replace("250-SIZE", "250-STARTTLS\r\n250-SIZE")
_LANES = """
    SELECT count(*) FROM ereferral_dispatch.lane
    WHERE failures > 0 OR held_at IS NOT NULL OR version > 0
"""
Start = Callable[[str], Any]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch looks ten times a second."""
    monkeypatch.setattr(relay_watch, "LOOK_EVERY_SECONDS", 0.1)


@pytest.fixture
def start(
    new_postgres_database: Callable[[], str], new_rabbitmq_vhost: Callable[[], str]
) -> Callable[..., Any]:
    """Starts a replica on servers of its own, whose relay is at that URL."""

    @asynccontextmanager
    async def starting(smtp_url: str, **settings: Any) -> AsyncIterator[Dispatch]:
        async with dispatching(
            new_postgres_database(),
            new_rabbitmq_vhost(),
            smtp_url=smtp_url,
            fax_mail_domain="fax.example",
            **{"probe_every_seconds": PROBE_EVERY_SECONDS, **settings},
        ) as running:
            yield running

    return starting


@dataclass(frozen=True)
class Waiting:
    """What goes through the relay: e-mails and faxes of several orgs and partners."""

    org: Org
    ids: list[str]


async def dispatch_several(dispatch: Dispatch) -> list[Waiting]:
    """Two e-mails and a fax for each of two orgs; every partner has a phone as well."""
    waiting = []
    for org in (dispatch.org(), dispatch.org()):
        partners = [
            new_partner(email="front@one.example", phone=PHONE),
            new_partner(email="front@two.example", phone=PHONE),
            new_partner(fax="+12025550112", phone=PHONE),
        ]
        waiting.append(Waiting(org, [await org.dispatch(partner) for partner in partners]))
    return waiting


async def check_held(dispatch: Dispatch, waiting: list[Waiting], name: str, code: str) -> None:
    """One hold, told; nothing of it is any partner's; portals are reached meanwhile."""
    health = dispatch.service.health
    await eventually(lambda: "mail relay" in health.notes())
    (held,) = await dispatch.heard.relay()
    assert (held.type, held.version, held.body["subject"]) == ("held", 1, name)
    assert held.body["orgid"] == "-"
    assert held.data["name"] == name and held.data["held"] is True and held.data["held_at"]
    assert held.data["code"] == code
    assert "secret" not in str(held.body) and "clinic" not in str(held.body)

    assert health.ready
    assert f"({code}" in health.notes()["mail relay"]
    assert REGISTRY.get_sample_value("handoff_mail_relay_held") == 1

    org = dispatch.org()
    await org.until(await org.dispatch(dispatch.at_portal("beside")), "delivered")
    for one in waiting:
        for ereferral in one.ids:
            shown = await one.org.get(ereferral)
            assert shown["status"] in ("queued", "retry_scheduled"), shown
            assert {a["outcome"] for a in shown["attempts"]} <= {"transient_failure"}
            assert {a["code"] for a in shown["attempts"]} <= {code}
            assert len(shown["attempts"]) <= 1
    assert await dispatch.database.fetchval(_LANES) == 0


async def check_recovered(dispatch: Dispatch, waiting: list[Waiting], name: str) -> None:
    """Let go by a probe, told once; all that waited is sent, no repeat, by the first channel."""
    for one in waiting:
        for ereferral in one.ids:
            shown = await one.org.until(ereferral, "sent")
            assert shown["possible_repeat"] is False
            assert shown["attempts"][-1]["code"] == "smtp_250"
            assert shown["channel"] in ("email", "fax")
    held, released = await dispatch.heard.relay()
    assert (released.type, released.version, released.body["subject"]) == ("released", 2, name)
    assert released.data["held"] is False
    assert released.data["held_at"] is released.data["code"] is None
    assert held.body["id"] != released.body["id"]
    await eventually(lambda: not dispatch.service.health.notes())
    assert REGISTRY.get_sample_value("handoff_mail_relay_held") == 0
    assert await dispatch.database.fetchval(_LANES) == 0


async def test_a_wrong_password_holds_the_relay_and_no_partner(start: Callable[..., Any]) -> None:
    """535 to the login: every mail of every partner waits, until the relay takes the password."""
    script: Script = {"EHLO": WITH_LOGIN, "AUTH": "535 5.7.8 clinic wrong"}
    async with (
        scripted_relay(script) as relay,
        start(f"smtp://clinic:secret@127.0.0.1:{relay.port}") as dispatch,
    ):
        name = f"smtp://127.0.0.1:{relay.port}"
        waiting = await dispatch_several(dispatch)
        await check_held(dispatch, waiting, name, "smtp_535")
        relay.everybody = {"EHLO": WITH_LOGIN}
        await check_recovered(dispatch, waiting, name)
        assert len(relay.mails) == 6


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
async def test_a_relay_that_wants_a_login_first_is_held(
    start: Callable[..., Any], step: str
) -> None:
    """530 to MAIL or RCPT says that nobody may send without one (RFC 4954, section 6): it is held
    as long as a probe is told the same, and mail goes out as it was."""
    script: Script = {step: "530 5.7.0 Authentication required"}
    async with (
        scripted_relay(script) as relay,
        start(f"smtp://127.0.0.1:{relay.port}") as dispatch,
    ):
        name = f"smtp://127.0.0.1:{relay.port}"
        waiting = await dispatch_several(dispatch)
        await check_held(dispatch, waiting, name, "smtp_530")
        await asyncio.sleep(2 * PROBE_EVERY_SECONDS)
        assert len(await dispatch.heard.relay()) == 1
        relay.everybody = {}
        await check_recovered(dispatch, waiting, name)
        assert len(relay.mails) == 6


async def test_a_relay_without_starttls_is_held(start: Callable[..., Any], tmp_path: Path) -> None:
    """Nothing goes in the clear meanwhile; once it is offered, all goes under TLS."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with (
        scripted_relay(tls=tls) as relay,
        start(
            f"smtp+starttls://127.0.0.1:{relay.port}", smtp_ca_file=tmp_path / "ca.pem"
        ) as dispatch,
    ):
        name = f"smtp+starttls://127.0.0.1:{relay.port}"
        waiting = await dispatch_several(dispatch)
        await check_held(dispatch, waiting, name, "tls_failed")
        assert not relay.mails and "MAIL" not in relay.verbs
        relay.everybody = {"EHLO": WITH_TLS}
        await check_recovered(dispatch, waiting, name)


async def test_a_relay_that_is_away_is_held(start: Callable[..., Any]) -> None:
    """A refused connection; what came meanwhile is sent as well once it is back."""
    (port,) = free_ports(1)
    async with AsyncExitStack() as stack:
        dispatch = await stack.enter_async_context(start(f"smtp://127.0.0.1:{port}"))
        name = f"smtp://127.0.0.1:{port}"
        waiting = await dispatch_several(dispatch)
        await check_held(dispatch, waiting, name, "connect_refused")
        waiting += await dispatch_several(dispatch)
        await stack.enter_async_context(scripted_relay(port=port))
        await check_recovered(dispatch, waiting, name)


async def test_what_waits_for_the_relay_can_be_cancelled(start: Callable[..., Any]) -> None:
    """Nothing left: at once, and nothing is sent when the relay is back."""
    script: Script = {"greeting": "554 5.7.1 not you"}
    async with (
        scripted_relay(script) as relay,
        start(f"smtp://127.0.0.1:{relay.port}") as dispatch,
    ):
        (waiting, kept) = await dispatch_several(dispatch)
        await check_held(dispatch, [waiting, kept], f"smtp://127.0.0.1:{relay.port}", "smtp_554")
        for ereferral in waiting.ids:
            answered = await waiting.org.cancel(ereferral)
            assert (answered.status, answered.data["status"]) == (200, "cancelled")
        relay.everybody = {}
        await check_recovered(dispatch, [kept], f"smtp://127.0.0.1:{relay.port}")
        assert len(relay.mails) == len(kept.ids)


async def test_a_refusal_of_one_sender_or_recipient_holds_no_relay(
    start: Callable[..., Any],
) -> None:
    """From MAIL on a reply is about this one mail."""
    script: Script = {"RCPT": "550 5.1.1 no"}
    async with (
        scripted_relay(script) as relay,
        start(f"smtp://127.0.0.1:{relay.port}") as dispatch,
    ):
        org = dispatch.org()
        ereferral = await org.dispatch(new_partner(email="nobody@one.example", phone=PHONE))
        await org.until(ereferral, "awaiting_call")
        assert await dispatch.heard.relay() == []
        assert dispatch.service.health.notes() == {}


async def test_two_replicas_probe_together_once_in_a_time(start: Callable[..., Any]) -> None:
    """Whoever comes first makes the probe; the other one knows of the hold, and of its end."""
    every = 1.0
    script: Script = {"greeting": "421 4.3.2 down"}
    async with (
        scripted_relay(script) as relay,
        start(f"smtp://127.0.0.1:{relay.port}", probe_every_seconds=every) as dispatch,
        running_dispatch(dispatch.settings) as other,
    ):
        org = dispatch.org()
        ereferral = await org.dispatch(new_partner(email="front@one.example"))
        for service in (dispatch.service, other):
            await eventually(lambda: "mail relay" in service.health.notes())  # noqa: B023
        before = relay.connections
        await asyncio.sleep(4.5 * every)
        assert 3 <= relay.connections - before <= 5
        relay.everybody = {}
        await org.until(ereferral, "sent")
        for service in (dispatch.service, other):
            await eventually(lambda: not service.health.notes())  # noqa: B023
        assert [event.type for event in await dispatch.heard.relay()] == ["held", "released"]
        shown = await org.get(ereferral)
        assert [a["code"] for a in shown["attempts"]] == ["smtp_421", "smtp_250"]
        started, again = (datetime.fromisoformat(a["started_at"]) for a in shown["attempts"])
        assert (again - started).total_seconds() > 4 * every
