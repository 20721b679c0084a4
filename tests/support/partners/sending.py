"""A portal sender that may reach loopback, what it is given to send, and its point of no return."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from contracts.referral_partner import ContactMethod
from messaging.egress.policy import EgressPolicy
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.base import AttemptWithdrawn
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.support.samples.packages import sample_consignment

LOOPBACK = EgressPolicy(allow_networks=(IPv4Network("127.0.0.0/8"),), allow_http=True)
SIGNING_KEY = "test-signing-key"
BODY = b'{"resourceType":"Bundle"}'
LETTER = b"%PDF-1.7 a letter"


def portal_sender(**changes: Any) -> PortalSender:
    """A sender that may reach loopback over http, not yet open."""
    return PortalSender(
        **{
            "render_letter": lambda consignment: LETTER,
            "signing_key": SIGNING_KEY,
            "connection_limit": 200,
            "policy": LOOPBACK,
            "rest_seconds": 0.2,
            **changes,
        }
    )


def addressed(url: str, **changes: Any) -> Consignment:
    """The sample consignment on its way to a portal."""
    return sample_consignment(channel=ContactMethod.PORTAL, address=url, **changes)


@dataclass
class Gate:
    """A point of no return that counts how often it was awaited, and how often passed.

    Before it is passed it does what is to happen meanwhile (`during`); `withdraw` ends the attempt.
    """

    awaited: int = 0
    passed: int = 0
    withdraw: bool = False
    during: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def __call__(self) -> None:
        self.awaited += 1
        for step in self.during:
            await step()
        if self.withdraw:
            raise AttemptWithdrawn
        self.passed += 1
