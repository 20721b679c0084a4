"""Workers that are killed at each step of an attempt.

Never two attempts under different ids at a portal, never a mail sent twice, never a lost
e-referral; what provably never left is simply sent.
"""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from tests.faults.scene import Scene, by_mail
from tests.support.database.urls import plain_url
from tests.support.partners.portal import DUPLICATE, Answer, Cut
from tests.support.partners.relay import HANG_AFTER_DATA, HANG_AT_RCPT
from tests.support.services.dispatch import eventually, new_partner

_LOCK = "SELECT FROM ereferral_dispatch.ereferral WHERE org_id = $1 AND id = $2 FOR UPDATE"
_LOCK_ATTEMPT = """
    SELECT FROM ereferral_dispatch.attempt WHERE org_id = $1 AND ereferral_id = $2 FOR UPDATE
"""
_BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1"
# The lock of who publishes: while it is taken nothing leaves the outbox.
_LEAD = "SELECT pg_advisory_lock(x'48414E44'::int, hashtext('ereferral_dispatch'))"


@dataclass
class Aftermath:
    """What became of each e-referral, by the step at which its worker was lost."""

    scene: Scene
    ids: dict[str, str] = field(default_factory=dict)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    settled_seconds: float = 0.0

    def attempts(self, step: str) -> list[tuple[str, str]]:
        return [(a["outcome"], a["code"]) for a in self.shown[step]["attempts"]]

    def mails(self, step: str) -> int:
        return len(self.scene.mail.to(f"{step}@partner.example"))

    async def story(self, step: str) -> list[str]:
        return await self.scene.heard.story(self.ids[step])


async def until_blocked(scene: Scene, statement: str) -> None:
    """Wait until a session waits for a lock with a statement like that."""
    async with asyncio.timeout(10):
        while not await scene.database.fetchval(_BLOCKED, statement):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest_asyncio.fixture(scope="module")
async def killed(scene: Scene) -> Aftermath:
    """A worker was killed with an e-referral at each step; another one has done the rest."""
    after, portal, mail = Aftermath(scene), scene.portal, scene.mail
    portal.script("read", Cut.HANG, DUPLICATE)
    answering = asyncio.Event()
    portal.script("answered", Answer(201, when=answering), DUPLICATE)
    mail.script("connecting@partner.example", HANG_AT_RCPT, "250 ok")
    mail.script("taken@partner.example", HANG_AFTER_DATA, "250 ok")
    mail.script("replied@partner.example", HANG_AFTER_DATA, "250 ok")
    mail.script("passing@partner.example", HANG_AT_RCPT, "250 ok")
    read, referral = new_partner(ereferral_endpoint=portal.endpoint("read")), uuid4()
    locking = await asyncpg.connect(plain_url(scene.settings.database_url))
    await locking.execute(_LEAD)

    async with scene.victim() as victim, scene.org() as org:
        for step, partner in (
            ("read", read),
            ("waiting", read),
            ("answered", new_partner(ereferral_endpoint=portal.endpoint("answered"))),
            ("connecting", by_mail("connecting")),
            ("taken", by_mail("taken", phone="+12025550111")),
            ("replied", by_mail("replied")),
            ("passing", by_mail("passing")),
            ("recorded", new_partner(ereferral_endpoint=portal.endpoint("recorded"))),
        ):
            in_turn = {"referral_uuid": referral} if partner is read else {}
            after.ids[step] = await org.dispatch(partner, **in_turn)
        await eventually(lambda: portal.running["read"] == portal.running["answered"] == 1)
        await eventually(lambda: "connecting@partner.example" in mail.asked)
        await eventually(lambda: "passing@partner.example" in mail.asked)
        await eventually(lambda: len(mail.mails) == 2)
        await org.reaches(after.ids["recorded"], "delivered")
        # Late: a handshake is waited for no longer than five seconds.
        shaking = new_partner(ereferral_endpoint=f"https://127.0.0.1:{scene.secured.port}/shaking")
        after.ids["shaking"] = await org.dispatch(shaking)
        async with locking.transaction():
            for step in ("answered", "replied"):
                await locking.execute(_LOCK, org.id, UUID(after.ids[step]))
            await locking.execute(_LOCK_ATTEMPT, org.id, UUID(after.ids["passing"]))
            answering.set()
            mail.let_go("replied@partner.example")
            await eventually(lambda: scene.secured.connections == 1)
            await eventually(lambda: after.ids["answered"] in portal.finished)
            await asyncio.sleep(0.3)
            # The last of all: a lock is waited for no longer than two seconds.
            mail.let_go("passing@partner.example")
            await until_blocked(scene, "%sending_at%")
            os.kill(victim.pid, signal.SIGKILL)
            await eventually(lambda: victim.process.ended)
    await locking.close()
    died = asyncio.get_running_loop().time()
    async with scene.survivor() as survivor:
        mine = scene.org_of(survivor.client, like=org)
        await scene.until_all_end()
        after.settled_seconds = asyncio.get_running_loop().time() - died
        for step, ereferral in after.ids.items():
            after.shown[step] = await mine.get(ereferral)
    return after


