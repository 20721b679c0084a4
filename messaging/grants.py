"""Who may do what. A grant is asked for each message, after its form and operation were checked."""

from typing import Protocol

from messaging.envelope import Envelope


class Grants(Protocol):
    """Decides whether a client may do an operation in an org."""

    def check(self, envelope: Envelope) -> None:
        """Raises Refusal `forbidden` where it may not."""
        ...


class AllowAll:
    """No grants file is set: everything is allowed."""

    def check(self, envelope: Envelope) -> None:
        """Allows it."""
