"""A dead letter's own words, and whom they are believed from."""

from typing import Any

import pytest
from aiormq.abc import DeliveredMessage

from messaging.replies.dead_letter import DeadLetter, read_letter
from messaging.wire.topology import ConsumedQueue
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
