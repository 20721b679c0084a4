"""The portal channel's harness for the conformance suite."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.integration.dispatch.conformance.http_partner import HttpPartner
from tests.integration.dispatch.conformance.laws import Behaviour
from tests.support.partners.portal import OK, http
from tests.support.partners.sending import addressed, portal_sender

_ANSWERS = {
    Behaviour.ACCEPTS: OK,
    Behaviour.REFUSES_NOW: http(503),
    Behaviour.REFUSES_FOR_GOOD: http(403),
    Behaviour.ENDS_AFTER_CONTENT: b"",
}


class PortalHarness:
    """Portals over plain http, which the tests' policy opens on loopback."""

    asks_a_person = False

    def sender(self) -> AbstractAsyncContextManager[PortalSender]:
        return portal_sender()

    @asynccontextmanager
    async def partner(self, behaviour: Behaviour) -> AsyncIterator[HttpPartner]:
        partner = HttpPartner(behaviour, _ANSWERS)
        async with partner.portal as portal:
            if behaviour is Behaviour.ABSENT:
                await portal.stop_listening()
            yield partner

    def consignment(self, address: str) -> Consignment:
        return addressed(address)
