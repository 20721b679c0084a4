"""A referral's state in one word."""

from typing import Any

import pytest

from services.edge.desk.sections.states import is_stuck, state_of
from services.edge.desk.wording import Texts


def referral(**changed: Any) -> dict[str, Any]:
    """An active one that is on its way."""
    return {
        "status": "active",
        "fulfilment_status": "requested",
        "dispatch_status": "queued",
        "information_requested": None,
        "followed_by": None,
        "overdue": False,
        **changed,
    }


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"status": "draft", "fulfilment_status": None, "dispatch_status": None}, "draft"),
        ({"status": "revoked", "fulfilment_status": "cancelled"}, "cancelled"),
        ({"status": "completed", "fulfilment_status": "completed"}, "completed"),
        ({"dispatch_status": None}, "sending"),
        ({}, "sending"),
        ({"dispatch_status": "retry_scheduled"}, "sending"),
        ({"dispatch_status": "held"}, "held"),
        ({"dispatch_status": "awaiting_call"}, "awaiting_call"),
        ({"dispatch_status": "outcome_unknown"}, "outcome_unknown"),
        ({"dispatch_status": "failed"}, "failed"),
        ({"dispatch_status": "delivered"}, "delivered"),
        ({"dispatch_status": "failed", "fulfilment_status": "accepted"}, "accepted"),
        ({"fulfilment_status": "rejected"}, "declined"),
        ({"fulfilment_status": "failed"}, "not_completed"),
        ({"fulfilment_status": "in-progress"}, "in_treatment"),
        ({"fulfilment_status": "accepted", "information_requested": "Which side?"}, "asked"),
    ],
)
def test_the_word_that_a_desk_has_to_know(changed: dict[str, Any], word: str) -> None:
    """What the partner said comes before how the letter travels, and a question before both."""
    assert state_of(referral(**changed)) == word
    assert Texts("en").has(f"state.{word}")


@pytest.mark.parametrize(
    ("changed", "stuck"),
    [
        ({"fulfilment_status": "rejected"}, True),
        ({"fulfilment_status": "failed"}, True),
        ({"dispatch_status": "failed"}, True),
        ({"overdue": True}, True),
        ({}, False),
        ({"overdue": True, "status": "revoked"}, False),
        ({"overdue": True, "followed_by": {"uuid": "…", "name": None}}, False),
    ],
)
def test_what_is_to_be_sent_on(changed: dict[str, Any], stuck: bool) -> None:
    """Once: what was sent on already is not sent on again."""
    assert is_stuck(referral(**changed)) is stuck
