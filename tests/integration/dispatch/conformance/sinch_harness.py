"""The harness of fax by Sinch for the conformance suite."""

import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import trustme

from ops.servers.ports import free_ports
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.fax import SinchFaxSender
from tests.integration.dispatch.conformance.http_partner import HttpPartner
from tests.integration.dispatch.conformance.laws import Behaviour
from tests.support.partners.sinch import fax, said, sinch_sender, to_fax

_CLOSE = "Connection: close"
# It closes after each answer, so that each look at a fax is a connection of its own.
_ANSWERS = {
    Behaviour.ACCEPTS: said(200, fax("QUEUED"), _CLOSE),
    Behaviour.REFUSES_NOW: said(503, None, _CLOSE),
    Behaviour.REFUSES_FOR_GOOD: said(422, None, _CLOSE),
    Behaviour.ENDS_AFTER_CONTENT: b"",
}
_COMPLETED = said(200, fax("COMPLETED"), _CLOSE)


class SinchHarness:
    """A sender whose provider, over TLS, is another one for each partner, at the same place."""

    asks_a_person = False

    def __init__(self) -> None:
        self._port = 0

    @asynccontextmanager
    async def sender(self) -> AsyncIterator[SinchFaxSender]:
        [self._port] = free_ports(1)
        with tempfile.TemporaryDirectory() as folder:
            ca_file = Path(folder) / "ca.pem"
            _authority().cert_pem.write_to_path(str(ca_file))
            sender = sinch_sender(
                f"https://127.0.0.1:{self._port}", ca_file=ca_file, answer_seconds=30.0
            )
        async with sender:
            yield sender

    @asynccontextmanager
    async def partner(self, behaviour: Behaviour) -> AsyncIterator[HttpPartner]:
        # One that ends before any content: what it breaks off is the handshake.
        tls = None if behaviour is Behaviour.ENDS_BEFORE_CONTENT else _tls()
        partner = HttpPartner(behaviour, _ANSWERS, to_get=_COMPLETED, tls=tls, port=self._port)
        if behaviour is Behaviour.ABSENT:
            yield partner
            return
        async with partner.portal:
            yield partner

    def consignment(self, address: str) -> Consignment:
        return to_fax()


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert("127.0.0.1").configure_cert(context)
    return context
