"""Options and secrets of a connection."""

from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.connectors.asking.answers import RunFailed
from services.connectors.config import (
    AlfaDocsOptions,
    OpenDentalOptions,
    reference_or_sealed,
    secret_of,
)
from services.connectors.sealing import Place, Sealer

CONNECTION = UUID("e73740f7-c6b8-5352-a67e-09fe33daac21")
SEALER = Sealer("5f" * 32)


def test_intervals_have_a_least() -> None:
    """Open Dental 5 minutes, AlfaDocs 15; unset 15 and 60."""
    zone = {"time_zone": "America/Chicago"}
    assert OpenDentalOptions.model_validate(zone).interval_minutes == 15
    assert AlfaDocsOptions(practice=1, archive=1).interval_minutes == 60
    with pytest.raises(ValidationError):
        OpenDentalOptions.model_validate({**zone, "interval_minutes": 4})
    with pytest.raises(ValidationError):
        AlfaDocsOptions(practice=1, archive=1, interval_minutes=14)


def test_an_open_dental_needs_its_time_zone() -> None:
    """Its stamps mean nothing without."""
    with pytest.raises(ValidationError):
        OpenDentalOptions.model_validate({})
    with pytest.raises(ValidationError):
        OpenDentalOptions(time_zone="America/Springfield")


@pytest.mark.parametrize(
    ("time_zone", "day"),
    [("America/Los_Angeles", date(2026, 11, 29)), ("Europe/Rome", date(2026, 11, 30))],
)
def test_drafts_are_made_from_the_day_on_that_it_is_at_the_server(
    time_zone: str, day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its referrals are dated so: in the evening of Los Angeles it is tomorrow in UTC already."""

    class Evening(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Evening":
            return cls(2026, 11, 30, 4, 0, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr("services.connectors.config.datetime", Evening)
    assert OpenDentalOptions.model_validate({"time_zone": time_zone}).referrals_since == day


def test_options_come_back_from_the_database_as_they_went() -> None:
    """As JSON."""
    options = OpenDentalOptions(time_zone="America/Chicago", referrals_since=date(2026, 1, 1))
    assert OpenDentalOptions(**options.model_dump(mode="json")) == options


def test_a_secret_is_read_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a variable or a file at each run, so that a changed key needs no command; or sealed."""
    monkeypatch.setenv("OD_KEY", "from-variable")
    file = tmp_path / "key"
    file.write_text("from-file\n")
    place = Place("org_1", CONNECTION, "customer_key")
    for given, used in (
        ("env:OD_KEY", "from-variable"),
        (f"file:{file}", "from-file"),
        ("typed", "typed"),
    ):
        stored = {"customer_key": reference_or_sealed(given, SEALER, place)}
        assert "typed" not in str(stored)
        assert secret_of(stored, "customer_key", SEALER, "org_1", CONNECTION) == used


@pytest.mark.parametrize("stored", [{}, {"customer_key": {"reference": "env:NOBODY_SET_IT"}}])
def test_a_secret_that_is_not_there_needs_a_person(stored: dict[str, object]) -> None:
    """secret_unavailable; no text names it."""
    with pytest.raises(RunFailed) as failed:
        secret_of(stored, "customer_key", SEALER, "org_1", CONNECTION)
    assert str(failed.value) == "secret_unavailable"
