"""Options and secrets as a person types them to add a connection."""

import io
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.connecting import System
from ops.connections import arguments
from ops.connections.arguments import SECRETS, flagged, read_options, read_secrets, unfit
from ops.environment import WrongArgument
from services.connectors.config import OPTIONS, OpenDentalOptions
from services.connectors.settings import ConnectorsSettings

KEYS = ("developer_key=env:OD_DEVELOPER", "customer_key=-")


@pytest.fixture
def settings() -> ConnectorsSettings:
    """With a key to seal under."""
    return ConnectorsSettings.model_validate(
        {
            "database_url": "postgresql+asyncpg://handoff@127.0.0.1/handoff",
            "rabbitmq_url": "amqp://handoff@127.0.0.1",
            "secret_key": "5f" * 32,
        }
    )


def read(
    settings: ConnectorsSettings,
    given: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str = "",
    system: System = System.OPENDENTAL,
) -> dict[str, Any]:
    """Secrets as they are read while somebody types."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return read_secrets(settings, "org_1", system, "main", given)


def test_options_are_names_and_values() -> None:
    """As their class takes them; a hyphen is as good as an underscore."""
    given = ["time-zone=America/Chicago", "bases=https://a.example,https://b.example"]
    assert read_options(System.OPENDENTAL, given) == {
        "time_zone": "America/Chicago",
        "bases": ("https://a.example", "https://b.example"),
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["nothing=1"], "opendental has no option 'nothing'; options: bases, country, "),
        (["time_zone"], "--set is NAME=VALUE; options: "),
        (["keep=tin", "keep=ssn"], "--set keep is given twice"),
    ],
)
def test_an_option_that_there_is_not_is_named(given: list[str], told: str) -> None:
    """And those that there are."""
    with pytest.raises(WrongArgument) as wrong:
        read_options(System.OPENDENTAL, given)
    assert str(wrong.value).startswith(told)


def test_a_typed_secret_is_sealed(
    settings: ConnectorsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reference is kept as it is."""
    kept = read(settings, KEYS, monkeypatch, "typed-8f2a\n")
    assert kept["developer_key"] == {"reference": "env:OD_DEVELOPER"}
    assert list(kept["customer_key"]) == ["sealed"] and "typed-8f2a" not in str(kept)


