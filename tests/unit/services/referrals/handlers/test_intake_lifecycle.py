"""Whatever is asked of rows from outside, in whatever order: they stand where a book says."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from contracts.catalogue import AnyOperation
from contracts.intake import (
    ACCEPT_INTAKE,
    LINK_INTAKE,
    REJECT_INTAKE,
    REOPEN_INTAKE,
    SUBMIT_INTAKE,
)
from services.referrals.models.contact import Contact
from services.referrals.models.directory import Patient
from services.referrals.models.intake import Intake
from tests.unit.services.referrals.handlers.rows import PATIENT, patient, store

ROW = {"first_name": "Alice", "surname": "Smith", "org_type_id": 1}
BEGIN = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
POSSIBLE = {
    ACCEPT_INTAKE.name: ("received", "accepted"),
    LINK_INTAKE.name: ("received", "linked"),
    REJECT_INTAKE.name: ("received", "rejected"),
    REOPEN_INTAKE.name: ("rejected", "received"),
}


@dataclass
class Known:
    """What the book says of a row."""

    group: UUID
    status: str = "received"
    version: int = 1


class Intakes(RuleBasedStateMachine):
    """One org's rows and a book that was written by hand beside them."""

    rows: Bundle[UUID] = Bundle("rows")

    def __init__(self) -> None:
        super().__init__()
        self.held = store(patient(), now=BEGIN)
        self.book: dict[UUID, Known] = {}
        self.newest: dict[str, tuple[UUID, datetime]] = {}
        self.patients = 1
        self.contacts = 0

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        """Into another UTC day, or not."""
        self.held.now += timedelta(hours=hours)

    @rule(target=rows, count=st.integers(1, 3), name=st.sampled_from(["f1", "f2", None]))
    def submit(self, count: int, name: str | None) -> UUID:
        """A group of its own, or the one of the day that was not rejected whole."""
        before = self.newest.get(name) if name is not None else None
        decided = self.held.decide(SUBMIT_INTAKE, rows=[ROW] * count, fingerprint=name)
        group = decided.data.group_uuid
        if before is not None and self._stands(*before):
            assert (group, decided.added, decided.events) == (before[0], [], [])
            ids = [id_ for id_, known in self.book.items() if known.group == group]
            assert decided.data.intake_uuids == ids
            return ids[0]
        staged = [row for row in decided.added if isinstance(row, Intake)]
        assert len(staged) == count
        assert group not in {known.group for known in self.book.values()}
        repeats = None if before is None else before[0]
        assert {row.possible_repeat_of for row in staged} == {repeats}
        self.book |= {row.id: Known(group) for row in staged}
        if name is not None:
            self.newest[name] = (group, self.held.now)
        return decided.data.intake_uuids[0]

    def _stands(self, group: UUID, at: datetime) -> bool:
        rows = [known for known in self.book.values() if known.group == group]
        all_rejected = all(known.status == "rejected" for known in rows)
        return at.date() == self.held.now.date() and not all_rejected

    @rule(row=rows, stale=st.booleans(), as_contact=st.booleans())
    def accept(self, row: UUID, stale: bool, as_contact: bool) -> None:
        """A patient or a contact more, or nothing."""
        kind = "contact" if as_contact else "patient"
        if self._decide(ACCEPT_INTAKE, row, stale=stale, fields={"as": kind}):
            self.contacts += as_contact
            self.patients += not as_contact

    @rule(row=rows, stale=st.booleans())
    def link(self, row: UUID, stale: bool) -> None:
        """The patient who is there."""
        self._decide(LINK_INTAKE, row, stale=stale, fields={"patient_uuid": PATIENT})

    @rule(row=rows, stale=st.booleans())
    def reject(self, row: UUID, stale: bool) -> None:
        """With a reason."""
        self._decide(REJECT_INTAKE, row, stale=stale, fields={"reason": "other"})

    @rule(row=rows, stale=st.booleans())
    def reopen(self, row: UUID, stale: bool) -> None:
        """Of a rejected one alone."""
        self._decide(REOPEN_INTAKE, row, stale=stale, fields={})

    def _decide(
        self, operation: AnyOperation, row: UUID, *, stale: bool, fields: dict[str, Any]
    ) -> bool:
        known = self.book[row]
        begins, ends = POSSIBLE[operation.name]
        base = known.version + stale
        named = {"intake_uuid": row, "base_version": base, **fields}
        if stale or known.status != begins:
            problem = self.held.refuse(operation, **named)
            assert problem.code == ("version_conflict" if stale else "invalid_transition")
            return False
        decided = self.held.decide(operation, **named)
        known.status, known.version = ends, known.version + 1
        assert decided.data.status == ends
        last = {"accepted": "accepted", "linked": "linked", "rejected": "rejected"}
        assert decided.event_types[-1] == f"intake.{last.get(ends, 'reopened')}"
        return True

    @invariant()
    def every_row_stands_where_the_book_says(self) -> None:
        """With its version, and with a person beside it if and only if it was taken in."""
        found = {row.id: row for row in self.held.rows(Intake)}
        assert found.keys() == self.book.keys()
        for id_, known in self.book.items():
            row = found[id_]
            assert (row.status, row.version) == (known.status, known.version)
            became = [one for one in (row.patient_id, row.contact_id) if one is not None]
            assert len(became) == (known.status in ("accepted", "linked"))
            assert (row.reason is not None) is (known.status == "rejected")
            assert (row.decided_at is None) is (known.status == "received")

    @invariant()
    def nobody_is_made_without_an_accept(self) -> None:
        """As many patients and contacts as rows that were accepted as one."""
        assert len(self.held.rows(Patient)) == self.patients
        assert len(self.held.rows(Contact)) == self.contacts


TestIntakes = Intakes.TestCase
TestIntakes.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