async def test_what_a_dead_worker_left_is_settled_within_a_minute(killed: Aftermath) -> None:
    """With leases as they are shipped, and nobody's help."""
    assert killed.settled_seconds < 60


async def test_what_was_not_begun_is_sent(killed: Aftermath) -> None:
    """Killed before its attempt was written: another worker sends it, as if nothing had been."""
    assert killed.shown["waiting"]["status"] == "delivered"
    assert killed.attempts("waiting") == [("delivered", "http_409")]
    assert await killed.story("waiting") == ["queued", "delivered"]


async def test_what_had_not_left_is_simply_sent(killed: Aftermath) -> None:
    """Killed in the TLS handshake, before the recipient was accepted, and while its point of no
    return was being written: nothing left, so it is sent once, and is no possible repeat."""
    story = ["queued", "attempt_failed", "retry_scheduled"]
    assert killed.attempts("shaking") == [
        ("transient_failure", "worker_lost"),
        ("delivered", "http_201"),
    ]
    assert killed.scene.portal.ids("shaking") == [killed.ids["shaking"]]
    assert await killed.story("shaking") == [*story, "delivered"]
    for step in ("connecting", "passing"):
        assert killed.attempts(step) == [
            ("transient_failure", "worker_lost"),
            ("sent", "smtp_250"),
        ]
        assert killed.mails(step) == 1
        assert await killed.story(step) == [*story, "sent"]
    for step in ("shaking", "connecting", "passing"):
        assert killed.shown[step]["possible_repeat"] is False


@pytest.mark.parametrize("step", ["read", "answered"])
async def test_a_portal_that_may_have_it_is_asked_again_under_the_same_id(
    killed: Aftermath, step: str
) -> None:
    """Killed while the portal had the whole body, or had answered and nothing was recorded: an
    unknown outcome, tried again with the same bytes under the same id."""
    assert killed.shown[step]["status"] == "delivered"
    assert killed.attempts(step) == [
        ("outcome_unknown", "worker_lost"),
        ("delivered", "http_409"),
    ]
    posted = [one for one in killed.scene.portal.at(step) if one.id != killed.ids["waiting"]]
    assert [one.id for one in posted] == [killed.ids[step]] * 2
    assert posted[0].body == posted[1].body
    assert await killed.story(step) == [
        "queued",
        "attempt_failed",
        "retry_scheduled",
        "delivered",
    ]


@pytest.mark.parametrize("step", ["taken", "replied"])
async def test_a_mail_that_may_have_left_is_never_sent_again(killed: Aftermath, step: str) -> None:
    """Killed after the final dot, or after the relay's reply and before it was recorded:
    `outcome_unknown`, in front of a person, by no other channel."""
    assert killed.shown[step]["status"] == "outcome_unknown"
    assert killed.attempts(step) == [("outcome_unknown", "worker_lost")]
    assert killed.mails(step) == 1
    assert await killed.story(step) == ["queued", "outcome_unknown"]


async def test_what_was_recorded_is_told_and_not_done_again(killed: Aftermath) -> None:
    """Killed after the commit of the outcome, before its event was published: another worker's
    relay tells it, and nothing is sent again."""
    assert killed.shown["recorded"]["status"] == "delivered"
    assert killed.attempts("recorded") == [("delivered", "http_201")]
    assert killed.scene.portal.ids("recorded") == [killed.ids["recorded"]]
    assert await killed.story("recorded") == ["queued", "delivered"]


async def test_no_portal_sees_a_second_id(killed: Aftermath) -> None:
    """Whatever was tried again went under the e-referral's own id."""
    assert {posted.id for posted in killed.scene.portal.requests} <= set(killed.ids.values())
