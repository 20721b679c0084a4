"""Times, dates and ids as they come in and go out."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.shapes import Shape
from contracts.values import (
    Date,
    NamedPlannedTime,
    OrgId,
    PlannedTime,
    Time,
    Uuid,
    format_time,
    offset_minutes,
    parse_time,
)
from tests.unit.contracts.judging import refusal, taken


class Moment(Shape):
    """A shape with nothing but a time."""

    at: Time


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
        ("2026-01-31t09:30:00z", "2026-01-31T09:30:00Z"),
        ("2026-01-31T09:30:00+02:00", "2026-01-31T07:30:00Z"),
        ("2026-01-31T23:30:00-05:30", "2026-02-01T05:00:00Z"),
        ("2026-01-31T09:30:00-00:00", "2026-01-31T09:30:00Z"),
        ("2026-01-31T09:30:00.5Z", "2026-01-31T09:30:00.500000Z"),
        ("2026-01-31T09:30:00.123456Z", "2026-01-31T09:30:00.123456Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12-31T23:59:59+23:59", "9999-12-31T00:00:59Z"),
    ],
)
def test_a_time_comes_in_with_any_offset_and_goes_out_in_utc_with_z(text: str, shown: str) -> None:
    """RFC 3339 in; UTC with `Z` out, the same moment."""
    assert Moment.model_validate({"at": text}).model_dump(mode="json") == {"at": shown}


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T09:30:00",
        "2026-01-31",
        "2026-01-31T09:30Z",
        "2026-01-31 09:30:00Z",
        "20260131T093000Z",
        "2026-W05-6T09:30:00Z",
        "2026-01-31T09:30:00+0200",
        "2026-01-31T09:30:00+02",
        "2026-01-31T09:30:00+02:00:30",
        "2026-01-31T09:30:00+01:60",
        "2026-01-31T09:30:00,5Z",
        "2026-01-31T09:30:00.Z",
        "+2026-01-31T09:30:00Z",
        " 2026-01-31T09:30:00Z",
        "2026-01-31T09:30:00Z\n",
        "٢٠٢٦-01-31T09:30:00Z",
        "1769851800",
        "now",
        "",
    ],
)
def test_a_time_without_an_offset_or_in_another_form_is_refused(text: str) -> None:
    """Whoever leaves out the offset has not said when."""
    assert refusal(Time, text) == "time_format"


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31t24:00:00.000000+01:00",
        "2026-01-31T24:00:01Z",
        "2026-01-31T23:60:00Z",
        "2026-12-31T23:59:60Z",
        "2026-01-31T09:30:00+24:00",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_a_time_that_does_not_exist_or_leaves_the_years_1_to_9999_is_refused(text: str) -> None:
    """A moment outside of the calendar, also once its offset is taken away, is refused."""
    assert refusal(Time, text) == "time_value"


@pytest.mark.parametrize("value", [1769851800, 1769851800.0, True, ["2026-01-31T09:30:00Z"], {}])
def test_only_a_string_is_a_time(value: object) -> None:
    """JSON types are exact: a number of seconds is no time."""
    assert refusal(Time, value) == "datetime_type"


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_that_went_out_comes_in_as_the_same_moment(moment: datetime) -> None:
    """parse_time reads what format_time writes."""
    text = format_time(moment)
    assert text.endswith("Z") and "+" not in text
    assert parse_time(text) == moment


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)),  # noqa: DTZ001
    st.integers(min_value=-1439, max_value=1439),
)
def test_an_offset_never_changes_the_moment(local: datetime, offset_minutes: int) -> None:
    """The same moment said with any offset is the same text out."""
    moment = local.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    assert format_time(parse_time(moment.isoformat(timespec="microseconds"))) == format_time(moment)


@pytest.mark.parametrize(
    ("text", "held"), [("1984-03-09", date(1984, 3, 9)), ("2024-02-29", date(2024, 2, 29))]
)
def test_a_date_is_a_day_of_the_calendar(text: str, held: date) -> None:
    """`YYYY-MM-DD`, and nothing else."""
    assert taken(Date, text) == held


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("19840309", "date_format"),
        ("1984-3-9", "date_format"),
        ("1984-03-09T00:00:00Z", "date_format"),
        ("1984-W10-5", "date_format"),
        ("09.03.1984", "date_format"),
        ("", "date_format"),
        ("1984-02-30", "date_value"),
        ("0000-01-01", "date_value"),
        (19840309, "date_type"),
    ],
)
def test_any_other_form_of_a_date_is_refused(value: object, error: str) -> None:
    """A date has one spelling; one that does not exist is none."""
    assert refusal(Date, value) == error


@pytest.mark.parametrize(
    "text",
    [
        "0192d4e0-7b1a-7c3d-8e4f-123456789abc",
        "0192D4E0-7B1A-7C3D-8E4F-123456789ABC",
        "0192d4e07b1a7c3d8e4f123456789abc",
        "0192D4E07B1A7C3D8E4F123456789ABC",
    ],
)
def test_a_uuid_comes_in_with_its_dashes_or_without_and_goes_out_with_them(text: str) -> None:
    """In either case of letters it is the same one."""
    assert str(taken(Uuid, text)) == "0192d4e0-7b1a-7c3d-8e4f-123456789abc"


def test_any_uuid_is_an_id() -> None:
    """The nil one too, of whatever version."""
    nil = "00000000-0000-0000-0000-000000000000"
    assert taken(Uuid, nil) == UUID(nil)


@pytest.mark.parametrize(
    "text",
    [
        "0192d4e0-7b1a7c3d8e4f123456789abc",
        "0192d4e07b1a7c3d8e4f123456789ab",
        "{0192d4e0-7b1a-7c3d-8e4f-123456789abc}",
        "urn:uuid:0192d4e0-7b1a-7c3d-8e4f-123456789abc",
        "0192d4e0-7b1a-7c3d-8e4f-123456789ab",
        "0192d4e0-7b1a-7c3d-8e4f-123456789abcd",
        "0192d4e0-7b1a-7c3d-8e4f-123456789abg",
        "0192d4e07-b1a-7c3d-8e4f-123456789abc",
        " 0192d4e0-7b1a-7c3d-8e4f-123456789abc",
        "0192d4e0-7b1a-7c3d-8e4f-123456789abc\n",
        "٠192d4e0-7b1a-7c3d-8e4f-123456789abc",
        "",
    ],
)
def test_any_other_form_of_a_uuid_is_refused(text: str) -> None:
    """All dashes or none, and nothing around them."""
    assert refusal(Uuid, text) == "uuid_parsing"


@pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {}])
def test_only_a_string_is_a_uuid(value: object) -> None:
    """JSON types are exact."""
    assert refusal(Uuid, value) == "is_instance_of"


@pytest.mark.parametrize("org", ["a", "org_1", "ORG-2", "0", "-", "_", "x" * 64])
def test_an_org_id_is_1_to_64_of_letters_digits_underscore_and_hyphen(org: str) -> None:
    """The org's own spelling is kept."""
    assert taken(OrgId, org) == org


@pytest.mark.parametrize(
    "org", ["", "x" * 65, "a b", "a,b", "a.b", "ä", "a\n", "\na", "a\x00", "a'b", "*", "٣"]
)
def test_any_other_org_id_is_refused(org: str) -> None:
    """A comma would name two orgs to the database; a newline at the end is no part of an id."""
    assert refusal(OrgId, org) == "string_pattern_mismatch"


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00", "1899-12-31T12:00:00-08:00"]
)
def test_a_programs_zero_time_is_no_time_that_somebody_set(text: str) -> None:
    """Year 1 is what .NET and Go write where nothing was set: a partner was asked to answer by
    it."""
    assert refusal(NamedPlannedTime, text) == "time_value"
    assert refusal(PlannedTime, "0001-01-01T00:00:00Z") == "time_value"
    shown = taken(NamedPlannedTime, "1900-01-01T00:00:00-08:00")
    assert (shown.year, offset_minutes(shown)) == (1900, -480)
