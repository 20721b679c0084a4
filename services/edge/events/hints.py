"""A hint for a page: that something was changed, and what, never how it is now.

Source: docs/contract/http.md#events.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from contracts.catalogue import EVENTS

REMEMBERED = 1_000
"""The last events of a replica, from which a stream that broke off is resumed."""
RESOURCES = frozenset(event.resource for event in EVENTS.values())
"""Whatever is told of."""


@dataclass(frozen=True, slots=True)
class Hint:
    """An event's `id`, `type`, `subject` and `aggregateversion`, and whose it is."""

    id: str
    type: str
    subject: str
    aggregateversion: int
    org_id: str

    @property
    def resource(self) -> str:
        """The resource that was changed: `referral` of `referral.sent`."""
        return self.type.partition(".")[0]

    def data(self) -> str:
        """What its stream carries beside the id, as JSON."""
        said = {
            "type": self.type,
            "subject": self.subject,
            "aggregateversion": self.aggregateversion,
        }
        return orjson.dumps(said).decode()


def read_hint(body: bytes) -> Hint:
    """The hint of an event's body. Raises ValueError where it is no event."""
    try:
        event = orjson.loads(body)
        identity, kind, subject, org_id = (
            str(event[name]) for name in ("id", "type", "subject", "orgid")
        )
        return Hint(identity, kind, subject, int(event["aggregateversion"]), org_id)
    except (KeyError, TypeError):
        raise ValueError("no event") from None


class Memory:
    """The last hints of all orgs, in the order in which they were heard."""

    def __init__(self) -> None:
        self._hints: deque[Hint] = deque(maxlen=REMEMBERED)

    def add(self, hint: Hint) -> None:
        """Keep it; the oldest is forgotten."""
        self._hints.append(hint)

    def forget(self) -> None:
        """Forget all: what follows does not join on to it."""
        self._hints.clear()

    def since(self, hint_id: str, org_id: str) -> list[Hint] | None:
        """The org's hints after the one of this id; None where that is not remembered."""
        later: list[Hint] = []
        for hint in self._of(org_id):
            if hint.id == hint_id:
                return later[::-1]
            later.append(hint)
        return None

    def _of(self, org_id: str) -> Iterator[Hint]:
        return (hint for hint in reversed(self._hints) if hint.org_id == org_id)
