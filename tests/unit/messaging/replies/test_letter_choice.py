"""Choosing among dead letters, and their groups."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from messaging.replies.dead_letter import Summary
from messaging.replies.letter_choice import Choice, Group, by_cause, read_time

ONE = Summary(
    position=1,
    identity=UUID(int=1),
    message_id="01930000-0000-7000-8000-0000000000ab",
    problem_code="forbidden",
    failed_at="2026-01-05T08:00:00Z",
    operation="patient.put",
    user_id="crm",
    org_id="org_a",
    by_broker=False,
    size=2,
)
SILENT = replace(
    ONE, position=2, problem_code=None, failed_at=None, operation=None, user_id=None, org_id=None
)
EIGHT = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "one", "silent"),
    [
        ({}, True, True),
        ({"number": 2}, False, True),
        ({"message_id": "01930000-0000-7000-8000-0000000000AB"}, True, True),
        ({"message_id": "01930000"}, False, False),
        ({"operation": "patient.put"}, True, False),
        ({"operation": "patient"}, False, False),
        ({"operation": "-", "cause": "-", "client": "-", "org_id": "-"}, False, True),
        ({"cause": "forbidden", "client": "desk"}, False, False),
        ({"since": EIGHT}, True, False),
        ({"until": EIGHT}, False, False),
        ({"since": EIGHT - timedelta(days=1), "until": EIGHT + timedelta(seconds=1)}, True, False),
    ],
)
def test_all_that_is_asked_must_hold(asked: dict[str, Any], one: bool, silent: bool) -> None:
    """What a letter does not say is chosen by a dash; a time that it lacks is within none."""
    choice = Choice(**asked)
    assert (choice(ONE), choice(SILENT)) == (one, silent)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-05T08:00:00Z", EIGHT),
        ("2026-01-05T09:00:00+01:00", EIGHT),
        ("2026-01-05T08:00:00", None),
        ("Monday", None),
        (None, None),
    ],
)
def test_a_time_has_a_zone(text: str | None, time: datetime | None) -> None:
    """A client may have written anything where the time of parking belongs."""
    assert read_time(text) == time


def test_groups_come_largest_first() -> None:
    """Equal ones by what they asked for; each with its first and its last."""
    later = "2026-01-06T08:00:00Z"
    letters = [
        SILENT,
        ONE,
        replace(ONE, position=3, operation="patient.archive"),
        replace(ONE, position=4, failed_at=later),
    ]
    assert by_cause(letters) == [
        Group("patient.put", "forbidden", 2, ONE.failed_at, later, 1),
        Group("-", "-", 1, None, None, 2),
        Group("patient.archive", "forbidden", 1, ONE.failed_at, ONE.failed_at, 3),
    ]
    assert by_cause([]) == []
