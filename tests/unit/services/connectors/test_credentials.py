"""Secrets of a connection: stored, checked and read."""

from pathlib import Path
from uuid import UUID

import pytest

from services.connectors.asking.answers import RunFailed
from services.connectors.credentials import (
    WrongSecret,
    check_secrets,
    hash_of_key,
    new_customer_key,
    not_here,
    secret_of,
    stored_secrets,
)
from services.connectors.sealing import Sealer

CONNECTION = UUID("e73740f7-c6b8-5352-a67e-09fe33daac21")
SEALER = Sealer("5f" * 32)


def stored(value: str) -> dict[str, dict[str, str]]:
    """One secret as it is stored."""
    return stored_secrets({"customer_key": value}, SEALER, "org_1", CONNECTION)


def test_a_secret_is_read_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a variable or a file at each run, so that a changed key needs no command; or sealed."""
    monkeypatch.setenv("OD_KEY", "from-variable")
    file = tmp_path / "key"
    file.write_text("from-file\n")
    for given, used in (
        ("env:OD_KEY", "from-variable"),
        (f"file:{file}", "from-file"),
        ("typed", "typed"),
        ("typed:with:colons", "typed:with:colons"),
    ):
        assert "typed" not in str(stored(given))
        assert secret_of(stored(given), "customer_key", SEALER, "org_1", CONNECTION) == used
        assert not_here(stored(given)) == []


@pytest.mark.parametrize("held", [{}, {"customer_key": {"reference": "env:NOBODY_SET_IT"}}])
def test_a_secret_that_is_not_there_needs_a_person(held: dict[str, object]) -> None:
    """secret_unavailable; no text names it."""
    with pytest.raises(RunFailed) as failed:
        secret_of(held, "customer_key", SEALER, "org_1", CONNECTION)
    assert str(failed.value) == "secret_unavailable"


@pytest.mark.parametrize(
    "value", ["", "env:", "env:TWO WORDS", "env:1ST", "file:", "file:key", "file:./key"]
)
def test_what_can_refer_to_nothing_is_no_secret(value: str) -> None:
    """A path that is not whole is another file in each folder that a service is started from."""
    with pytest.raises(WrongSecret, match="customer_key"):
        stored(value)


def test_a_reference_that_leads_to_nothing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its field: the same is unset, empty, a folder, not text or not there."""
    monkeypatch.setenv("OD_EMPTY", "")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "other").write_bytes(b"\xff\xfe\x00")
    for reference, why in (
        ("env:NOBODY_SET_IT", "is empty or not set"),
        ("env:OD_EMPTY", "is empty or not set"),
        (f"file:{tmp_path}/empty", "is empty or not set"),
        (f"file:{tmp_path}/other", "is no text"),
        (f"file:{tmp_path}", "cannot be read (Is a directory)"),
        (f"file:{tmp_path}/none", "cannot be read (No such file or directory)"),
    ):
        assert not_here(stored(reference)) == [f"customer_key: {reference} {why}"]


def test_all_secrets_are_there_and_no_other() -> None:
    """Which are lacking, or are of no use, is told."""
    check_secrets(("client_id", "client_secret"), {"client_secret": 1, "client_id": 1})
    with pytest.raises(WrongSecret, match=r"^Secrets are lacking: client_id, client_secret$"):
        check_secrets(("client_id", "client_secret"), {})
    with pytest.raises(
        WrongSecret, match=r"not used with these options: api_key \(used: client_id"
    ):
        check_secrets(("client_id",), {"client_id": 1, "api_key": 1})


def test_of_our_own_key_only_the_hash_is_stored() -> None:
    """Each is another one."""
    (key, held), (other, _) = new_customer_key(), new_customer_key()
    assert held == {"customer_key": {"sha256": hash_of_key(key)}}
    assert key != other and not_here(held) == []