def test_at_a_terminal_nobody_reads_it_over_a_shoulder(
    settings: ConnectorsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for by its field, without an echo."""
    asked: list[str] = []

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def getpass(prompt: str) -> str:
        asked.append(prompt)
        return "typed-8f2a"

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr(arguments, "getpass", getpass)
    kept = read_secrets(settings, "org_1", System.OPENDENTAL, "main", KEYS)
    assert asked == ["customer_key: "] and list(kept["customer_key"]) == ["sealed"]


@pytest.mark.parametrize(
    ("given", "typed", "told"),
    [
        (["customer_key=-"], "", "--secret customer_key=-: nothing was typed"),
        (["customer_key=-"], "  \n", "--secret customer_key=-: nothing was typed"),
        (["customer_key=-"], "env:OD\n", "--secret customer_key=-: type the value"),
        (["customer_key="], "", "--secret customer_key= is empty"),
        (["customer_key=plain-8f2a"], "", "--secret customer_key=… would stay"),
        (["password=env:X"], "", "opendental has no secret 'password': --secret is FIELD="),
        (["plain-8f2a=="], "", "--secret is FIELD=env:VAR"),
        (["plain-8f2a"], "", "--secret is FIELD=env:VAR"),
        (["customer_key=env:A", "customer_key=env:B"], "", "--secret customer_key is given twice"),
        (["customer_key=file:key"], "", "--secret customer_key: behind file: stands a whole path"),
        (["customer_key=env:"], "", "--secret customer_key: behind env: stands the name"),
    ],
)
def test_what_is_no_secret_is_told_without_its_value(
    settings: ConnectorsSettings,
    monkeypatch: pytest.MonkeyPatch,
    given: list[str],
    typed: str,
    told: str,
) -> None:
    """What stands in a command stays in the shell's history; what ends with = may be a key."""
    with pytest.raises(WrongArgument) as wrong:
        read(settings, given, monkeypatch, typed)
    assert str(wrong.value).startswith(told) and "8f2a" not in str(wrong.value)


def test_our_own_interface_takes_no_secret(
    settings: ConnectorsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is made here."""
    with pytest.raises(WrongArgument, match="fields: none, its key is made here"):
        read(settings, ["customer_key=-"], monkeypatch, "x\n", System.OPENDENTAL_SERVER)


def test_each_secret_that_options_may_want_can_be_given() -> None:
    """And no other."""
    for system in (System.OPENDENTAL, System.ALFADOCS):
        wanted: set[str] = set()
        for oauth in (False, True):
            values: dict[str, Any] = (
                {"oauth": oauth} if "oauth" in OPTIONS[system].model_fields else {}
            )
            wanted |= set(OPTIONS[system].model_construct(**values).secrets)
        assert wanted == set(SECRETS[system])


@pytest.mark.parametrize(
    ("system", "given", "told"),
    [
        (System.OPENDENTAL, "interval_minutes=often", "Must be a whole number"),
        (System.OPENDENTAL, "interval_minutes=1.5", "Must be a whole number"),
        (System.OPENDENTAL, "interval_minutes=99999999999999999999", "Must be at most 43200"),
        (System.ALFADOCS, "interval_minutes=14", "Must be at least 15"),
        (System.ALFADOCS, "practice=0", "Must be at least 1"),
        (System.OPENDENTAL, "write_back=ja", "Must be true or false"),
        (System.OPENDENTAL, "throttle=slow", "Must be 'read_all', 'remote' or 'none'"),
        (System.OPENDENTAL, "keep=all", "Must be 'nothing', 'tin' or 'ssn'"),
        (System.OPENDENTAL, "referrals_since=2026-02-30", "Must be a day such as 2026-01-31"),
        (System.OPENDENTAL, "referrals_since=2026-01-01 08:00", "Must be a day such as 2026-01-31"),
    ],
)
def test_a_value_that_does_not_fit_is_told_in_our_words(
    system: System, given: str, told: str
) -> None:
    """Not in those of a library."""
    with pytest.raises(WrongArgument) as refused:
        read_options(system, [given])
    assert str(refused.value) == f"--set {given.partition('=')[0]}: {told}"


def test_what_others_may_give_is_not_lacking_yet() -> None:
    """One that is changed has options already; they are put together with these later."""
    assert read_options(System.ALFADOCS, ["oauth=true"]) == {"oauth": "true"}


def test_no_option_is_told_in_the_words_of_a_library() -> None:
    """Whatever its type."""
    for system, options in OPTIONS.items():
        given = [f"{name}=?" for name in options.model_fields]
        with pytest.raises(WrongArgument) as refused:
            read_options(system, given)
        assert "Input should" not in str(refused.value)


def test_a_wrong_option_is_refused_before_a_service_is_loaded() -> None:
    """That takes seconds, and a person waits for them."""
    heavy = {"aiohttp", "alembic", "authlib", "faststream"}
    program = f"import sys, ops.connections.arguments; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        ({}, []),
        ({"keep_tin": True}, ["keep=tin"]),
        ({"keep_ssn": True, "apply_hints": True}, ["keep=ssn", "apply_hints=true"]),
        ({"patients": "all"}, ["patients=all"]),
    ],
)
def test_a_flag_is_an_option(flags: dict[str, Any], options: list[str]) -> None:
    """As if it were set."""
    nothing = {"patients": None, "keep_tin": False, "keep_ssn": False, "apply_hints": False}
    assert flagged(**{**nothing, **flags}) == options


def test_a_number_is_kept_in_one_way() -> None:
    """Of two that contradict each other neither is taken by itself."""
    with pytest.raises(WrongArgument, match="--keep-tin and --keep-ssn: give one"):
        flagged(patients=None, keep_tin=True, keep_ssn=True, apply_hints=False)


def test_all_that_does_not_fit_is_told_at_once() -> None:
    """By its name, without its value, as a person reads it."""
    with pytest.raises(ValidationError) as refused:
        OpenDentalOptions.model_validate(
            {"interval_minutes": 1, "bases": ["https://a:b@c.example"]}
        )
    told = str(unfit(refused.value))
    assert "--set time_zone=… is needed" in told
    assert "--set interval_minutes: Must be at least 5" in told
    assert "--set bases: Must be an address like" in told and "a:b" not in told
    with pytest.raises(ValidationError) as refused:
        OPTIONS[System.ALFADOCS].model_validate({"oauth": "yes", "practice": 1, "archive": 1})
    assert str(unfit(refused.value)) == "--set oauth needs redirect_uri as well"
