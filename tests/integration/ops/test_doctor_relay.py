"""`handoff doctor` and the mail relay."""

import asyncio

import asyncpg

from ops.servers.ports import free_ports
from tests.support.database.urls import plain_url
from tests.support.partners.relay import OFFERED, Script, scripted_relay
from tests.support.services.command_line import handoff
from tests.support.services.process import RunningService
from tests.support.waiting import until

_HOLD = """
    INSERT INTO ereferral_dispatch.mail_relay (org_id, name, id, held_at, probe_at, code, detail,
        version, created_at, updated_at)
    VALUES ('-', $1, gen_random_uuid(), '2026-11-20T12:00:00Z', now(), 'smtp_535', '5.7.8',
        1, now(), now())
"""


async def told_by_doctor(smtp_url: str) -> str:
    """What it prints about dispatch, on one line."""
    told = await asyncio.to_thread(handoff, "doctor", DISPATCH_SMTP_URL=smtp_url)
    return " ".join(told.stdout.split())


async def test_doctor_says_that_the_relay_is_held_and_why(
    replica: RunningService, variables: dict[str, str]
) -> None:
    """As the replicas have found it, though it may be mended by now; no user and no password."""
    (port,) = free_ports(1)
    name = f"smtp://127.0.0.1:{port}"
    url = f"smtp://clinic:s3cret@127.0.0.1:{port}"
    assert "held since" not in await told_by_doctor(url)
    database = await asyncpg.connect(plain_url(variables["DISPATCH_DATABASE_URL"]))
    await database.execute(_HOLD, name)
    await database.close()
    told = await told_by_doctor(url)
    assert f"WRONG mail relay: {name} is held since 2026-11-20T12:00:00Z (smtp_535: 5.7.8)" in told
    assert f"WRONG mail relay: DISPATCH_SMTP_URL: {name} cannot be used (connect_refused)" in told
    assert "s3cret" not in told and "clinic" not in told
    async with scripted_relay(port=port):
        told = await told_by_doctor(name)
    assert f"fine mail relay: {name} takes us" in told
    assert "is held since" in told


async def test_doctor_looks_at_the_relay_as_a_sender_does(replica: RunningService) -> None:
    """HELO where EHLO is not known, any 2yz, and one try of a login (RFC 5321, 3.2 and 4.2)."""
    old: Script = {"greeting": "250 hello", "EHLO": "502 5.5.1 what?"}
    async with scripted_relay(old) as relay:
        told = await told_by_doctor(f"smtp://127.0.0.1:{relay.port}")
        assert f"fine mail relay: smtp://127.0.0.1:{relay.port} takes us" in told
    login = OFFERED.replace("250-SIZE", "250-AUTH PLAIN LOGIN CRAM-MD5\r\n250-SIZE")
    async with scripted_relay({"EHLO": login, "AUTH": "535 5.7.8 no"}) as relay:
        told = await told_by_doctor(f"smtp://clinic:s3cret@127.0.0.1:{relay.port}")
        assert "cannot be used (smtp_535: 5.7.8)" in told
        # The relay reads the last of it when doctor has gone already.
        await until(lambda: relay.verbs == ["EHLO", "AUTH", "QUIT"], 5.0)
    async with scripted_relay({"MAIL": "530 5.7.0 Must issue STARTTLS first"}) as relay:
        told = await told_by_doctor(f"smtp://127.0.0.1:{relay.port}")
        assert "cannot be used (smtp_530: 5.7.0)" in told
