"""The rig: two replicas of each service, and everybody around them with a book of their own.

A round is some orgs' work with a fault in the middle of it. When the fault is over, the rig waits
until everything is quiet, without a person, and holds the books against databases and queues.
"""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from messaging.wire.connection import BROKER_ERRORS
from ops.servers import PrivatePostgres, PrivateRabbitMQ, Servers, create_database
from tests.faults.judging.laws import LAWS, RECOVERY_SECONDS, Law, breaches
from tests.faults.judging.ledger import Ledger
from tests.faults.judging.reading import (
    Databases,
    databases,
    ready_messages,
    take_dead_letters,
)
from tests.faults.parties.books import Answered, Asked, Book, Received, Told, read_books
from tests.faults.parties.desk import LEAVING, Desk
from tests.faults.parties.partners import Partners
from tests.faults.parties.subscriber import Subscriber
from tests.faults.rig.fleet import Fleet, running_fleet
from tests.faults.rig.replicas import RIGGED, ServiceName
from tests.faults.rig.rounds import Round
from tests.support.database.commit_proxy import CommitProxy, commit_proxy
from tests.support.partners.portal import Portal
from tests.support.partners.relay import scripted_relay
from tests.support.services import dispatch as dispatch_service
from tests.support.services import referrals as referrals_service
from tests.support.services.dispatch import MAIL_FROM, SIGNING_KEY
from tests.support.services.referrals import new_org_id

DESKS = 4
LOOK_EVERY_SECONDS = 0.25
RETRY_SCHEDULE_SECONDS = (0.2, 0.5, 1.0, 2.0, 2.0, 3.0, 3.0, 5.0, 5.0, 5.0, 5.0, 5.0)
ATTEMPT_TIMEOUT_SECONDS = 3.0
_MOVING = ("queued", "in_progress", "retry_scheduled")
_AWAY = (*BROKER_ERRORS, asyncpg.PostgresError, asyncpg.InterfaceError)


class Broken(AssertionError):
    """Laws were broken; the text names them, and the folder with books and logs."""


class Rig:
    """Everything that runs. The books of the present round are in `folder`."""

    def __init__(
        self,
        postgres: PrivatePostgres,
        rabbitmq: PrivateRabbitMQ,
        held: Databases,
        vhost: str,
        folder: Path,
        proxy: CommitProxy,
    ) -> None:
        self.postgres = postgres
        self.rabbitmq = rabbitmq
        self.databases = held
        self.vhost = vhost
        self.url = rabbitmq.vhost_url(vhost)
        self.folder = folder
        self.proxy = proxy
        self.fleet: Fleet
        self.partners: Partners
        self.subscriber: Subscriber
        self._books: dict[str, Book] = {}
        self._rounds = 0
        self._orgs: list[str] = []

    def write(self, entry: Told | Received) -> None:
        """Write into the book of whoever saw it."""
        self._books["events" if isinstance(entry, Told) else entry.channel].write(entry)

    @asynccontextmanager
    async def round(
        self, *, seed: object = 17, laws: Sequence[Law] = LAWS, leaving: float = LEAVING
    ) -> AsyncIterator[Round]:
        """A round: the desks work while the block runs, which does the damage and undoes it.

        `leaving`: the share of commands that are first sent by somebody who does not wait. Raises
        Broken where a law does not hold afterwards.
        """
        self._rounds += 1
        folder = self.folder / f"round-{self._rounds}"
        folder.mkdir()
        self._books = {
            party: Book(folder / f"{party}.jsonl") for party in ("events", "portal", "email")
        }
        self.fleet.deaths.clear()
        at_work = Round(
            [self._desk(folder, f"{seed}.{number}", leaving) for number in range(DESKS)]
        )
        earlier, self._orgs = self._orgs, [*self._orgs, *at_work.orgs]
        stop = asyncio.Event()
        working = [asyncio.create_task(desk.work(stop)) for desk in at_work.desks]
        try:
            await at_work.goes_on()
            yield at_work
            over = time.monotonic()
            stop.set()
            unsettled = await self._until_quiet(at_work, over + RECOVERY_SECONDS)
            recovered = None if unsettled else time.monotonic() - over
            if unsettled is None:
                await asyncio.gather(*(desk.ask_all_again() for desk in at_work.desks))
                unsettled = await self._until_quiet(at_work, time.monotonic() + RECOVERY_SECONDS)
        finally:
            await _end(working)
            for desk in at_work.desks:
                await desk.hang_up()
        at_work.ledger = await self._ledger(folder, at_work.orgs, earlier, recovered, unsettled)
        print(at_work.summary)
        wrong = breaches(at_work.ledger, laws)
        if wrong:
            raise Broken(f"{_told(wrong)}\ndeaths: {self.fleet.deaths}\nbooks and logs: {folder}")

    def _desk(self, folder: Path, seed: str, leaving: float) -> Desk:
        book, chance = Book(folder / f"desk-{seed}.jsonl"), random.Random(seed)
        return Desk(new_org_id(), self.url, book, self.partners, chance, leaving)

    async def _until_quiet(self, at_work: Round, deadline: float) -> str | None:
        """Wait until nothing moves any more. What still does, where it lasts too long."""
        while True:
            try:
                async with asyncio.timeout(30):
                    unsettled = await self._unsettled(at_work)
            except _AWAY as error:
                unsettled = f"a server does not answer ({type(error).__name__})"
            if unsettled is None or time.monotonic() > deadline:
                return unsettled
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _unsettled(self, at_work: Round) -> str | None:
        waiting = sum(not desk.done for desk in at_work.desks)
        if waiting:
            return f"{waiting} desks wait for answers"
        if not await self.fleet.ready():
            return "not every replica is ready"
        held = await self.databases.ereferrals(at_work.orgs)
        moving = [one.status for one in held if one.status in _MOVING]
        if moving:
            return f"{len(moving)} e-referrals are on their way: {sorted(set(moving))}"
        known = await self._told_versions(at_work)
        if known != {one.id: one.version for one in held}:
            return "referrals and dispatch do not agree yet"
        for place, count in (
            *(await self.databases.outboxes()).items(),
            *(await ready_messages(self.url)).items(),
        ):
            if count:
                return f"{count} messages wait in {place}"
        await self.subscriber.catch_up()
        if crossed := await self.databases.crossed_cancels(at_work.orgs):
            return f"{crossed} cancels crossed a dispatch and are not brought together with it yet"
        # What a consumer held is in no count above; what it was has changed a version meanwhile.
        if known != await self._told_versions(at_work):
            return "news came meanwhile"
        return None

    async def _told_versions(self, at_work: Round) -> dict[str, int]:
        """The newest version of each e-referral that referrals was told."""
        sent = await self.databases.sent(at_work.orgs)
        return {one.ereferral_id: one.dispatch_version for one in sent}

    async def check_nothing_is_left(self) -> None:
        """Called when all replicas have ended: what they held is back in its queue.

        Raises Broken.
        """
        left = {queue: count for queue, count in (await ready_messages(self.url)).items() if count}
        if left:
            raise Broken(f"taken and not acknowledged: {left}")

    async def _ledger(
        self,
        folder: Path,
        orgs: list[str],
        earlier: list[str],
        recovered: float | None,
        unsettled: str | None,
    ) -> Ledger:
        entries = read_books(folder)
        # A round that was broken off left work, which went on during this one.
        left = {one.reference for one in await self.databases.ereferrals(earlier)}
        return Ledger(
            asked=[entry for entry in entries if isinstance(entry, Asked)],
            answered=[entry for entry in entries if isinstance(entry, Answered)],
            told=[entry for entry in entries if isinstance(entry, Told) and entry.org_id in orgs],
            received=[
                entry
                for entry in entries
                if isinstance(entry, Received) and entry.reference not in left
            ],
            versions=await self.databases.versions(orgs),
            effects=await self.databases.effects(orgs),
            referrals=await self.databases.sent(orgs),
            ereferrals=await self.databases.ereferrals(orgs),
            queues=await ready_messages(self.url),
            outboxes=await self.databases.outboxes(),
            dead_letters=await take_dead_letters(self.url),
            recovery_seconds=recovered,
            unsettled=unsettled,
        )


