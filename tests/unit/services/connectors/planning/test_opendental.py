"""Plans for Open Dental's rows: the one step that follows from what is known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.connecting import ImportKind, RowCode, RowResolution
from services.connectors.config import OpenDentalOptions
from services.connectors.opendental.rows import RefAttachRow, ReferralRow, kept
from services.connectors.planning.opendental import plan
from services.connectors.planning.steps import (
    Known,
    Later,
    Nothing,
    Refused,
    Row,
    Send,
    StageAlso,
    Then,
    Waits,
)

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
OPTIONS = OpenDentalOptions(time_zone="America/Los_Angeles", referrals_since=date(2026, 1, 1))
A, B, C = (UUID(int=number) for number in (1, 2, 3))
AD = ReferralRow(2, last_name="Facebook Ad")
DOCTOR = ReferralRow(1, last_name="Davidson", first_name="Norm", is_doctor=True, city="Portland")
FROM = RefAttachRow(5, 2, 15, 0, "2022-01-05", "RefFrom")
TO = RefAttachRow(6, 1, 15, 0, "2026-05-01", "RefTo", note="Tooth 14")


class Around:
    """What is known around a row."""

    now = NOW

    def __init__(
        self,
        known: Mapping[tuple[ImportKind, str], Known] | None = None,
        *,
        staged: bool = False,
        twins: Mapping[str, int] | None = None,
    ) -> None:
        self.attributions_staged = staged
        self._known = known or {}
        self._twins = twins or {}

    def known(self, kind: ImportKind, external_id: str) -> Known | None:
        return self._known.get((kind, external_id))

    def siblings(self, parent: str) -> Mapping[str, int]:
        return {"5": 0}

    def twins(self, parent: str, referral_num: int) -> Mapping[str, int]:
        return {"5": 0, **self._twins}

    def mapped_source(self, external_id: str) -> UUID | None:
        return None


PATIENT = {(ImportKind.PATIENT, "15"): Known(A, version=1)}
SOURCE = {(ImportKind.SOURCE, "2"): Known(B, version=1, base=kept(AD))}
PARTNER = {(ImportKind.PARTNER, "1"): Known(B, version=1, base=kept(DOCTOR))}


def row(kind: ImportKind, held: Any, **more: Any) -> Row:
    """A row to be applied."""
    return Row(kind, "5", kept(held), "2026-06-01 10:00:00", **more)


def sent(step: object) -> Send:
    """The command that a step is."""
    assert isinstance(step, Send), step
    return step


def test_a_partner_is_created_and_then_only_changed() -> None:
    """In full at first; afterwards what changed there, for the version of the last import."""
    first = sent(plan(row(ImportKind.PARTNER, DOCTOR), Known(C), Around(), OPTIONS))
    assert (first.operation, first.fields["id"]) == ("referral_partner.create", str(C))
    known = Known(C, version=4, base=kept(DOCTOR))
    moved = row(ImportKind.PARTNER, replace(DOCTOR, city="Salem"))
    second = sent(plan(moved, known, Around(), OPTIONS))
    assert second.fields == {"referral_partner_uuid": str(C), "base_version": 4, "city": "Salem"}
    assert plan(row(ImportKind.PARTNER, DOCTOR), known, Around(), OPTIONS) == Nothing()


def test_a_hidden_row_is_active_until_its_attributions_are_in() -> None:
    """Created active, left alone while attributions are staged, then made inactive."""
    hidden = row(ImportKind.SOURCE, replace(AD, is_hidden=True))
    first = sent(plan(hidden, Known(B), Around(), OPTIONS))
    assert first.fields["is_active"] is True and first.base == kept(AD)
    known = Known(B, version=1, base=first.base)
    assert plan(hidden, known, Around(staged=True), OPTIONS) == Later()
    last = sent(plan(hidden, known, Around(), OPTIONS))
    assert (last.operation, last.fields["is_active"]) == ("referral_source.update", False)


def test_what_is_gone_is_inactive_and_what_was_archived_here_stays_so() -> None:
    """A row that never was anything here is nothing either."""
    known = Known(B, version=2, base=kept(AD))
    step = sent(plan(row(ImportKind.SOURCE, AD, gone=True), known, Around(), OPTIONS))
    assert (step.then, step.fields["is_active"]) == (Then.GONE, False)
    archived = replace(known, archived=True)
    assert plan(row(ImportKind.SOURCE, AD), archived, Around(), OPTIONS) == Nothing()
    assert plan(row(ImportKind.SOURCE, AD, gone=True), Known(B), Around(), OPTIONS) == Nothing()


def test_an_attribution_waits_for_its_patient_and_for_whom_it_points_to() -> None:
    """Then it is created, dated, and the primary one."""
    attached = row(ImportKind.ATTRIBUTION, FROM)
    for around in (Around(), Around(PATIENT), Around(SOURCE)):
        assert plan(attached, Known(C), around, OPTIONS) == Waits(RowCode.MISSING_REFERENCE)
    step = sent(plan(attached, Known(C), Around({**PATIENT, **SOURCE}), OPTIONS))
    assert step.fields == {
        "id": str(C),
        "patient_uuid": str(A),
        "attribution_role": "primary",
        "referral_source_uuid": str(B),
        "attributed_at": "2022-01-05T20:00:00Z",
    }


def test_an_attribution_that_points_elsewhere_is_archived_and_made_anew() -> None:
    """Law 22: the archive first; what follows is the next generation's creation."""
    known = Known(C, version=3, base=kept(replace(FROM, referral_num=9)))
    step = sent(plan(row(ImportKind.ATTRIBUTION, FROM), known, Around(PATIENT), OPTIONS))
    assert (step.operation, step.then) == (
        "referral_attribution.archive",
        Then.NEXT_GENERATION,
    )


