"""Logs: an allow-list of fields, so that no value of a message can get into a line."""

import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import structlog

from messaging.telemetry import logs
from tests.support.broker.deliveries import MESSAGE_ID

CANARY = "Kanarienvogel"


@pytest.fixture(autouse=True)
def settings_of_before() -> Iterator[None]:
    """Restores how this process logs."""
    held = structlog.get_config()
    bound = structlog.contextvars.get_contextvars()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**held)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**bound)


def configured(log_format: logs.LogFormat) -> Any:
    """A logger of its own, so that none that was cached before is used."""
    logs.configure("referrals", log_format)
    structlog.configure(cache_logger_on_first_use=False)
    return structlog.get_logger(component="tests")


@pytest.mark.parametrize("log_format", list(logs.LogFormat))
def test_a_field_that_is_not_on_the_list_is_not_written(
    capsys: pytest.CaptureFixture[str], log_format: logs.LogFormat
) -> None:
    """Whatever a careless call hands over: a body, a name, an error with its text."""
    log = configured(log_format)
    log.warning("careless", body=CANARY, name=CANARY, patient={"name": CANARY}, input_value=CANARY)
    log.warning("careless", email=CANARY, phone=CANARY, reason=CANARY, params=[CANARY])
    try:
        raise ValueError(CANARY)
    except ValueError:
        log.exception("careless")
        log.warning("careless", exc_info=True, stack_info=True)
    written = capsys.readouterr()
    assert written.err.count("careless") == 4
    assert CANARY not in written.err + written.out


def test_a_json_line_holds_the_allowed_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line: when, how bad, which service, which part, what; then the ids."""
    configured(logs.LogFormat.JSON).info("message failed", org_id="org_1", error="ValueError")
    line = json.loads(capsys.readouterr().err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "message failed",
        "level": "info",
        "service": "referrals",
        "component": "tests",
        "org_id": "org_1",
        "error": "ValueError",
    }


def test_libraries_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """They log what they were given: an SQL parameter, a returned message, a validation error."""
    configured(logs.LogFormat.JSON)
    for name in ("sqlalchemy.engine", "aiormq.channel", "asyncio", "aiohttp.server", "x"):
        logging.getLogger(name).error("quotes %s", CANARY)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("value", [MESSAGE_ID, MESSAGE_ID.upper()])
def test_an_id_of_a_client_may_be_logged(value: str) -> None:
    """A UUID, as text or as what it is."""
    assert logs.identifier(value) == value
    assert logs.identifier(UUID(value)) == MESSAGE_ID


@pytest.mark.parametrize(
    "value", ["Paul Pace", "Pace", "19310723", "", None, f"{MESSAGE_ID}\n", f"{MESSAGE_ID}x", "ä"]
)
def test_what_may_be_more_than_an_id_is_not_logged(value: str | None) -> None:
    """A client can write a name into any property."""
    assert logs.identifier(value) is None
