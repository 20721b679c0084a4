"""The pictures of the lifecycles show what the rules allow, all of it and nothing else."""

from collections.abc import Iterable
from xml.etree import ElementTree

import pytest

from ops.environment import CHECKOUT
from ops.lifecycle_drawing import Lifecycle, draw, drawings
from ops.lifecycles import Transition, ereferral_lifecycle, referral_lifecycle

# By hand, from docs/contract/wire.md#referrals: what happens, where it may, and where it leads.
REFERRAL = {
    ("send", "active · requested"): {"draft · null"},
    ("cancel", "revoked · null"): {"draft · null"},
    ("cancel", "revoked · cancelled"): {
        "active · requested",
        "active · accepted",
        "active · rejected",
        "active · in-progress",
        "active · failed",
    },
    ("reopen", "active · requested"): {"active · rejected"},
    ("accepted", "active · accepted"): {"active · requested"},
    ("rejected", "active · rejected"): {"active · requested"},
    ("in-progress", "active · in-progress"): {
        "active · requested",
        "active · accepted",
        "active · rejected",
    },
    ("completed", "completed · completed"): {
        "active · requested",
        "active · accepted",
        "active · rejected",
        "active · in-progress",
    },
    ("failed", "active · failed"): {
        "active · requested",
        "active · accepted",
        "active · rejected",
        "active · in-progress",
    },
}

# By hand, from docs/contract/wire.md#ereferrals, docs/contract/dispatch.md#outcomes,
# docs/contract/dispatch.md#answer-links,
# docs/contract/dispatch.md#holds and docs/contract/dispatch.md#cancel.
EREFERRAL = {
    ("begins", "in_progress"): {"queued", "retry_scheduled", "held"},
    ("delivered", "delivered"): {"in_progress"},
    ("sent", "sent"): {"in_progress"},
    ("may work later", "retry_scheduled"): {"in_progress"},
    ("may work later, held", "held"): {"in_progress"},
    ("next channel", "queued"): {"in_progress"},
    ("nobody knows", "outcome_unknown"): {"in_progress"},
    ("by phone", "awaiting_call"): {"in_progress"},
    ("no channel left", "failed"): {"in_progress"},
    ("held", "held"): {"queued", "retry_scheduled"},
    ("let go", "queued"): {"held"},
    ("retry", "queued"): {
        "failed",
        "outcome_unknown",
        "awaiting_call",
        "held",
        "retry_scheduled",
    },
    ("link opened", "delivered"): {
        "sent",
        "outcome_unknown",
        "awaiting_call",
        "queued",
        "retry_scheduled",
        "held",
        "failed",
    },
    ("call: reached", "delivered"): {"awaiting_call"},
    ("call: no_answer", "awaiting_call"): {"awaiting_call"},
    ("call: wrong_number", "queued"): {"awaiting_call"},
    ("call: wrong_number", "failed"): {"awaiting_call"},
    ("resolve: delivered", "delivered"): {"outcome_unknown"},
    ("resolve: not_delivered", "queued"): {"outcome_unknown"},
    ("resolve: not_delivered", "failed"): {"outcome_unknown"},
    ("nothing has left", "cancelled"): {
        "queued",
        "retry_scheduled",
        "held",
        "awaiting_call",
        "failed",
    },
    ("the outcome decides", "in_progress"): {"in_progress"},
    ("the partner is told", "queued"): {
        "queued",
        "retry_scheduled",
        "held",
        "awaiting_call",
        "outcome_unknown",
        "delivered",
        "sent",
        "failed",
    },
    ("… by a person: it is purged", "awaiting_call"): {"delivered", "sent", "failed"},
    ("told, the next one", "queued"): {"in_progress"},
    ("told, all of them", "cancelled"): {"in_progress", "awaiting_call"},
    ("not told: another way", "queued"): {"in_progress", "awaiting_call"},
    ("not told: no way left", "failed"): {"in_progress", "awaiting_call"},
}


def by_what_happens(found: Iterable[Transition]) -> dict[tuple[str, str], set[str]]:
    """The states in which each thing may happen, by the thing and where it leads."""
    shown: dict[tuple[str, str], set[str]] = {}
    for one in found:
        shown.setdefault((one.by, one.after), set()).add(one.before)
    return shown


def test_a_referral_moves_as_the_contract_says() -> None:
    """Forward by what the partner answers; by a cancel as long as it is a draft or active."""
    assert by_what_happens(referral_lifecycle()) == REFERRAL


def test_an_ereferral_moves_as_the_contract_says() -> None:
    """Every attempt, hold, call, cancel: from each state, to each that it can lead to."""
    assert by_what_happens(ereferral_lifecycle()) == EREFERRAL


@pytest.mark.parametrize("name", sorted(drawings()))
def test_the_picture_in_the_docs_is_what_the_rules_give(name: str) -> None:
    """A rule that changed is drawn again by `make schemas`; the picture is well-formed XML."""
    drawn = drawings()[name]
    assert (CHECKOUT / "docs" / name).read_text("utf-8") == drawn
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("rows", [{"draft": "-"}, {"draft": "-", "sent": "-", "lost": "-"}])
def test_a_state_without_a_row_is_not_left_out(rows: dict[str, str]) -> None:
    """Nor is a row drawn that the rules never lead to."""
    lifecycle = Lifecycle("-", rows, [Transition("the practice", "send", "draft", "sent")])
    with pytest.raises(ValueError, match="states and rows differ"):
        draw(lifecycle)
