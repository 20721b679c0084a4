"""Laws of keeping up: the same of the real services and of the fake."""

import asyncio
import contextlib
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from client import Change, EventSubscriber, MemoryPositions, Positions, SqlitePositions
from contracts.contact import ARCHIVE_CONTACT, Contact, ContactArchive
from contracts.contact_referral import CREATE_CONTACT_REFERRAL, ContactReferralCreate
from contracts.referral import SEND_REFERRAL, EreferralStatus, Referral, ReferralSend
from tests.integration.client import made
from tests.integration.client.conftest import Fake, Real, Services
from tests.support.waiting import until

HEARD_WITHIN_SECONDS = 20.0


class Book:
    """What a subscriber was told, in its order."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def apply(self, change: Change) -> None:
        """Write it down."""
        self.changes.append(change)

    @property
    def names(self) -> list[tuple[str | None, int, bool]]:
        """Of contacts: the name, the version, and whether it is gone."""
        return [
            (one.data.name if isinstance(one.data, Contact) else None, one.version, one.gone)
            for one in self.changes
        ]

    async def has(self, count: int) -> None:
        """Wait until it was told so many."""
        await until(lambda: len(self.changes) >= count, HEARD_WITHIN_SECONDS)


@pytest.fixture
def name() -> str:
    """A subscriber's name that no other has."""
    return secrets.token_hex(6)


@pytest.fixture
def positions(tmp_path: Path) -> SqlitePositions:
    """Positions in a file."""
    return positions_in(tmp_path)


def positions_in(folder: Path) -> SqlitePositions:
    """As a program opens them at each start."""
    return SqlitePositions(sqlite3.connect(folder / "crm.sqlite", isolation_level=None))


@asynccontextmanager
async def running(subscriber: EventSubscriber) -> AsyncIterator[EventSubscriber]:
    """It runs, and is current when the block begins."""
    task = asyncio.create_task(subscriber.run())
    current = asyncio.create_task(subscriber.current.wait())
    await asyncio.wait({task, current}, return_when=asyncio.FIRST_COMPLETED, timeout=20)
    assert current.done(), task.exception() if task.done() else "it is not current in time"
    try:
        yield subscriber
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def contacts(
    services: Services, org_id: str, name: str, positions: Positions, book: Book, *more: str
) -> EventSubscriber:
    """A subscriber to the org's contacts."""
    return services.subscriber(
        name=name,
        resources=["contact", *more],
        orgs=[org_id],
        positions=positions,
        apply=book.apply,
    )


async def archived(services: Services, org_id: str, contact: Contact) -> None:
    """The contact is archived."""
    request = ContactArchive(
        org_id=org_id, contact_uuid=contact.id, observed_at=contact.observed_at
    )
    await services.client.call(ARCHIVE_CONTACT, request)


async def test_it_is_current_and_stays_so(
    services: Services, org_id: str, name: str, positions: SqlitePositions
) -> None:
    """First what is there, then what comes; what is archived is gone; other orgs are not told."""
    book = Book()
    ann = await made.contact(services.client, org_id, "Ann")
    async with running(contacts(services, org_id, name, positions, book)):
        assert book.names == [("Ann", 1, False)]
        assert book.changes[0].event is None
        await made.contact(services.client, f"{org_id}_b", "Somebody else")
        await made.contact(services.client, org_id, "Ben")
        await archived(services, org_id, ann)
        await book.has(3)
    assert book.names[1:] == [("Ben", 1, False), ("Ann", 2, True)]
    event = book.changes[1].event
    assert event is not None and event.type == "contact.put"


async def test_it_goes_on_where_it_was(
    services: Services, org_id: str, name: str, tmp_path: Path
) -> None:
    """What happened while it did not run waits for it; nothing is told twice."""
    book = Book()
    await made.contact(services.client, org_id, "Ann")
    async with running(contacts(services, org_id, name, positions_in(tmp_path), book)):
        pass
    await made.contact(services.client, org_id, "Ben")
    async with running(contacts(services, org_id, name, positions_in(tmp_path), book)):
        await book.has(2)
    assert book.names == [("Ann", 1, False), ("Ben", 1, False)]


