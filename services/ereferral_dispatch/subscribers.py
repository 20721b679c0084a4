"""The subscribers of dispatch: the queues that it takes from, and what it publishes."""

from contracts.event_data import EVENT_DATA
from contracts.events import EventSource
from contracts.operations import Kind, Service, operations_of
from messaging.intake.batch import Batch
from messaging.intake.subscriber import Broker, WorkByQueue
from messaging.running.asyncapi import describe_operations, describe_published
from services.ereferral_dispatch.home import COMMANDS, PUBLISHING, QUERIES


def subscribe(broker: Broker, work: WorkByQueue) -> None:
    """Put the subscribers of this service on a broker."""

    @broker.batch_subscriber(COMMANDS, work[COMMANDS])
    async def decide_commands(batch: Batch) -> None:
        """E-referrals are planned, cancelled and resolved, and channels released."""
        await work[COMMANDS].handle(batch)

    @broker.batch_subscriber(QUERIES, work[QUERIES])
    async def read_for_queries(batch: Batch) -> None:
        """E-referrals and their attempts are read."""
        await work[QUERIES].handle(batch)

    for kind in Kind:
        describe_operations(broker, operations_of(Service.EREFERRAL_DISPATCH, kind).values())
    describe_published(broker, PUBLISHING.exchange, EVENT_DATA[EventSource.EREFERRAL_DISPATCH])
