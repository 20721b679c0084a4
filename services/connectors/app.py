"""The composition root of connectors: builds everything, owns nothing afterwards."""

import asyncio

from contracts.documents.asyncapi import TITLES, document
from contracts.events import EventSource
from contracts.operations import Service as ServiceName
from messaging.database.revisions import head
from messaging.running.contract import Contract
from messaging.running.service import Definition, Service
from messaging.running.serving import FromEnvironment
from services.connectors.asking.budget import SharedBudget
from services.connectors.asking.http import http_of
from services.connectors.handlers import COMMAND_HANDLERS, EVENT_HANDLERS
from services.connectors.home import (
    COMMANDS,
    HOME,
    MIGRATIONS,
    PUBLISHING,
    QUERIES,
    REFERRAL_EVENTS,
    TOPOLOGY,
)
from services.connectors.opening import Opener
from services.connectors.purging import keep_purging
from services.connectors.queries import READERS
from services.connectors.runs.worker import RunWorker
from services.connectors.serving.filling import Filler
from services.connectors.serving.store import Store
from services.connectors.serving.web import OpenDentalServer, serve
from services.connectors.settings import ConnectorsSettings, sealer_of
from services.connectors.subscribers import subscribe
from services.connectors.watching import watch_connections
from services.connectors.writing import Writer

CONTRACT = Contract(
    TITLES[ServiceName.CONNECTORS],
    lambda: document(ServiceName.CONNECTORS, "1", {REFERRAL_EVENTS.name: EventSource.REFERRALS}),
)


def build(settings: ConnectorsSettings) -> Service:
    """A replica of the service, ready to be run."""
    definition = Definition(
        name="connectors",
        home=HOME,
        revision=head(MIGRATIONS),
        topology=TOPOLOGY,
        publishing=PUBLISHING,
        contract=CONTRACT,
        subscribe=subscribe,
        commands={COMMANDS: COMMAND_HANDLERS},
        queries={QUERIES: READERS},
        events={REFERRAL_EVENTS: EVENT_HANDLERS},
    )
    service = Service(definition, settings)

    async def connect(stop: asyncio.Event) -> None:
        await service.until_possible(stop)
        sealer = sealer_of(settings)
        engine = service.system_engine
        async with http_of(settings) as http:
            budget = SharedBudget(engine)
            opener = Opener(engine, http, budget, sealer, settings.retry_waits_seconds)
            worker = RunWorker(
                engine,
                settings.broker,
                sealer,
                opener.open,
                service.relay.wake,
                concurrency=settings.concurrency,
            )
            writer = Writer(engine, sealer, opener, settings.broker, service.relay.wake)
            async with asyncio.TaskGroup() as group:
                group.create_task(worker.run(stop))
                group.create_task(writer.run(stop))
                group.create_task(keep_purging(engine, stop))
                group.create_task(Filler(engine, sealer, settings.broker).run(stop))
                if settings.opendental_port is not None:
                    server = OpenDentalServer(Store(engine, sealer))
                    port, broker = settings.opendental_port, settings.broker
                    group.create_task(serve(server, port, broker, stop))

    async def watch(stop: asyncio.Event) -> None:
        await service.until_possible(stop)
        await watch_connections(service.system_engine, stop)

    service.parts += [connect, watch]
    return service


app = FromEnvironment(CONTRACT, ConnectorsSettings, build)
"""For `faststream run services.connectors.app:app`."""
