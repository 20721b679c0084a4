"""`handoff doctor` without servers: what is wrong with settings and grants."""

from pathlib import Path

import pytest

from tests.support.services.command_line import handoff
from tests.unit.ops.unreachable import DISPATCH, REFERRALS


def test_doctor_finds_what_is_wrong_and_fails() -> None:
    """Nothing is set: the variables are named, each complaint once."""
    ended = handoff("doctor", **{"DISPATCH_TYPO": "1", **DISPATCH})
    assert ended.exit_code == 1
    lines = [one for one in ended.stdout.splitlines() if "WRONG" in one]
    assert sum("REFERRALS_DATABASE_URL is not set" in one for one in lines) == 1
    assert any("no such setting: DISPATCH_TYPO" in one for one in lines)
    assert any("DISPATCH_DATABASE_URL: no PostgreSQL to be used" in one for one in lines)
    assert any("DISPATCH_RABBITMQ_URL: no RabbitMQ to be used" in one for one in lines)
    assert "secret" not in ended.stdout


@pytest.mark.parametrize(("key", "is_told"), [("a" * 31, True), ("a" * 32, False), ("", False)])
def test_doctor_notes_a_signing_key_that_can_be_guessed(key: str, is_told: bool) -> None:
    """An empty one is a wrong setting, and told as one."""
    told = " ".join(handoff("doctor", **{**DISPATCH, "DISPATCH_SIGNING_KEY": key}).stdout.split())
    assert ("note signing key: DISPATCH_SIGNING_KEY is short" in told) is is_told
    assert ("DISPATCH_SIGNING_KEY: is empty" in told) is (key == "")


def test_doctor_finds_a_grant_of_no_operation(tmp_path: Path) -> None:
    """The client and the pattern are named; one for the other service is as it should be."""
    grants = tmp_path / "grants.toml"
    patterns = '["referal.*", "ereferral.*"]'
    grants.write_text(f'[[clients]]\nuser = "crm"\norgs = ["*"]\noperations = {patterns}\n')
    looked = handoff("doctor", REFERRALS_CLIENT_GRANTS_FILE=str(grants), **REFERRALS)
    found = [line.split()[0] for line in looked.stdout.splitlines() if f"grants: {grants}" in line]
    assert found == ["fine", "WRONG"]
    assert f"{grants} grants 'crm' 'referal.*', and no operation is called so" in looked.stdout
