"""Options of a connection."""

from datetime import UTC, date, datetime, tzinfo
from typing import Any

import pytest
from pydantic import ValidationError

from services.connectors.config import AlfaDocsOptions, OpenDentalOptions, ServerOptions

OF_ALFADOCS: dict[str, Any] = {"practice": 1, "archive": 1}


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


@pytest.mark.parametrize(
    "base",
    [
        "",
        "api.opendental.com/api/v1",
        "ftp://10.0.0.5/api/v1",
        "https://user:password@api.example/v1",
        "https://:password@api.example/v1",
        "https:///api/v1",
        "https://api.example/v1?key=1",
        "https://api.example/v1#part",
        "https://[::1/api",
    ],
)
def test_an_address_that_cannot_be_asked_is_no_base(base: str) -> None:
    """Of both systems; what is refused is not quoted, for it may hold a password."""
    zone = "America/Chicago"
    for make in (
        lambda: OpenDentalOptions(time_zone=zone, bases=("https://api.example/v1", base)),
        lambda: AlfaDocsOptions(base=base, **OF_ALFADOCS),
    ):
        with pytest.raises(ValidationError, match="Must be an address like https://") as refused:
            make()
        assert "password" not in str(refused.value.errors(include_input=False))
    assert OpenDentalOptions(time_zone=zone, bases=("http://10.0.0.5:30223/api/v1",)).asked
    with pytest.raises(ValidationError):
        OpenDentalOptions(time_zone=zone, bases=())


def test_a_code_is_sent_back_over_https_or_to_this_machine() -> None:
    """RFC 6749, section 3.1.2.1; RFC 8252, section 7.3. OAuth2 needs one, a key none."""
    for address in ("https://handoff.example/callback", "http://127.0.0.1:8080/callback"):
        assert AlfaDocsOptions(redirect_uri=address, **OF_ALFADOCS).redirect_uri == address
    with pytest.raises(ValidationError, match="Must be https, or lead to this machine"):
        AlfaDocsOptions(redirect_uri="http://handoff.example/callback", **OF_ALFADOCS)
    with pytest.raises(ValidationError, match="oauth needs redirect_uri"):
        AlfaDocsOptions(oauth=True, **OF_ALFADOCS)
    held = AlfaDocsOptions(**OF_ALFADOCS).model_dump(mode="json")
    assert AlfaDocsOptions(**held).redirect_uri == ""


def test_options_say_which_secrets_they_work_with() -> None:
    """AlfaDocs takes the key or OAuth2, never both."""
    allowed = {"oauth": True, "redirect_uri": "https://handoff.example/callback", **OF_ALFADOCS}
    assert AlfaDocsOptions(**OF_ALFADOCS).secrets == ("api_key",)
    assert AlfaDocsOptions(**allowed).secrets == ("client_id", "client_secret")
    zone = OpenDentalOptions(time_zone="America/Chicago")
    assert zone.secrets == ("developer_key", "customer_key")
    assert ServerOptions().secrets == ("customer_key",)
