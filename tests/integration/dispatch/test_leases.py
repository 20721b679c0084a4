"""Leases: an attempt is its worker's for as long as that renews it, however long it takes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import patch
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from contracts.referral_partner import ContactMethod
from letters.letter import Message
from services.ereferral_dispatch.delivery import worker
from services.ereferral_dispatch.delivery.claiming import Claimed
from services.ereferral_dispatch.delivery.leases import renew_leases
from services.ereferral_dispatch.delivery.point_of_no_return import pass_point_of_no_return
from services.ereferral_dispatch.senders.base import AttemptWithdrawn
from tests.support.database.commit_proxy import CommitProxy, commit_proxy
from tests.support.database.urls import plain_url
from tests.support.partners.portal import Answer
from tests.support.partners.relay import HANG_AT_RCPT, REFUSE_AFTER_HANGING
from tests.support.services.dispatch import Dispatch, Org, dispatching, eventually, new_partner

LEASE_SECONDS = 2.0
_ATTEMPT = """
    SELECT token, number, lease_until, finished_at, lease_until > now() AS is_held
    FROM ereferral_dispatch.attempt WHERE org_id = $1 AND ereferral_id = $2
"""
_LEASE = """
    UPDATE attempt SET lease_until = now() + make_interval(secs => $2)
    WHERE org_id = $1 AND finished_at IS NULL
"""
_LOCK = """
    SELECT FROM ereferral_dispatch.ereferral WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE
