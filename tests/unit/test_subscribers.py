"""The services' subscribers, on FastStream's in-memory broker."""

from typing import Any

import pytest
from faststream.exceptions import SubscriberNotFound

from contracts.catalogue import OPERATIONS
from contracts.operations import Operation
from messaging.intake.batch import Batch
from messaging.intake.subscriber import Broker, Subscribe, Work, topic
from messaging.wire.topology import ConsumedQueue
from services.connectors import home as connectors_home
from services.connectors.subscribers import subscribe as subscribe_connectors
from services.ereferral_dispatch import home as dispatch_home
from services.ereferral_dispatch.subscribers import subscribe as subscribe_dispatch
from services.referrals import home as referrals_home
from services.referrals.subscribers import subscribe as subscribe_referrals
from tests.support.broker.in_memory import InMemoryBroker

Heard = dict[str, list[Batch]]
BODY = b'{"org_id": "org_1"}'
REFERRALS = (
    subscribe_referrals,
    (referrals_home.COMMANDS, referrals_home.QUERIES, referrals_home.EREFERRAL_EVENTS),
)
CONNECTORS = (
    subscribe_connectors,
    (connectors_home.COMMANDS, connectors_home.QUERIES, connectors_home.REFERRAL_EVENTS),
)
DISPATCH = (subscribe_dispatch, (dispatch_home.COMMANDS, dispatch_home.QUERIES))


def subscribed(subscribe: Subscribe, queues: tuple[ConsumedQueue, ...]) -> tuple[Broker, Heard]:
    """A broker with a service's subscribers, and what the work of each queue is given."""
    heard: Heard = {queue.name: [] for queue in queues}

    def work(queue: ConsumedQueue) -> Work:
        async def hear(batch: Batch) -> None:
            heard[queue.name].append(batch)

        return Work(hear, batch_size=64, prefetch=256)

    broker = Broker()
    subscribe(broker, {queue: work(queue) for queue in queues})
    return broker, heard


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.name)
async def test_each_operation_is_heard_by_the_work_of_its_queue(
    operation: Operation[Any, Any],
) -> None:
    """Once, as it was sent, and by nobody else."""
    service = {"re": REFERRALS, "er": DISPATCH, "co": CONNECTORS}[operation.exchange[:2]]
    broker, heard = subscribed(*service)
    async with InMemoryBroker(broker) as published_to:
        await published_to.publish(
            BODY, exchange=topic(operation.exchange), routing_key=operation.name
        )
    (batch,) = heard.pop(operation.exchange)
    (message,) = batch.raw_message
    assert (message.routing_key, message.body) == (operation.name, BODY)
    assert not any(heard.values())


async def test_referrals_hears_what_dispatch_tells() -> None:
    """Whatever its type: what it does with it is the handlers' to say."""
    broker, heard = subscribed(*REFERRALS)
    async with InMemoryBroker(broker) as published_to:
        await published_to.publish(
            BODY, exchange=topic("ereferral_dispatch.events"), routing_key="ereferral.delivered"
        )
    (batch,) = heard["referrals.ereferral_events"]
    assert batch.queue == "referrals.ereferral_events"


@pytest.mark.parametrize("service", [REFERRALS, DISPATCH], ids=["referrals", "dispatch"])
async def test_what_is_published_elsewhere_is_not_heard(
    service: tuple[Subscribe, tuple[ConsumedQueue, ...]],
) -> None:
    """A service takes from its own queues and no others."""
    broker, heard = subscribed(*service)
    async with InMemoryBroker(broker) as published_to:
        with pytest.raises(SubscriberNotFound):
            await published_to.publish(BODY, exchange=topic("elsewhere"), routing_key="x")
    assert not any(heard.values())
