"""What dispatch listens to and publishes, in FastStream's terms."""

from functools import cache

from faststream.rabbit import RabbitBroker

from contracts.catalogue import events_of, operations_of
from contracts.events import EventSource
from contracts.operations import Kind, Service
from messaging.running.asyncapi import bind_events, bind_operations, document
from services.ereferral_dispatch.home import PUBLISHING


@cache
def asyncapi() -> str:
    """The service's AsyncAPI document."""
    broker = RabbitBroker()
    for kind in Kind:
        bind_operations(broker, operations_of(Service.EREFERRAL_DISPATCH, kind).values())
    bind_events(broker, PUBLISHING.exchange, events_of(EventSource.EREFERRAL_DISPATCH))
    return document("Handoff e-referral dispatch", "1", broker)