"""
_END_SESSIONS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest_asyncio.fixture(scope="module")
async def proxy(postgres_database: str) -> AsyncIterator[CommitProxy]:
    """Before the database, so that it can be away."""
    async with commit_proxy(make_url(postgres_database).port or 5432) as before:
        yield before


@pytest_asyncio.fixture(scope="module")
async def dispatch(
    proxy: CommitProxy, postgres_database: str, rabbitmq_vhost: str
) -> AsyncIterator[Dispatch]:
    """A replica whose leases are short; the sweep is there five times a second."""
    with (
        patch.object(worker, "LEASE_SECONDS", LEASE_SECONDS),
        patch.object(worker, "RENEW_EVERY_SECONDS", 0.8),
    ):
        behind = make_url(postgres_database).set(port=proxy.port)
        async with dispatching(
            behind.render_as_string(hide_password=False),
            rabbitmq_vhost,
            attempt_timeout_seconds=60.0,
        ) as running:
            yield running


async def under_way(dispatch: Dispatch, org: Org, path: str) -> tuple[str, asyncio.Event]:
    """An e-referral whose portal has the body and answers when the event is set."""
    answers = asyncio.Event()
    ereferral = await org.dispatch(dispatch.at_portal(path, Answer(201, when=answers)))
    await eventually(lambda: dispatch.portal.running[path] == 1)
    return ereferral, answers


async def was_sent_once(dispatch: Dispatch, org: Org, ereferral: str, path: str) -> None:
    """Delivered by the one attempt that was made, and nobody heard of another."""
    shown = await org.until(ereferral, "delivered")
    assert [(a["outcome"], a["code"]) for a in shown["attempts"]] == [("delivered", "http_201")]
    assert dispatch.portal.ids(path) == [ereferral]
    assert await dispatch.heard.story(ereferral) == ["queued", "delivered"]


async def test_an_attempt_that_outlasts_its_lease_is_renewed(dispatch: Dispatch, org: Org) -> None:
    """Two leases long, with the sweep looking twenty times."""
    ereferral, answers = await under_way(dispatch, org, "long")
    await asyncio.sleep(2 * LEASE_SECONDS)
    answers.set()
    await was_sent_once(dispatch, org, ereferral, "long")


async def test_a_mail_whose_relay_takes_longer_than_a_lease_is_sent(
    dispatch: Dispatch, org: Org
) -> None:
    """Its worker renews it while it waits for the reply to RCPT; then it passes its point of no
    return."""
    address = "thorough@partner.example"
    dispatch.mail.script(address, HANG_AT_RCPT)
    ereferral = await org.dispatch(new_partner(email=address))
    await eventually(lambda: address in dispatch.mail.asked)
    await asyncio.sleep(2 * LEASE_SECONDS)
    dispatch.mail.let_go(address)
    shown = await org.until(ereferral, "sent")
    assert [(a["outcome"], a["code"]) for a in shown["attempts"]] == [("sent", "smtp_250")]
    assert len(dispatch.mail.to(address)) == 1


async def test_a_database_that_was_away_longer_than_a_lease_loses_no_attempt(
    proxy: CommitProxy, dispatch: Dispatch, org: Org
) -> None:
    """Who lives renews first, and only then is it judged who was lost."""
    ereferral, answers = await under_way(dispatch, org, "outage")
    proxy.away = True
    try:
        await dispatch.database.execute(_END_SESSIONS)
        await asyncio.sleep(LEASE_SECONDS + 0.5)
        attempt = await dispatch.database.fetchrow(_ATTEMPT, org.id, UUID(ereferral))
        assert not attempt["is_held"] and attempt["finished_at"] is None
    finally:
        proxy.away = False

    async with asyncio.timeout(20):
        while not attempt["is_held"]:
            await asyncio.sleep(0.05)
            attempt = await dispatch.database.fetchrow(_ATTEMPT, org.id, UUID(ereferral))
    answers.set()
    await was_sent_once(dispatch, org, ereferral, "outage")


async def test_a_late_refusal_leaves_nothing_that_may_have_been_received(
    dispatch: Dispatch, org: Org
) -> None:
    """A mail's worker was taken for lost and reports that the relay refused: what follows is no
    possible repeat, and a cancel tells nobody."""
    address = "refuses-late@partner.example"
    dispatch.mail.script(address, REFUSE_AFTER_HANGING)
    ereferral = await org.dispatch(new_partner(email=address, phone="+12025550111"))
    await eventually(lambda: dispatch.mail.to(address))
    while (await org.get(ereferral))["status"] != "outcome_unknown":  # Its worker may renew first.
        await dispatch.execute(_LEASE, org.id, 0.0)
        await asyncio.sleep(0.3)
    dispatch.mail.let_go(address)
    shown = await org.until(ereferral, "awaiting_call")
    refused, _ = shown["attempts"]
    assert (refused["outcome"], refused["code"]) == ("permanent_failure", "smtp_550")
    assert shown["possible_repeat"] is False
    cancelled = await org.cancel(ereferral)
    assert (cancelled.status, cancelled.data["status"]) == (200, "cancelled")
    assert len(dispatch.mail.to(address)) == 1


async def test_what_is_over_a_persons_or_anothers_is_not_renewed(
    dispatch: Dispatch, org: Org
) -> None:
    """A call that was asked for has no lease; neither a finished attempt nor another's token is
    renewed."""
    call = await org.dispatch(new_partner(phone="+12025550111"))
    await org.until(call, "awaiting_call")
    done = await org.dispatch(dispatch.at_portal("done"))
    await org.until(done, "delivered")
    running, answers = await under_way(dispatch, org, "anothers")
    before = {}
    for ereferral in (call, done, running):
        attempt = await dispatch.database.fetchrow(_ATTEMPT, org.id, UUID(ereferral))
        before[ereferral] = attempt["lease_until"]
        held = _claimed(org, ereferral, attempt["token"])
        if ereferral == running:
            held = replace(held, token=UUID(int=0))
        await renew_leases(dispatch.service.system_engine, [held], 3600.0)
    assert before[call] is None
    for ereferral in (call, done):
        attempt = await dispatch.database.fetchrow(_ATTEMPT, org.id, UUID(ereferral))
        assert attempt["lease_until"] == before[ereferral]
    attempt = await dispatch.database.fetchrow(_ATTEMPT, org.id, UUID(running))
    assert (attempt["lease_until"] - before[running]).total_seconds() < 60
    answers.set()
    await org.until(running, "delivered")


async def test_nothing_leaves_under_a_lease_that_has_run_out(dispatch: Dispatch, org: Org) -> None:
    """Though nobody has settled the attempt yet: the sweep passes over what is locked. A call that
    was asked for is an attempt that no worker renews."""
    call = await org.awaiting_call()
    engine = dispatch.service.system_engine
    attempt = await dispatch.database.fetchrow(_ATTEMPT, org.id, UUID(call))
    held = _claimed(org, call, attempt["token"])
    locking = await asyncpg.connect(plain_url(dispatch.settings.database_url))
    async with locking.transaction():
        await locking.execute(_LOCK, org.id, UUID(call))
        await dispatch.execute(_LEASE, org.id, 0.0)
        with pytest.raises(AttemptWithdrawn):
            await pass_point_of_no_return(engine, held, b"")
        await dispatch.execute(_LEASE, org.id, 60.0)
        await pass_point_of_no_return(engine, held, b"")
    await locking.close()


def _claimed(org: Org, ereferral: str, token: UUID) -> Claimed:
    return Claimed(
        org_id=org.id,
        ereferral_id=UUID(ereferral),
        token=token,
        number=1,
        started_at=datetime.now(UTC),
        channel=ContactMethod.PORTAL,
        address="",
        possible_repeat=False,
        traceparent=None,
        message=Message.REFERRAL,
        cancel_reason=None,
        cancelled_at=None,
        package=b"",
        content=None,
    )