async def test_a_lost_position_or_queue_is_read_anew(
    services: Services, org_id: str, name: str, positions: SqlitePositions
) -> None:
    """Under another queue, which heard nothing: what went meanwhile is told as gone, what is known
    is not told again."""
    book = Book()
    ann = await made.contact(services.client, org_id, "Ann")
    await made.contact(services.client, org_id, "Ben")
    async with running(contacts(services, org_id, name, positions, book)):
        assert len(book.changes) == 2
    await archived(services, org_id, ann)
    async with running(contacts(services, org_id, f"{name}2", positions, book)):
        assert book.names[2:] == [(None, 1, True)]
        assert book.changes[2].subject.id == str(ann.id)
        await made.contact(services.client, org_id, "Cat")
        await book.has(4)
    assert book.names[3:] == [("Cat", 1, False)]


async def test_what_a_change_raises_ends_it_and_the_change_comes_again(
    services: Services, org_id: str, name: str, positions: SqlitePositions
) -> None:
    """Nothing of it is kept, neither its position."""
    book = Book()

    def full(change: Change) -> None:
        raise OSError("the disk is full")

    async with running(contacts(services, org_id, name, positions, book)):
        pass
    ben = await made.contact(services.client, org_id, "Ben")
    failing = contacts(services, org_id, name, positions, book)
    failing._apply = full
    with pytest.raises(OSError, match="the disk is full"):
        await asyncio.wait_for(failing.run(), 20)
    assert await positions.standing("contact", org_id) == {}
    async with running(contacts(services, org_id, name, positions, book)):
        await book.has(1)
    assert [one.subject.id for one in book.changes] == [str(ben.id)]


async def test_lists_within_others_are_read_too(services: Services, org_id: str, name: str) -> None:
    """Contact referrals are those of each contact; parents come first."""
    ann = await made.contact(services.client, org_id, "Ann")
    ben = await made.contact(services.client, org_id, "Ben")
    request = ContactReferralCreate(org_id=org_id, contact_uuid=ann.id, referred_to_uuid=ben.id)
    await services.client.call(CREATE_CONTACT_REFERRAL, request)
    book = Book()
    follower = contacts(services, org_id, name, MemoryPositions(), book, "contact_referral")
    async with running(follower):
        assert [one.subject.resource for one in book.changes] == [
            *("contact", "contact", "contact_referral"),
        ]


async def test_a_lost_connection_loses_and_doubles_nothing(
    services: Services, org_id: str, name: str, positions: SqlitePositions
) -> None:
    """Of the fake: every event once more, which a broker may do at any time."""
    book = Book()
    async with running(contacts(services, org_id, name, positions, book)):
        await made.contact(services.client, org_id, "Ann")
        await book.has(1)
        if isinstance(services, Real):
            async with services.losing():
                await made.contact(services.client, org_id, "Ben")
        if isinstance(services, Fake):
            services.services.repeat_events()
            await made.contact(services.client, org_id, "Ben")
        await book.has(2)
    assert book.names == [("Ann", 1, False), ("Ben", 1, False)]


async def test_a_referral_is_followed_until_it_is_delivered(
    services: Services, org_id: str, name: str, positions: SqlitePositions
) -> None:
    """Each version once and in order; the last one says that the partner has to be called."""
    client, statuses = services.client, list[EreferralStatus | None]()
    versions: list[int] = []

    def apply(change: Change) -> None:
        assert isinstance(change.data, Referral)
        statuses.append(change.data.dispatch_status)
        versions.append(change.version)

    await made.practice(client, org_id)
    portal: dict[str, Any] = {
        "accepts_ereferral": True,
        "ereferral_endpoint": "tel:+12025550113",
    }
    draft = await made.draft(client, org_id, (await made.partner(client, org_id, **portal)).id)
    follower = services.subscriber(
        name=name, resources=["referral"], orgs=[org_id], positions=positions, apply=apply
    )
    async with running(follower):
        request = ReferralSend(org_id=org_id, referral_uuid=draft.id, base_version=1)
        await client.call(SEND_REFERRAL, request)
        await services.called(org_id, draft.id)
        await until(lambda: EreferralStatus.AWAITING_CALL in statuses, HEARD_WITHIN_SECONDS)
    assert versions == sorted(set(versions))
    assert statuses[0] is None


def test_a_resource_without_events_is_refused(name: str) -> None:
    """Its name is mistyped, or its parent is not named: said before anything runs."""
    with pytest.raises(ValueError, match="'contacts' has no events"):
        Fake().subscriber(
            name=name, resources=["contacts"], orgs=[], positions=MemoryPositions(), apply=print
        )
    with pytest.raises(ValueError, match="read by its contact"):
        Fake().subscriber(
            name=name,
            resources=["contact_referral"],
            orgs=[],
            positions=MemoryPositions(),
            apply=print,
        )
