"""The hold of the mail relay: its beginning, its end, its events.

Source: docs/contract/dispatch.md#the-relay.
"""

from dataclasses import dataclass
from datetime import datetime

from services.ereferral_dispatch.rules.outcome_codes import OutcomeCode


@dataclass(frozen=True, slots=True)
class RelayState:
    """Since when a relay is held (None: it is not), and when it was let go for the last time."""

    held_at: datetime | None = None
    released_at: datetime | None = None


def must_be_held(state: RelayState, attempt_started_at: datetime) -> bool:
    """Whether an attempt that could not use the relay holds it.

    It speaks of the relay as that was when it began: what began before the relay was let go says
    nothing about it now.
    """
    if state.held_at is not None:
        return False
    return state.released_at is None or attempt_started_at >= state.released_at


def must_be_released(state: RelayState, probe_started_at: datetime) -> bool:
    """Whether a probe that was let in lets the relay go: one that began while it was held."""
    return state.held_at is not None and probe_started_at >= state.held_at


def hold_in_words(held_at: str, code: OutcomeCode, detail: str | None) -> str:
    """One line for people about a relay that is held; `held_at` as RFC 3339 has it."""
    why = str(code) if detail is None else f"{code}: {detail}"
    return (
        f"held since {held_at} ({why}): e-mails and faxes through it wait, and it is probed until "
        "it takes us"
    )
