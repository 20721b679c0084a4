"""The AsyncAPI document of connectors: its queues, and the events that it publishes."""

from functools import cache

from contracts.documents.asyncapi import document
from contracts.documents.schemas import Schema
from contracts.events import EventSource
from contracts.operations import Service
from services.connectors.home import REFERRAL_EVENTS


@cache
def asyncapi() -> Schema:
    """The service's AsyncAPI document."""
    return document(Service.CONNECTORS, "1", {REFERRAL_EVENTS.name: EventSource.REFERRALS})
