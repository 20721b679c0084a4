"""A dead letter's own words, and whom they are believed from."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from aiormq.abc import DeliveredMessage

from messaging.wire.topology import ConsumedQueue
from ops.dead_letters import DeadLetter, read_letter, replay_id
from tests.support.broker.deliveries import delivery

QUEUE = ConsumedQueue("referrals.commands", "referrals.commands")
OURS = {
    "problem_code": "forbidden",
    "problem_detail": "No grant.",
    "failed_at": "2026-11-22T04:00:00Z",
    "original_exchange": "referrals.commands",
    "original_routing_key": "patient.put",
    "original_user_id": "crm",
}
FORGED = {**OURS, "original_user_id": "administrator", "original_exchange": "referrals.events"}


def death(queue: str = QUEUE.name) -> dict[str, Any]:
    """What the broker notes when it dead-letters a message of the queue."""
    return {
        "queue": queue,
        "reason": "delivery_limit",
        "exchange": "referrals.commands",
        "routing-keys": ["patient.archive"],
    }


def read(headers: dict[str, Any], user_id: str | None = None) -> DeadLetter:
    message: DeliveredMessage = delivery(b"{}", "x", headers=headers, user_id=user_id)
    return read_letter(1, message, QUEUE)


def test_what_we_parked_says_why_and_who() -> None:
    """In the headers that parking adds."""
    letter = read(OURS)
    assert (letter.problem_code, letter.problem_detail) == ("forbidden", "No grant.")
    assert (letter.exchange, letter.operation) == ("referrals.commands", "patient.put")
    assert (letter.user_id, letter.failed_at) == ("crm", "2026-11-22T04:00:00Z")


@pytest.mark.parametrize("user_id", [None, "crm"])
def test_of_what_the_broker_gave_up_only_the_broker_is_believed(user_id: str | None) -> None:
    """Headers under our names are its client's own: whoever replays would act for the client."""
    letter = read({**FORGED, "x-death": [death("mine"), death()]}, user_id)
    assert (letter.problem_code, letter.problem_detail) == ("delivery_limit", None)
    assert (letter.exchange, letter.operation) == ("referrals.commands", "patient.archive")
    assert (letter.user_id, letter.failed_at) == (user_id, None)


@pytest.mark.parametrize("deaths", [None, "x", [], ["x"], [death("a.queue.of.the.clients")]])
def test_a_death_elsewhere_is_none_here(deaths: Any) -> None:
    """A client may dead-letter its own messages to us: what we refused of them we have parked."""
    assert read({**OURS, "x-death": deaths}).user_id == "crm"


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
