"""Costs of referral sources: what each command decides."""

from decimal import Decimal
from typing import Any

import pytest

from contracts.referral_source_cost import (
    ARCHIVE_REFERRAL_SOURCE_COST,
    CREATE_REFERRAL_SOURCE_COST,
    UPDATE_REFERRAL_SOURCE_COST,
)
from services.referrals.models.source import ReferralSourceCost, SourceFigures
from tests.unit.services.referrals.handlers.rows import (
    COST,
    EARLIER,
    NEW,
    NOW,
    OTHER_SOURCE,
    PATIENT,
    SOURCE,
    cost,
    figures,
    source,
    store,
    wrong_fields,
)

DECEMBER = {"period_start": "2026-12-01", "period_end": "2026-12-31"}
SPENT = {"referral_source_uuid": SOURCE, "amount": "75.50", **DECEMBER}
THIS = {"referral_source_uuid": SOURCE, "cost_uuid": COST, "base_version": 3}
ORDER = {("period_end", "period_order")}


def test_a_new_cost_joins_its_sources_total() -> None:
    """201; the source itself is left alone, only its figures move."""
    decided = store(source(), figures(cost="120.00")).decide(
        CREATE_REFERRAL_SOURCE_COST, id=NEW, **SPENT, notes="Main street"
    )
    assert (decided.status, decided.id, decided.data.version) == (201, NEW, 1)
    assert decided.data.referral_source.name == "Billboard"
    assert decided.changes == {(SourceFigures, (SOURCE,)): {"total_cost": Decimal("195.50")}}
    [row] = decided.added
    assert isinstance(row, ReferralSourceCost) and row.referral_source_id == SOURCE
    [event] = decided.events
    assert (event["type"], event["data"]["amount"]) == ("referral_source_cost.created", "75.50")
    assert decided.patients == set()


def test_what_cost_nothing_moves_no_figures() -> None:
    """It is a cost all the same."""
    decided = store(source(), figures(cost="120.00")).decide(
        CREATE_REFERRAL_SOURCE_COST, **{**SPENT, "amount": "0.00"}
    )
    assert (decided.status, decided.changes, len(decided.added)) == (201, {}, 1)


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        (CREATE_REFERRAL_SOURCE_COST, SPENT),
        (UPDATE_REFERRAL_SOURCE_COST, {**THIS, "notes": "N"}),
        (ARCHIVE_REFERRAL_SOURCE_COST, THIS),
    ],
)
def test_what_a_patient_cost_is_about_the_patient(operation: Any, fields: dict[str, Any]) -> None:
    """Who is linked to the source has it in their audit trail."""
    held = store(source(linked_patient_id=PATIENT), figures(), cost())
    assert held.decide(operation, **fields).patients == {PATIENT}


@pytest.mark.parametrize(
    ("rows", "fields", "code"),
    [
        ([], {}, "referral_source_not_found"),
        ([source(deleted_at=EARLIER), figures()], {}, "referral_source_not_found"),
        ([source(), figures(), cost()], {"id": COST}, "already_exists"),
        ([source(), figures(), cost(deleted_at=EARLIER)], {"id": COST}, "already_exists"),
    ],
)
def test_a_new_cost_needs_its_source_and_an_id_that_is_free(
    rows: list[Any], fields: dict[str, Any], code: str
) -> None:
    """Nothing is spent otherwise."""
    assert store(*rows).refuse(CREATE_REFERRAL_SOURCE_COST, **SPENT, **fields).code == code


def test_a_period_does_not_end_before_it_begins() -> None:
    """Told before the source is looked for; in an update where both days are given."""
    backwards = {"period_start": "2026-12-31", "period_end": "2026-12-01"}
    new = {**SPENT, **backwards}
    assert wrong_fields(store().refuse(CREATE_REFERRAL_SOURCE_COST, **new)) == ORDER
    assert wrong_fields(store().refuse(UPDATE_REFERRAL_SOURCE_COST, **THIS, **backwards)) == ORDER


@pytest.mark.parametrize("change", [{"period_end": "2026-10-31"}, {"period_start": "2026-12-01"}])
def test_one_day_is_judged_by_the_other_that_is_held(change: dict[str, str]) -> None:
    """November, and a day outside of it on the wrong side."""
    held = store(source(), figures(), cost())
    assert wrong_fields(held.refuse(UPDATE_REFERRAL_SOURCE_COST, **THIS, **change)) == ORDER


def test_a_period_of_one_day_is_one() -> None:
    """Both days belong to it."""
    decided = store(source(), figures(), cost()).decide(
        UPDATE_REFERRAL_SOURCE_COST, **THIS, period_end="2026-11-01"
    )
    assert decided.events[0]["changed"] == "period_end"


@pytest.mark.parametrize(("amount", "total"), [("150.25", "230.25"), ("20.00", "100.00")])
def test_a_changed_amount_moves_the_total_by_the_difference(amount: str, total: str) -> None:
    """Up and down, from 200.00 of which 120.00 were this one's."""
    decided = store(source(), figures(cost="200.00"), cost()).decide(
        UPDATE_REFERRAL_SOURCE_COST, **THIS, amount=amount
    )
    assert decided.changes == {
        (SourceFigures, (SOURCE,)): {"total_cost": Decimal(total)},
        (ReferralSourceCost, (COST,)): {
            "amount": Decimal(amount),
            "version": 4,
            "updated_at": NOW,
        },
    }
    [event] = decided.events
    assert (event["type"], event["changed"]) == ("referral_source_cost.updated", "amount")


def test_a_change_of_nothing_is_neither_a_version_nor_an_event() -> None:
    """The same amount in other digits is the same amount."""
    decided = store(source(), figures(cost="200.00"), cost()).decide(
        UPDATE_REFERRAL_SOURCE_COST, **THIS, amount="120.0"
    )
    assert (decided.status, decided.data.version) == (200, 3)
    assert (decided.changes, decided.outgoing) == ({}, [])


def test_an_archived_cost_leaves_the_total() -> None:
    """204, and an event with the last state."""
    decided = store(source(), figures(cost="200.00"), cost()).decide(
        ARCHIVE_REFERRAL_SOURCE_COST, **THIS
    )
    assert (decided.status, decided.data) == (204, None)
    assert decided.changes == {
        (SourceFigures, (SOURCE,)): {"total_cost": Decimal("80.00")},
        (ReferralSourceCost, (COST,)): {"deleted_at": NOW, "version": 4, "updated_at": NOW},
    }
    [event] = decided.events
    assert (event["type"], event["data"]["amount"]) == ("referral_source_cost.archived", "120.00")


@pytest.mark.parametrize("operation", [UPDATE_REFERRAL_SOURCE_COST, ARCHIVE_REFERRAL_SOURCE_COST])
@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "referral_source_not_found"),
        ([source(deleted_at=EARLIER), figures(), cost()], "referral_source_not_found"),
        ([source(), figures()], "referral_source_cost_not_found"),
        ([source(), figures(), cost(deleted_at=EARLIER)], "referral_source_cost_not_found"),
        (
            [source(), figures(), cost(referral_source_id=OTHER_SOURCE)],
            "referral_source_cost_not_found",
        ),
        ([source(), figures(), cost(version=2)], "version_conflict"),
    ],
)
def test_a_cost_is_there_hangs_on_its_source_and_has_not_changed(
    operation: Any, rows: list[Any], code: str
) -> None:
    """The source before the cost, and its version last."""
    assert store(*rows).refuse(operation, **THIS).code == code
