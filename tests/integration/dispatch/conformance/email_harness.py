"""The harnesses of e-mail, and of fax by mail, for the conformance suite."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from contracts.referral_partner import ContactMethod
from ops.servers.ports import free_ports
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.base import Sender
from services.ereferral_dispatch.senders.email import EmailSender, SmtpRelay, parse_smtp_url
from services.ereferral_dispatch.senders.fax import FaxMailSender
from tests.integration.dispatch.conformance.laws import Behaviour
from tests.support.partners.relay import Do, Relay, scripted_relay
from tests.support.samples.packages import sample_consignment

_SCRIPTS: dict[Behaviour, Mapping[str, str | Do]] = {
    Behaviour.ACCEPTS: {},
    Behaviour.REFUSES_NOW: {"RCPT": "450 4.2.1 later"},
    Behaviour.REFUSES_FOR_GOOD: {"RCPT": "550 5.1.1 no"},
    Behaviour.ENDS_BEFORE_CONTENT: {"RCPT": Do.LOSE},
    Behaviour.ENDS_AFTER_CONTENT: {"end": Do.LOSE},
    Behaviour.SILENT: {"end": Do.HANG},
}


@dataclass
class EmailPartner:
    """A partner's mailbox, behind the one relay that the sender knows."""

    relay: Relay = field(default_factory=lambda: Relay({}))
    address: str = "partner.example"

    @property
    def attempts(self) -> int:
        return self.relay.connections

    @property
    def content_bytes(self) -> int:
        return len(self.relay.heard)

    async def until_taken(self) -> None:
        await self.relay.waiting.wait()

    async def until_left(self) -> None:
        await self.relay.ended.wait()


class EmailHarness:
    """A sender whose relay is another one for each partner, at the same place."""

    asks_a_person = False

    def __init__(self) -> None:
        self._port = 0

    @asynccontextmanager
    async def sender(self) -> AsyncIterator[Sender]:
        [self._port] = free_ports(1)
        yield self._sender(parse_smtp_url(f"smtp://127.0.0.1:{self._port}"))

    @asynccontextmanager
    async def partner(self, behaviour: Behaviour) -> AsyncIterator[EmailPartner]:
        if behaviour is Behaviour.ABSENT:
            yield EmailPartner()
            return
        async with scripted_relay(_SCRIPTS[behaviour], port=self._port) as relay:
            yield EmailPartner(relay)

    def consignment(self, address: str) -> Consignment:
        return sample_consignment(address=f"desk@{address}")

    def _sender(self, relay: SmtpRelay) -> Sender:
        return EmailSender(relay, "referrals@handoff.example")


class FaxMailHarness(EmailHarness):
    """The relay of a fax service: the partner is a number there."""

    def consignment(self, address: str) -> Consignment:
        return sample_consignment(channel=ContactMethod.FAX, address="+12025550112")

    def _sender(self, relay: SmtpRelay) -> Sender:
        return FaxMailSender(relay, "referrals@handoff.example", "fax.example")
