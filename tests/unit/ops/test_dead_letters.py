"""The id under which a dead letter goes in again."""

from typing import Any
from uuid import UUID, uuid4

from messaging.replies.dead_letter import read_letter
from messaging.wire.topology import ConsumedQueue
from ops.dead_letters import replay_id
from tests.support.broker.deliveries import delivery

QUEUE = ConsumedQueue("referrals.commands", "referrals.commands")


def test_a_replay_that_broke_off_can_be_repeated_whatever_a_letter_lacks() -> None:
    """Without a time and a message id, too, the same letter goes in under the same id."""
    first, second, other = (
        replay_id(read_letter(position, delivery(body, QUEUE.name, message_id=None), QUEUE))
        for position, body in ((1, b"{}"), (7, b"{}"), (1, b"[]"))
    )
    assert first == second != other


def test_one_message_id_has_one_effect_however_often_it_was_parked() -> None:
    """What the broker parked without one cannot be told apart: each has an effect."""
    death = {"queue": QUEUE.name, "reason": "rejected", "routing-keys": ["patient.put"]}

    def ids(headers: dict[str, Any], message_id: str | None) -> list[UUID]:
        message = delivery(b"{}", QUEUE.name, message_id=message_id, headers=headers)
        return [replay_id(read_letter(1, message, QUEUE)) for _ in range(2)]

    for headers in ({"failed_at": "2026-01-05T08:00:00Z"}, {"x-death": [death]}):
        first, second = ids(headers, str(uuid4()))
        assert first == second
    first, second = ids({"x-death": [death]}, None)
    assert first != second
