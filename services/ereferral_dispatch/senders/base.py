"""A sender: what it is given, and what it must do. It never retries and holds no state."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.outcomes import Outcome


class AttemptWithdrawn(Exception):
    """The attempt may no longer be sent (cancelled, or its lease ran out): nothing must leave."""


PointOfNoReturn = Callable[[], Awaitable[None]]
"""Awaited once, after everything that can fail beforehand and before the first byte of the body.

Raises AttemptWithdrawn, which a sender lets through after it closed its connection.
"""


class Sender(Protocol):
    """A channel."""

    channel: ContactMethod

    def compose(self, consignment: Consignment) -> bytes:
        """What will be sent, built once for an e-referral and channel; pure, may take milliseconds
        of CPU, is called in a worker thread. The same consignment gives the same bytes."""
        ...

    async def send(
        self, consignment: Consignment, content: bytes, point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        """One attempt. A partner's failure is an outcome, our own bug raises.

        The caller bounds the time with `asyncio.timeout`. An attempt that is cut off closes its
        connection. Where the partner's answer is known by then, it is the outcome all the same;
        else CancelledError goes through, and the caller judges by whether the point of no return
        was passed.
        """
        ...
