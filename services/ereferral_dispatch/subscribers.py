"""The AsyncAPI document of dispatch: its queues, and the events that it publishes."""

from functools import cache

from contracts.documents.asyncapi import document
from contracts.documents.schemas import Schema
from contracts.operations import Service


@cache
def asyncapi() -> Schema:
    """The service's AsyncAPI document."""
    return document(Service.EREFERRAL_DISPATCH, "1")
