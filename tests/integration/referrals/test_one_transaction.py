"""Messages that one transaction decides: each finds what the ones before it have left."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from messaging.replies.client import Reply
from tests.support.database.urls import plain_url
from tests.support.refusals import problem
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until

WAITING_WITHIN_SECONDS = 10.0
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::regclass"


class Together:
    """What is asked while the inbox is locked waits for one and the same transaction."""

    def __init__(self, database: asyncpg.Connection) -> None:
        self._database = database
        self._asked: list[asyncio.Task[Reply]] = []

    async def ask(self, request: Coroutine[Any, Any, Reply]) -> None:
        """Ask now, behind what was asked before."""
        self._asked.append(asyncio.create_task(request))
        await asyncio.sleep(0.05)

    async def holds_a_batch(self) -> bool:
        """Whether a transaction waits for the lock."""
        return bool(await self._database.fetchval(_WAITING, "referrals.inbox"))

    async def answers(self) -> list[Reply]:
        """The replies, in the order of asking. The block has to be left before."""
        return await asyncio.gather(*self._asked)


@asynccontextmanager
async def together(org: Org, referrals: Referrals) -> AsyncIterator[Together]:
    """A first command goes ahead and is held up; the next transaction takes all that came since."""
    database = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        async with database.transaction():
            await database.execute("LOCK TABLE referrals.inbox IN ACCESS EXCLUSIVE MODE")
            together = Together(database)
            ahead = asyncio.create_task(org.patient())
            await until(together.holds_a_batch, WAITING_WITHIN_SECONDS)
            yield together
        await ahead
    finally:
        await database.close()


async def test_a_send_behind_an_update_goes_by_the_partner_that_it_has_then(
    org: Org, referrals: Referrals
) -> None:
    """The partner that the draft had is archived, the new one is not: it is sent."""
    await org.practice()
    draft = await org.referral()
    held = draft["referral_partner"]["uuid"]
    gone = await org.ask("referral_partner.archive", referral_partner_uuid=held, base_version=1)
    assert gone.status == 204
    other = await org.ereferral_partner(last_name="Other")
    async with together(org, referrals) as one:
        named: dict[str, Any] = {"referral_uuid": draft["id"]}
        partner = {"referral_partner_uuid": other["id"]}
        await one.ask(org.ask("referral.update", **named, base_version=1, **partner))
        await one.ask(org.ask("referral.send", **named, base_version=2))
    updated, sent = await one.answers()
    assert (updated.status, sent.status) == (200, 202), sent
    (dispatched,) = await referrals.heard.dispatches(org)
    assert dispatched.body["partner"] == other


async def test_a_send_behind_a_create_is_checked_like_any_other(
    org: Org, referrals: Referrals
) -> None:
    """What it points to was not known when the transaction began: it is decided by itself."""
    own = str(uuid4())
    partner = await org.ereferral_partner()
    patient = await org.patient()
    async with together(org, referrals) as one:
        await one.ask(
            org.ask(
                "referral.create",
                id=own,
                patient_uuid=patient["id"],
                referral_partner_uuid=partner["id"],
                reason="R",
            )
        )
        await one.ask(org.ask("referral.send", referral_uuid=own, base_version=1))
    created, sent = await one.answers()
    assert created.status == 201
    problem(sent, 404, "practice_not_found")


@pytest.mark.parametrize("operation", ["referral_partner.update", "referral_partner.archive"])
async def test_two_changes_of_one_version_are_one_change_and_one_conflict(
    org: Org, referrals: Referrals, operation: str
) -> None:
    """The second meets the version that the first has made, committed or not."""
    partner = await org.partner()
    named = {"referral_partner_uuid": partner["id"], "base_version": 1}
    async with together(org, referrals) as one:
        await one.ask(org.ask("referral_partner.update", message_id=None, **named, city="Leeds"))
        await one.ask(org.ask(operation, message_id=None, **named))
    first, second = await one.answers()
    assert (first.status, first.data["version"]) == (200, 2)
    assert problem(second, 409, "version_conflict")["current_version"] == 2


async def test_what_the_first_archives_the_second_does_not_find(
    org: Org, referrals: Referrals
) -> None:
    """And an id that the first takes is not free for the second."""
    own = str(uuid4())
    names: dict[str, Any] = {"id": own, "first_name": "Ann", "last_name": "Archer"}
    async with together(org, referrals) as one:
        await one.ask(org.ask("referral_partner.create", **names))
        await one.ask(org.ask("referral_partner.create", **names))
        named: dict[str, Any] = {"referral_partner_uuid": own, "base_version": 1}
        await one.ask(org.ask("referral_partner.archive", **named))
        await one.ask(org.ask("referral_partner.archive", **named))
        await one.ask(org.ask("referral_partner.create", **names))
    created, taken, archived, gone, taken_still = await one.answers()
    assert (created.status, archived.status) == (201, 204)
    problem(taken, 409, "already_exists")
    problem(gone, 404, "referral_partner_not_found")
    problem(taken_still, 409, "already_exists")
