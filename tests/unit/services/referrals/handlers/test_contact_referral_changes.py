"""A contact referral under any changes at any times: a record that is kept beside it agrees."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.contact_referral import CREATE_CONTACT_REFERRAL, UPDATE_CONTACT_REFERRAL
from contracts.problems import Refusal
from contracts.values import format_time
from tests.unit.services.referrals.handlers.rows import (
    CONTACT,
    NOW,
    OTHER_CONTACT,
    THIRD_CONTACT,
    contact,
    store,
)

CONTACTS = (CONTACT, OTHER_CONTACT, THIRD_CONTACT)


@dataclass(frozen=True)
class Seen:
    """A state as a client saw it."""

    by: UUID
    to: UUID
    version: int
    at: datetime


class Changes(RuleBasedStateMachine):
    """Clients who have seen any of its states change it, while the clock goes as it likes."""

    @initialize(late=st.integers(0, 999_999))
    def made(self, late: int) -> None:
        """One that was made at some time of a second."""
        self.store = store(*map(contact, CONTACTS), now=NOW + timedelta(microseconds=late))
        pair = {"contact_uuid": CONTACT, "referred_to_uuid": OTHER_CONTACT}
        decided = self.store.decide(CREATE_CONTACT_REFERRAL, **pair)
        self.id = decided.data.id
        self.states = [Seen(CONTACT, OTHER_CONTACT, 1, decided.data.updated_in_db_at)]

    @rule(step=st.integers(-2_000_000, 3_000_000))
    def clock(self, step: int) -> None:
        """It goes on, or is set back."""
        self.store.now += timedelta(microseconds=step)

    @rule(
        seen=st.integers(0, 40),
        says=st.sampled_from(["time", "version", "both", "nothing", "overwrite"]),
        by=st.sampled_from([None, *CONTACTS]),
        to=st.sampled_from([None, *CONTACTS]),
    )
    def change(self, seen: int, says: str, by: UUID | None, to: UUID | None) -> None:
        """It is changed where its client has seen the last state, or does not care."""
        held, base = self.states[-1], self.states[-1 - seen % len(self.states)]
        new_by, new_to = by or held.by, to or held.to
        bases: dict[str, dict[str, Any]] = {
            "time": {"updated_in_db_at": format_time(base.at)},
            "version": {"base_version": base.version},
            "both": {"updated_in_db_at": format_time(base.at), "base_version": base.version},
            "nothing": {},
            "overwrite": {"overwrite": True},
        }
        given = bases[says]
        if by is not None:
            given["referred_by_uuid"] = by
        if to is not None:
            given["referred_to_uuid"] = to
        wanted = "done"
        if to is not None and to == new_by:
            wanted = "validation_error"  # The command alone decides it.
        elif says == "nothing" or (says != "overwrite" and base != held):
            wanted = "version_conflict"
        elif new_by == new_to:
            wanted = "validation_error"
        assert self._decided(held, given) == wanted
        if wanted == "done" and (new_by, new_to) != (held.by, held.to):
            shown = self._shown
            self.states.append(Seen(new_by, new_to, held.version + 1, shown.updated_in_db_at))
            assert shown.version == held.version + 1

    def _decided(self, held: Seen, given: dict[str, Any]) -> str:
        this = {"contact_uuid": held.by, "contact_referral_uuid": self.id}
        try:
            self._shown = self.store.decide(UPDATE_CONTACT_REFERRAL, **this, **given).data
        except Refusal as refusal:
            return refusal.problem.code.value
        return "done"

    @invariant()
    def times_tell_states_apart(self) -> None:
        """Whole seconds, each later than the one before."""
        times = [state.at for state in getattr(self, "states", [])]
        assert all(time.microsecond == 0 and time.tzinfo is UTC for time in times)
        assert times == sorted(set(times))


TestChanges = Changes.TestCase
TestChanges.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
