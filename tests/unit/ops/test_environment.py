"""The variables that a running `handoff up` lends."""

import os
from pathlib import Path

import pytest

from ops import environment
from tests.unit.ops.unreachable import REFERRALS


def test_a_running_up_lends_its_variables_and_a_dead_one_does_not() -> None:
    """The lock tells them apart; nobody else can read the file."""
    with environment.the_only_up() as announce:
        announce(REFERRALS)
        assert environment.up_file().stat().st_mode & 0o777 == 0o600
        assert environment.variables_of_running_up() == REFERRALS
        second = pytest.raises(environment.CannotGoOn)
        with second, environment.the_only_up():
            pass
    assert not environment.up_file().exists()
    environment.up_file().write_text("REFERRALS_RABBITMQ_URL=amqp://left/behind\n")
    assert environment.variables_of_running_up() == {}


def test_an_up_that_starts_has_no_variables_yet() -> None:
    """No empty file that looks like one, and not what a killed one left behind."""
    environment.up_file().parent.mkdir()
    environment.up_file().write_text("REFERRALS_RABBITMQ_URL=amqp://left/behind\n")
    with environment.the_only_up():
        assert environment.variables_of_running_up() == {}
        assert not environment.up_file().exists()


def test_the_variables_of_an_up_are_there_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads meanwhile finds no file, and none of the secrets is open to others."""
    seen = []

    def write(path: Path, text: str) -> None:
        seen.append((environment.up_file().exists(), path.stat().st_mode & 0o777))
        whole(path, text)

    whole = Path.write_text
    monkeypatch.setattr(Path, "write_text", write)
    with environment.the_only_up() as announce:
        announce(REFERRALS)
        assert environment.variables_of_running_up() == REFERRALS
    assert seen == [(False, 0o600)]


def test_a_set_variable_is_not_overruled_by_a_running_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unset or empty is filled in."""
    monkeypatch.setenv("REFERRALS_RABBITMQ_URL", "amqp://mine/")
    monkeypatch.setenv("REFERRALS_DATABASE_URL", "")
    with environment.the_only_up() as announce:
        announce(REFERRALS)
        assert environment.adopt_running_up()
    assert os.environ["REFERRALS_RABBITMQ_URL"] == "amqp://mine/"
    assert os.environ["REFERRALS_DATABASE_URL"] == REFERRALS["REFERRALS_DATABASE_URL"]
