"""The AsyncAPI document of referrals: its queues, and the events that it publishes."""

from functools import cache

from contracts.documents.asyncapi import document
from contracts.documents.schemas import Schema
from contracts.events import EventSource
from contracts.operations import Service
from services.referrals.home import EREFERRAL_EVENTS


@cache
def asyncapi() -> Schema:
    """The service's AsyncAPI document."""
    return document(Service.REFERRALS, "1", {EREFERRAL_EVENTS.name: EventSource.EREFERRAL_DISPATCH})