def test_of_two_rows_to_one_referral_the_first_is_the_attribution() -> None:
    """Law 22: the other one is archived, or is never made; the first one stays."""
    known = Known(C, version=3, base=kept(FROM))
    first = Around({**PATIENT, **SOURCE}, twins={"4": 0})
    step = sent(plan(row(ImportKind.ATTRIBUTION, FROM), known, first, OPTIONS))
    assert (step.operation, step.then) == ("referral_attribution.archive", Then.NEXT_GENERATION)
    assert plan(row(ImportKind.ATTRIBUTION, FROM), Known(C), first, OPTIONS) == Nothing()
    for other in ({"6": 0}, {"4": 1}):
        later = Around({**PATIENT, **SOURCE}, twins=other)
        assert plan(row(ImportKind.ATTRIBUTION, FROM), known, later, OPTIONS) == Nothing()
        made = sent(plan(row(ImportKind.ATTRIBUTION, FROM), Known(C), later, OPTIONS))
        assert made.operation == "referral_attribution.create"


def test_a_patient_does_not_refer_themselves() -> None:
    """The row is a person's to mend."""
    self_source = replace(AD, pat_num=15)
    known = {(ImportKind.SOURCE, "2"): Known(B, version=1, base=kept(self_source))}
    step = plan(row(ImportKind.ATTRIBUTION, FROM), Known(C), Around({**PATIENT, **known}), OPTIONS)
    assert step == Refused(RowCode.SELF_REFERRAL, ("ReferralNum",))


def test_a_draft_needs_a_partner_who_is_made_of_a_source_if_there_is_none() -> None:
    """Patients are referred to partners; in Open Dental the row may be anything."""
    to_ad = row(ImportKind.REFERRAL, replace(TO, referral_num=2))
    step = plan(to_ad, Known(C), Around({**PATIENT, **SOURCE}), OPTIONS)
    assert step == StageAlso(ImportKind.PARTNER, "2", kept(AD))
    made = sent(
        plan(row(ImportKind.REFERRAL, TO), Known(C), Around({**PATIENT, **PARTNER}), OPTIONS)
    )
    assert (made.fields["referral_partner_uuid"], made.fields["reason"]) == (str(B), "Tooth 14")


@pytest.mark.parametrize(
    ("there", "here", "response"),
    [
        ("Scheduled", "requested", "accepted"),
        ("Complete", "accepted", "completed"),
        ("Declined", "accepted", "rejected"),
        ("Scheduled", "accepted", None),
        ("Scheduled", "in-progress", None),
        ("Consulted", "in-progress", None),
        ("Declined", "failed", None),
        ("Declined", "completed", "rejected"),
        ("Declined", "in-progress", "rejected"),
        ("Scheduled", "rejected", "accepted"),
        ("Scheduled", "failed", None),
        ("Complete", "failed", "completed"),
        ("Complete", "cancelled", None),
        ("None", "accepted", None),
    ],
)
def test_a_status_there_counts_where_it_says_more(
    there: str, here: str, response: str | None
) -> None:
    """What we wrote there ourselves, and what is behind ours, is no answer. One that contradicts
    ours is given: the service refuses it, and a person is told."""
    known = Known(C, version=5, base=kept(TO), fulfilment_status=here)
    attached = row(ImportKind.REFERRAL, replace(TO, ref_to_status=there))
    step = plan(attached, known, Around(PATIENT), OPTIONS)
    if response is None:
        assert step == Nothing()
    else:
        assert sent(step).fields == {"referral_uuid": str(C), "response": response}


def test_a_status_that_did_not_change_there_is_no_answer() -> None:
    """Declined was taken in long ago, the work was taken up here since, and the note is new."""
    declined = replace(TO, ref_to_status="Declined")
    known = Known(C, version=5, base=kept(declined), fulfilment_status="in-progress")
    noted = row(ImportKind.REFERRAL, replace(declined, note="Tooth 15"))
    assert plan(noted, known, Around(PATIENT), OPTIONS) == Nothing()


