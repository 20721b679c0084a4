"""Tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.edge.tokens.token import Token, TokenKind, id_of, new_secret, sha256_of

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def token(**changed: Any) -> Token:
    """A program's token for everything in org_1."""
    given = {
        "id": "abcd1234",
        "sha256": "0" * 64,
        "client": "desk",
        "orgs": ["org_1"],
        "operations": ["*"],
    }
    return Token(**{**given, **changed})


def test_a_secret_is_new_and_has_its_form() -> None:
    """`hnd_`, its id, 256 random bits."""
    written = [new_secret() for _ in range(50)]
    assert len({secret for _, secret in written}) == 50
    for identity, secret in written:
        assert id_of(secret) == identity
        assert len(secret) == 4 + 8 + 1 + 43
        assert secret.startswith(f"hnd_{identity}_")


@pytest.mark.parametrize(
    "text",
    ["", "hnd_", "hnd_abcd1234_short", f"HND_abcd1234_{'x' * 43}", f"hnd_ABCD1234_{'x' * 43}"],
)
def test_what_is_no_token(text: str) -> None:
    """It has no id."""
    assert id_of(text) is None


def test_what_is_kept_is_a_hash() -> None:
    """SHA-256 of the whole of it (FIPS 180-4's example)."""
    assert sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_when_it_is_valid() -> None:
    """Before it expires and until it is revoked; at that moment no more."""
    assert token().valid_at(NOW)
    for name in ("expires_at", "revoked_at"):
        assert token(**{name: NOW + timedelta(seconds=1)}).valid_at(NOW)
        assert not token(**{name: NOW}).valid_at(NOW)


def test_what_it_may() -> None:
    """Its orgs and its operations, as the services' grants have them."""
    reader = token(operations=["*.get", "referral_partner.*"])
    assert reader.may("org_1", "referral.get")
    assert reader.may("org_1", "referral_partner.create")
    assert not reader.may("org_1", "referral.create")
    assert not reader.may("org_2", "referral.get")
    assert token(orgs=["*"]).may("any", "referral.get")


def test_who_submits_may_do_nothing_else() -> None:
    """Whatever its operations say."""
    page = token(kind=TokenKind.SUBMIT)
    assert page.may("org_1", "intake.submit")
    assert not page.may("org_1", "referral.get")
    assert not page.may("org_2", "intake.submit")


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": TokenKind.PERSON},
        {"actor": "u-17"},
        {"client": "a/b"},
        {"client": ""},
        {"client": "x" * 64},
        {"id": "ABCD1234"},
        {"sha256": "0"},
        {"orgs": ["no org"]},
        {"expires_at": datetime(2026, 1, 1)},  # noqa: DTZ001  # no offset: whose time is it?
        {"secret": "x"},
    ],
)
def test_what_no_token_is_like(changed: dict[str, Any]) -> None:
    """A person's has an actor and no other; a client's name is no path; times are aware."""
    with pytest.raises(ValidationError):
        token(**changed)
