"""Clients of the two systems, as tests open them: on loopback, and without waiting."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network

from messaging.egress.policy import EgressPolicy
from ops.stubs.opendental import OpenDentalStub
from services.connectors.asking.asker import Asker, NoBudget, credential_hash
from services.connectors.asking.http import Http
from services.connectors.opendental.client import OpenDental
from services.connectors.rules.pacing import UNTHROTTLED

LOOPBACK = EgressPolicy(allow_networks=(ip_network("127.0.0.0/8"),), allow_http=True)


class Waits:
    """Takes the place of sleeping; `seconds` are what was slept."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@asynccontextmanager
async def asker(
    *, sleep: Callable[[float], Awaitable[None]] | None = None, timeout_seconds: float = 5.0
) -> AsyncIterator[Asker]:
    """Asks loopback, without a budget; the middle of each wait's spread."""
    async with Http(LOOPBACK, timeout_seconds=timeout_seconds) as http:
        yield Asker(
            http,
            NoBudget(),
            credential_hash("test"),
            UNTHROTTLED,
            sleep=sleep or Waits(),
            chance=lambda: 0.5,
        )


def client_of(stub: OpenDentalStub, asks: Asker, *other_bases: str) -> OpenDental:
    """The client with the stand-in's keys."""
    bases = (*other_bases, stub.url)
    return OpenDental(asks, bases, stub.developer_key, stub.customer_key)