@asynccontextmanager
async def open_rig(
    servers: Servers, folder: Path, *, clock_ahead_days: float = 0.0
) -> AsyncIterator[Rig]:
    """A rig with databases and a vhost of its own, on servers that may be killed.

    The services reach PostgreSQL by a proxy. `clock_ahead_days`: how wrong the clock of the second
    replica of each service is.
    """
    postgres, rabbitmq = servers.postgres, servers.rabbitmq
    assert postgres is not None, "PostgreSQL's programs are needed here: a container is not killed"
    assert rabbitmq is not None, "RabbitMQ's programs are needed here: a container is not killed"
    name = f"rig_{secrets.token_hex(6)}"
    async with AsyncExitStack() as stack:
        urls = [create_database(postgres.url, f"{name}_{part}") for part in RIGGED]
        await referrals_service.migrated(urls[0])
        await dispatch_service.migrated(urls[1])
        await asyncio.to_thread(rabbitmq.add_vhost, name)
        proxy = await stack.enter_async_context(commit_proxy(postgres.port))
        rig = Rig(postgres, rabbitmq, databases(*urls), name, folder, proxy)
        rig.subscriber = Subscriber(rig.url, rig.write)
        await rig.subscriber.bind()
        portal = await stack.enter_async_context(Portal())
        mail = await stack.enter_async_context(scripted_relay())
        rig.partners = Partners(portal, mail, rig.write)
        settings = {
            ServiceName.REFERRALS: _settings(urls[0], rig),
            ServiceName.DISPATCH: {**_settings(urls[1], rig), **_dispatch_settings(mail.url)},
        }
        async with running_fleet(settings, folder, clock_ahead_days=clock_ahead_days) as rig.fleet:
            listening = asyncio.create_task(rig.subscriber.listen())
            try:
                yield rig
            finally:
                await _end([listening])
        await rig.check_nothing_is_left()


def _settings(url: str, rig: Rig) -> dict[str, Any]:
    by_proxy = make_url(url).set(port=rig.proxy.port).render_as_string(hide_password=False)
    return {"database_url": by_proxy, "rabbitmq_url": rig.url, "http_port": 0}


def _dispatch_settings(mail_url: str) -> dict[str, Any]:
    return {
        "signing_key": SecretStr(SIGNING_KEY),
        "allow_http": True,
        "egress_allow": (IPv4Network("127.0.0.0/8"),),
        "retry_schedule_seconds": RETRY_SCHEDULE_SECONDS,
        "attempt_timeout_seconds": ATTEMPT_TIMEOUT_SECONDS,
        "smtp_reply_seconds": ATTEMPT_TIMEOUT_SECONDS,
        "smtp_end_of_data_seconds": 2.0,
        "smtp_url": mail_url,
        "mail_from": MAIL_FROM,
    }


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel what still runs. Raises what one of them raised: a fault of the rig's own."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


def _told(wrong: Mapping[str, list[str]]) -> str:
    return "\n".join(
        line
        for law, found in wrong.items()
        for line in (f"{law}: {len(found)}", *(f"  {one}" for one in found[:8]))
    )
