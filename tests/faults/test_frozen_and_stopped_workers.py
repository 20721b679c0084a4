"""Workers that freeze or are told to stop in the middle of an attempt."""

import asyncio
import os
import signal
from typing import Any
from uuid import UUID

from tests.faults.scene import Scene, by_mail, until_logged
from tests.support.partners.portal import DUPLICATE, Answer
from tests.support.partners.relay import HANG_AFTER_DATA, HANG_AT_RCPT
from tests.support.services.dispatch import Org, eventually, new_partner


async def insist(scene: Scene, org: Org, operation: str, ereferral: str, **fields: Any) -> None:
    """A command that is sent until a replica that is not frozen takes it."""
    version = await scene.database.fetchval(
        "SELECT version FROM ereferral_dispatch.ereferral WHERE id = $1", UUID(ereferral)
    )
    given = {**fields, "ereferral_uuid": ereferral, "base_version": version}
    for _ in range(4):
        try:
            async with asyncio.timeout(2):
                answered = await org.ask(operation, **given)
        except TimeoutError:
            continue
        assert answered.status == 200, answered
        return
    raise AssertionError("no replica took it")


async def test_a_frozen_worker_writes_nothing_that_is_no_longer_its_own(scene: Scene) -> None:
    """Stopped past its lease while another worker took over, then continued: before the point of
    no return it withdraws; a portal's late answer changes nothing; a mail's corrects
    `outcome_unknown`, unless a person has resolved it."""
    portal, mail, answer = scene.portal, scene.mail, asyncio.Event()
    portal.script("late", Answer(201, when=answer), DUPLICATE)
    for step in ("late-rcpt", "late-mail", "late-resolved"):
        hangs = HANG_AT_RCPT if step == "late-rcpt" else HANG_AFTER_DATA
        mail.script(f"{step}@partner.example", hangs, "250 ok")
    before = len(mail.mails)
    async with scene.victim() as victim, scene.org() as org:
        late = await org.dispatch(new_partner(ereferral_endpoint=portal.endpoint("late")))
        rcpt = await org.dispatch(by_mail("late-rcpt"))
        corrected = await org.dispatch(by_mail("late-mail"))
        resolved = await org.dispatch(by_mail("late-resolved"))
        await eventually(lambda: portal.running["late"] == 1 and len(mail.mails) == before + 2)
        await eventually(lambda: "late-rcpt@partner.example" in mail.asked)
        os.kill(victim.pid, signal.SIGSTOP)
        try:
            await scene.expire_leases()
            async with scene.survivor() as survivor:
                mine = scene.org_of(survivor.client, like=org)
                await org.reaches(late, "delivered")
                await org.reaches(rcpt, "sent")
                for ereferral in (corrected, resolved):
                    await org.reaches(ereferral, "outcome_unknown")
                await insist(scene, mine, "ereferral.resolve", resolved, outcome="not_delivered")
                os.kill(victim.pid, signal.SIGCONT)
                answer.set()
                mail.let_all_go()
                for ereferral in (late, rcpt, resolved):
                    await until_logged(victim, "outcome came too late", ereferral)
                await org.reaches(corrected, "sent")
        finally:
            os.kill(victim.pid, signal.SIGCONT)
        shown = {
            ereferral: [(a["outcome"], a["code"]) for a in (await org.get(ereferral))["attempts"]]
            for ereferral in (late, rcpt, corrected, resolved)
        }
    lost = ("outcome_unknown", "worker_lost")
    assert shown[late] == [lost, ("delivered", "http_409")]
    assert shown[rcpt] == [("transient_failure", "worker_lost"), ("sent", "smtp_250")]
    assert shown[corrected] == [("sent", "smtp_250")]
    assert shown[resolved] == [lost]
    assert await scene.heard.story(corrected) == ["queued", "outcome_unknown", "sent"]
    assert await scene.heard.story(resolved) == ["queued", "outcome_unknown", "failed"]
    assert (await scene.heard.story(late))[-1] == "delivered"
    assert portal.ids("late") == [late, late]
    for step in ("late-rcpt", "late-mail", "late-resolved"):
        assert len(mail.to(f"{step}@partner.example")) == 1


async def test_a_worker_that_is_told_to_stop_finishes_what_has_left(scene: Scene) -> None:
    """SIGTERM while sending: it ends within 30 s with what it had begun to send recorded; what had
    not left is given up at once and sent by the next worker, once."""
    portal, mail, answer = scene.portal, scene.mail, asyncio.Event()
    portal.script("stopping", Answer(201, when=answer))
    mail.script("stopping@partner.example", HANG_AT_RCPT, "250 ok")
    async with scene.victim() as victim, scene.org() as org:
        leaving = await org.dispatch(new_partner(ereferral_endpoint=portal.endpoint("stopping")))
        given_up = await org.dispatch(by_mail("stopping"))
        await eventually(lambda: portal.running["stopping"] == 1)
        await eventually(lambda: "stopping@partner.example" in mail.asked)
        os.kill(victim.pid, signal.SIGTERM)
        await org.reaches(given_up, "retry_scheduled")
        assert not victim.process.ended
        answer.set()
        await eventually(lambda: victim.process.ended, within_seconds=30)
        assert victim.process.exit_status == 0
        await org.reaches(leaving, "delivered")
        assert mail.to("stopping@partner.example") == []
        async with scene.survivor() as survivor:
            mine = scene.org_of(survivor.client, like=org)
            shown = await mine.until(given_up, "sent")
    assert [(a["outcome"], a["code"]) for a in shown["attempts"]] == [
        ("transient_failure", "stopped"),
        ("sent", "smtp_250"),
    ]
    assert len(mail.to("stopping@partner.example")) == 1
    assert portal.ids("stopping") == [leaving]
    assert await scene.heard.story(leaving) == ["queued", "delivered"]
