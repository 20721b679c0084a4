"""One running replica of dispatch for a file, and an org for a test; a portal sender for a file."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.integration.dispatch.answering import PUBLIC_URL
from tests.support.partners.sending import portal_sender
from tests.support.services.dispatch import Dispatch, Org, dispatching


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    """A running replica with partners, a client and a listener. A held lane gets no probe; letters
    have answer links."""
    async with dispatching(
        postgres_database, rabbitmq_vhost, probe_every_seconds=3600.0, public_url=PUBLIC_URL
    ) as running:
        yield running


@pytest.fixture
def org(dispatch: Dispatch) -> Org:
    """An org of this test's own."""
    return dispatch.org()


@pytest_asyncio.fixture(scope="module")
async def sender() -> AsyncIterator[PortalSender]:
    """A portal sender that may reach loopback."""
    async with portal_sender() as opened:
        yield opened
