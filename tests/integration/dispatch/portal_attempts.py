"""One attempt to hand a bundle to a portal on loopback."""

from datetime import UTC, datetime

from services.ereferral_dispatch.rules.outcomes import Outcome
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.support.partners.portal import Conversation, Portal
from tests.support.partners.sending import BODY, Gate, addressed

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


async def attempt(sender: PortalSender, conversation: Conversation, body: bytes = BODY) -> Outcome:
    """One attempt at a portal that has this conversation; it never makes a second one."""
    gate = Gate()
    async with Portal(conversation) as portal:
        outcome = await sender.send(addressed(portal.url, attempted_at=NOW), body, gate)
        assert portal.connections == 1
        assert len(portal.requests) <= 1
    assert gate.passed <= 1
    return outcome
