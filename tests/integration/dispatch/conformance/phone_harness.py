"""The phone channel's harness for the conformance suite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.phone import PhoneSender
from tests.integration.dispatch.conformance.laws import Behaviour
from tests.support.samples.packages import sample_consignment


@dataclass
class PhonePartner:
    """A partner whom no machine calls."""

    address: str = "+12025550111"
    attempts: int = 0
    content_bytes: int = 0

    async def until_taken(self) -> None:
        return None

    async def until_left(self) -> None:
        return None


class PhoneHarness:
    """No sockets: there is nothing to connect to."""

    asks_a_person = True

    @asynccontextmanager
    async def sender(self) -> AsyncIterator[PhoneSender]:
        yield PhoneSender()

    @asynccontextmanager
    async def partner(self, behaviour: Behaviour) -> AsyncIterator[PhonePartner]:
        yield PhonePartner()

    def consignment(self, address: str) -> Consignment:
        return sample_consignment(channel=ContactMethod.PHONE, address="+12025550111")