def test_an_answer_that_was_refused_is_another_one_once_ours_has_moved() -> None:
    """Scheduled there while it was a draft here, and again when it was sent: the same answer under
    the same id would be refused by what was said before."""
    answered = row(ImportKind.REFERRAL, replace(TO, ref_to_status="Scheduled"))
    variants = {
        sent(plan(answered, known, Around(PATIENT), OPTIONS)).variant
        for known in (
            Known(C, version=1, base=kept(TO)),
            Known(C, version=2, base=kept(TO), fulfilment_status="requested"),
        )
    }
    assert variants == {"accepted:", "accepted:requested"}


@pytest.mark.parametrize(
    ("resolution", "changes"),
    [
        (RowResolution.OURS, {"postal_code": "97302"}),
        (RowResolution.THEIRS, {"city": "Salem", "postal_code": "97302"}),
    ],
)
def test_a_decision_is_about_the_fields_in_conflict_alone(
    resolution: RowResolution, changes: dict[str, str]
) -> None:
    """City changed on both sides, the postal code there, and the state here: with either decision
    the postal code comes in and the state stays."""
    known = Known(C, version=4, base=kept(DOCTOR))
    moved = replace(DOCTOR, city="Salem", zip_code="97302")
    decided = row(ImportKind.PARTNER, moved, resolution=resolution, conflict=("city",))
    step = sent(plan(decided, known, Around(), OPTIONS))
    assert step.fields == {"referral_partner_uuid": str(C), "base_version": 4, **changes}
    adopted = replace(known, base=kept(moved))
    step_or_none = plan(decided, adopted, Around(), OPTIONS)
    if resolution is RowResolution.OURS:
        assert step_or_none == Nothing()
    else:
        assert sent(step_or_none).fields["city"] == "Salem"


def test_a_source_that_becomes_a_patients_is_linked_and_of_their_category() -> None:
    """And back. A category that somebody here has set stays; the link is theirs all the same. Where
    it is not known which it is here, the link's reply says it."""
    became = row(ImportKind.SOURCE, replace(AD, pat_num=15))
    held = Known(B, version=1, base=kept(AD), category="other")
    step = sent(plan(became, held, Around(PATIENT), OPTIONS))
    link = {"referral_source_uuid": str(B), "base_version": 1, "linked_patient_uuid": str(A)}
    assert step.fields == {**link, "category": "patient_referral"}
    for category in ("digital_advertising", None):
        kept_here = replace(held, category=category)
        assert sent(plan(became, kept_here, Around(PATIENT), OPTIONS)).fields == link
    unknown = sent(plan(became, replace(held, category=None), Around(PATIENT), OPTIONS))
    known = replace(held, base=unknown.base)
    step = sent(plan(became, known, Around(PATIENT), OPTIONS))
    assert step.fields == {**link, "category": "patient_referral"} and step.base is None
    assert plan(became, held, Around(), OPTIONS) == Waits(RowCode.MISSING_REFERENCE)
    was_one = Known(B, version=2, base=kept(replace(AD, pat_num=15)), category="patient_referral")
    back = sent(plan(row(ImportKind.SOURCE, AD), was_one, Around(), OPTIONS))
    assert (back.fields["linked_patient_uuid"], back.fields["category"]) == (None, "other")


def test_a_doctor_who_becomes_a_source_is_an_inactive_partner() -> None:
    """But a partner that was made of a source, so that patients can be referred to it, stays."""
    plain = row(ImportKind.PARTNER, replace(DOCTOR, is_doctor=False))
    step = sent(plan(plain, Known(C, version=4, base=kept(DOCTOR)), Around(), OPTIONS))
    assert (step.operation, step.then) == ("referral_partner.update", Then.GONE)
    assert step.fields["is_active"] is False
    of_a_source = Known(C, version=4, base=kept(replace(DOCTOR, is_doctor=False, city="Bend")))
    step = sent(plan(plain, of_a_source, Around(), OPTIONS))
    assert (step.then, step.fields["city"]) == (Then.CHANGED, "Portland")


@pytest.mark.parametrize(
    ("nameless", "field"),
    [
        (ReferralRow(1, is_doctor=True, last_name="x" * 300), "LName"),
        (ReferralRow(1, is_doctor=True, first_name="x" * 300), "FName"),
        (ReferralRow(1, is_doctor=True, business_name="x" * 300, telephone="1"), "BusinessName"),
    ],
)
def test_a_row_that_is_refused_names_the_name_that_is(nameless: ReferralRow, field: str) -> None:
    """And nothing that would not keep it out."""
    step = plan(row(ImportKind.PARTNER, nameless), Known(C), Around(), OPTIONS)
    assert step == Refused(RowCode.FIELD_REFUSED, (field,))


def test_a_row_without_a_name_is_refused_by_the_name_of_its_field() -> None:
    """Neither a partner nor a source can be called nothing."""
    for kind, nameless in (
        (ImportKind.PARTNER, ReferralRow(1, is_doctor=True)),
        (ImportKind.SOURCE, ReferralRow(1)),
    ):
        step = plan(row(kind, nameless), Known(C), Around(), OPTIONS)
        assert step == Refused(RowCode.FIELD_REFUSED, ("LName",))
