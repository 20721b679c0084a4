"""The composition root of referrals: builds everything, owns nothing afterwards."""

import asyncio

from contracts.documents.asyncapi import TITLES, document
from contracts.events import EventSource
from contracts.operations import Service as ServiceName
from messaging.database.revisions import head
from messaging.running.contract import Contract
from messaging.running.service import Definition, Service
from messaging.running.serving import FromEnvironment
from services.referrals.backlog import watch_backlog
from services.referrals.handlers import COMMAND_HANDLERS, EVENT_HANDLERS
from services.referrals.home import (
    COMMANDS,
    EREFERRAL_EVENTS,
    HOME,
    MIGRATIONS,
    PUBLISHING,
    QUERIES,
    TOPOLOGY,
)
from services.referrals.intake_keeping import keep_emptying
from services.referrals.overdue import keep_marking
from services.referrals.queries import READERS
from services.referrals.settings import ReferralsSettings
from services.referrals.subscribers import subscribe

CONTRACT = Contract(
    TITLES[ServiceName.REFERRALS],
    lambda: document(
        ServiceName.REFERRALS, "1", {EREFERRAL_EVENTS.name: EventSource.EREFERRAL_DISPATCH}
    ),
)


def build(settings: ReferralsSettings) -> Service:
    """A replica of the service, ready to be run."""
    definition = Definition(
        name="referrals",
        home=HOME,
        revision=head(MIGRATIONS),
        topology=TOPOLOGY,
        publishing=PUBLISHING,
        contract=CONTRACT,
        subscribe=subscribe,
        commands={COMMANDS: COMMAND_HANDLERS},
        queries={QUERIES: READERS},
        events={EREFERRAL_EVENTS: EVENT_HANDLERS},
    )
    service = Service(definition, settings)

    async def mark_overdue(stop: asyncio.Event) -> None:
        await service.until_possible(stop)
        await keep_marking(service.system_engine, PUBLISHING, stop, service.relay.wake)

    async def empty_intake(stop: asyncio.Event) -> None:
        await service.until_possible(stop)
        engine, wake = service.system_engine, service.relay.wake
        await keep_emptying(engine, PUBLISHING, stop, wake, kept=settings.intake_kept)

    async def look_at_backlog(stop: asyncio.Event) -> None:
        await service.until_possible(stop)
        await watch_backlog(service.system_engine, stop)

    service.parts += [mark_overdue, empty_intake, look_at_backlog]
    return service


app = FromEnvironment(CONTRACT, ReferralsSettings, build)
"""For `faststream run services.referrals.app:app`."""
