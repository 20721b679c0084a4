"""What referrals listens to and publishes, in FastStream's terms."""

from functools import cache

from faststream.rabbit import RabbitBroker

from contracts.catalogue import events_of, operations_of
from contracts.ereferral import EreferralNews
from contracts.events import EventSource
from contracts.operations import Kind, Service
from messaging.running.asyncapi import bind_events, bind_heard_event, bind_operations, document
from services.referrals.home import EREFERRAL_EVENTS, PUBLISHING


@cache
def asyncapi() -> str:
    """The service's AsyncAPI document."""
    broker = RabbitBroker()
    for kind in Kind:
        bind_operations(broker, operations_of(Service.REFERRALS, kind).values())
    bind_heard_event(broker, EREFERRAL_EVENTS.name, EREFERRAL_EVENTS.exchange, EreferralNews)
    bind_events(broker, PUBLISHING.exchange, events_of(EventSource.REFERRALS))
    return document("Handoff referrals", "1", broker)
