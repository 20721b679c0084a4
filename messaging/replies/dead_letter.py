"""A dead letter as somebody finds it: what it says of itself, and whom that is believed from."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from aiormq.abc import DeliveredMessage

from contracts.problems import Refusal
from contracts.values import ORG_ID, format_time
from messaging.wire.envelope import read_body, read_message_id
from messaging.wire.topology import ConsumedQueue

# The namespace (RFC 9562, section 6.6) of the ids that replayed messages get.
_REPLAYS = UUID("5d0c4a2e-63b1-5f0e-9a55-2b1c8d3f7e90")
_LONGEST_TEXT = 255
"""Of what is kept of a letter while others are looked at: a header may be of any length."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One parked message. `exchange` and `operation` (its routing key) say where it had come in.

    `position` counts from 1, the oldest. `user_id` is whom the broker had vouched for.
    `by_broker`: it gave the message up, not we. All but `taken` and `position` may be unknown.
    """

    position: int
    taken: DeliveredMessage
    message_id: str | None
    problem_code: str | None
    problem_detail: str | None
    failed_at: str | None
    exchange: str | None
    operation: str | None
    user_id: str | None
    by_broker: bool = False

    @property
    def headers(self) -> dict[str, Any]:
        """Its headers, as they are."""
        return dict(self.taken.header.properties.headers or {})


@dataclass(frozen=True, slots=True)
class Summary:
    """A dead letter without its body and headers: so much is kept of each while all are looked at.

    `identity` is always the same for the same letter; `size` is its body's, in bytes. `org_id` is
    the one that the body names.
    """

    position: int
    identity: UUID
    message_id: str | None
    problem_code: str | None
    failed_at: str | None
    operation: str | None
    user_id: str | None
    org_id: str | None
    by_broker: bool
    size: int


def summary_of(letter: DeadLetter) -> Summary:
    """What is kept of a letter."""
    return Summary(
        position=letter.position,
        identity=identity(letter),
        message_id=_short(letter.message_id),
        problem_code=_short(letter.problem_code),
        failed_at=_short(letter.failed_at),
        operation=_short(letter.operation),
        user_id=_short(letter.user_id),
        org_id=org_of(letter),
        by_broker=letter.by_broker,
        size=len(letter.taken.body),
    )


def org_of(letter: DeadLetter) -> str | None:
    """The org that a letter's body names; None of what cannot be read, or names none."""
    try:
        body = read_body(letter.taken.body)
    except Refusal:
        return None
    org_id = body.get("org_id", body.get("orgid"))
    return org_id if isinstance(org_id, str) and ORG_ID.fullmatch(org_id) else None


def identity(letter: DeadLetter) -> UUID:
    """Always the same for the same dead letter.

    One message id has one effect, so letters of one id that say the same are one. Without an id
    each is one of its own: what we park alike, we park at moments that differ.
    """
    body = hashlib.sha256(letter.taken.body).hexdigest()
    named = read_message_id(letter.taken)
    of_its_own = named or (letter.message_id, letter.failed_at)
    said = (of_its_own, letter.operation, letter.user_id, body)
    return uuid5(_REPLAYS, "/".join(map(str, said)))


def read_letter(position: int, taken: DeliveredMessage, queue: ConsumedQueue) -> DeadLetter:
    """What a message among the dead letters of `queue` says of itself.

    One that the broker gave up, for its delivery limit or because we could not park it, has no
    reason of ours: whatever stands in its headers under those names was its client's own idea.
    """
    properties = taken.header.properties
    headers: dict[str, Any] = dict(properties.headers or {})
    death = _death_in(queue, headers.get("x-death"))
    message_id = read_message_id(taken)
    found = DeadLetter(
        position=position,
        taken=taken,
        message_id=str(message_id) if message_id else properties.message_id or None,
        problem_code=_text(headers.get("problem_code")),
        problem_detail=_text(headers.get("problem_detail")),
        failed_at=_text(headers.get("failed_at")),
        exchange=_text(headers.get("original_exchange")),
        operation=_text(headers.get("original_routing_key")),
        user_id=_text(headers.get("original_user_id")),
    )
    if death is None:
        return found
    return replace(
        found,
        problem_code=_text(death.get("reason")),
        problem_detail=None,
        failed_at=_text(death.get("time")),
        exchange=_text(death.get("exchange")),
        operation=_text(death.get("routing-keys")),
        user_id=properties.user_id or None,
        by_broker=True,
    )


def _death_in(queue: ConsumedQueue, deaths: Any) -> dict[str, Any] | None:
    """How the broker itself gave a message of the queue up; None where it did not."""
    for death in deaths if isinstance(deaths, list) else ():
        if isinstance(death, dict) and _text(death.get("queue")) == queue.name:
            return death
    return None


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) and value else None


def _short(text: str | None) -> str | None:
    return None if text is None else text[:_LONGEST_TEXT]
