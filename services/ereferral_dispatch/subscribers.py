"""What dispatch listens to and publishes, as an AsyncAPI document."""

from functools import cache

from contracts.asyncapi import document
from contracts.operations import Service
from contracts.schemas import Schema


@cache
def asyncapi() -> Schema:
    """The service's AsyncAPI document."""
    return document(Service.EREFERRAL_DISPATCH, "1")
