"""Answer links: how tokens and codes are made, read, hashed and proven."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Refusal
from services.ereferral_dispatch.rules.answer_links import (
    ALPHABET,
    AnswerLinks,
    check_can_be_used,
    derive_code,
    derive_token,
    hash_code,
    hash_token,
    in_groups,
    is_proof,
    make_proof,
    read_token,
)

KEY, ORG = "test-signing-key", "org_1"
EREFERRAL = UUID("01930000-0000-7000-8000-00000000e001")
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LINKS = AnswerLinks("https://answer.example.org", (KEY,), timedelta(days=180))

tokens = st.text(ALPHABET, min_size=20, max_size=20)


def test_a_token_is_the_first_100_bits_in_crockfords_alphabet() -> None:
    """By another way to the same: RFC 4648's base32 has the same bits under other letters."""
    named = f"handoff/answer-link/token/{ORG}/{EREFERRAL}/1"
    digest = hmac.new(KEY.encode(), named.encode(), hashlib.sha256).digest()
    rfc4648 = base64.b32encode(digest).decode()[:20]
    in_crockfords = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET)
    assert derive_token(KEY, ORG, EREFERRAL, 1) == rfc4648.translate(in_crockfords)


def test_a_code_is_six_digits_of_a_hash_of_its_own() -> None:
    """With its leading zeros."""
    named = f"handoff/answer-link/code/{ORG}/{EREFERRAL}/1"
    digest = hmac.new(KEY.encode(), named.encode(), hashlib.sha256).digest()
    assert derive_code(KEY, ORG, EREFERRAL, 1) == str(int(digest.hex(), 16))[-6:]
    codes = {derive_code(KEY, ORG, EREFERRAL, epoch) for epoch in range(1, 200)}
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert any(code.startswith("0") for code in codes)


@given(
    key=st.text(min_size=1),
    org_id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    ereferral_id=st.uuids(),
    epoch=st.integers(1, 1_000),
)
def test_whatever_is_derived_can_be_read(
    key: str, org_id: str, ereferral_id: UUID, epoch: int
) -> None:
    """The same for the same, another for another epoch or e-referral; a token reads as itself."""
    token = derive_token(key, org_id, ereferral_id, epoch)
    assert token == derive_token(key, org_id, ereferral_id, epoch)
    assert read_token(token) == token
    assert read_token(in_groups(token)) == token
    assert token != derive_token(key, org_id, ereferral_id, epoch + 1)
    assert token != derive_token(key, org_id, UUID(int=ereferral_id.int ^ 1), epoch)


@given(token=tokens, data=st.data())
def test_a_token_is_read_however_it_is_written(token: str, data: st.DataObject) -> None:
    """Any case, hyphens anywhere, O for 0, I and L for 1 (crockford.com/base32.html)."""
    spellings = {"0": "0Oo", "1": "1IiLl"}
    written = "".join(
        data.draw(st.sampled_from(spellings.get(c, c + c.lower())))
        + "-" * data.draw(st.integers(0, 2))
        for c in token
    )
    assert read_token(written) == token


@given(st.text(max_size=40))
def test_whatever_else_is_written_is_no_token_or_of_its_alphabet(written: str) -> None:
    """Nothing falls over, and no text outside ASCII is taken for a letter that it resembles."""
    token = read_token(written)
    assert token is None or (set(token) <= set(ALPHABET) and written.isascii())


@pytest.mark.parametrize(
    "written",
    [
        "",
        "0123456789ABCDEFGHJ",
        "0123456789ABCDEFGHJKM",
        "U123456789ABCDEFGHJK",
        "0123456789ABCDEFGHJ ",
        "0123456789ABCDEFGHJſ",
        "0123456789ABCDEFGHJٱ",
        "../../../etc/passwd",
    ],
)
def test_what_is_no_token_is_none(written: str) -> None:
    """Too short, too long, a U, a space, letters of other scripts."""
    assert read_token(written) is None


def test_a_code_is_hashed_with_its_token() -> None:
    """A million codes are tried in a second; with 100 bits of token beside them they are not."""
    token = derive_token(KEY, ORG, EREFERRAL, 1)
    assert hash_token(token) == hashlib.sha256(token.encode()).digest()
    assert hash_code(token, "123456") == hashlib.sha256(f"{token}/123456".encode()).digest()
    assert hash_code(token, "123456") != hash_code(derive_token(KEY, ORG, EREFERRAL, 2), "123456")


def test_a_proof_holds_for_thirty_minutes_and_this_link_alone() -> None:
    """A renewal makes another code, and so ends it."""
    proof = make_proof(b"a" * 32, NOW)
    assert is_proof(proof, b"a" * 32, NOW + timedelta(minutes=29, seconds=59))
    assert not is_proof(proof, b"a" * 32, NOW + timedelta(minutes=30))
    assert not is_proof(proof, b"b" * 32, NOW)


@given(st.text(max_size=120) | st.from_regex(r"[0-9]{1,14}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_nothing_else_is_a_proof(written: str) -> None:
    """However it looks, with times that no calendar has."""
    assert not is_proof(written, b"a" * 32, NOW)


def test_a_proof_cannot_be_made_to_last() -> None:
    """Its end is signed."""
    _, _, signature = make_proof(b"a" * 32, NOW).partition(".")
    later = int((NOW + timedelta(days=1)).timestamp())
    assert not is_proof(f"{later}.{signature}", b"a" * 32, NOW)


@pytest.mark.parametrize(
    ("locked_at", "expires_at", "purged_at", "code"),
    [
        (NOW, NOW + timedelta(1), None, "answer_link_locked"),
        (NOW, NOW, NOW, "answer_link_locked"),
        (None, NOW, None, "answer_link_expired"),
        (None, NOW + timedelta(1), NOW, "answer_link_expired"),
    ],
)
def test_a_link_that_is_locked_or_over_cannot_be_used(
    locked_at: datetime | None, expires_at: datetime, purged_at: datetime | None, code: str
) -> None:
    """Locked is told before expired; without its package a link is expired."""
    with pytest.raises(Refusal) as refused:
        check_can_be_used(locked_at, expires_at, purged_at, NOW)
    assert refused.value.problem.code == code


def test_a_link_may_be_used_until_its_end() -> None:
    """To the microsecond."""
    check_can_be_used(None, NOW + timedelta(microseconds=1), None, NOW)


def test_a_letter_shows_the_link_that_is_stored_by_whichever_key_made_it() -> None:
    """After the key was changed, as long as the old one is at hand; a dead link is never shown."""
    made = LINKS.derive(ORG, EREFERRAL, 1)
    changed = replace(LINKS, signing_keys=("another", KEY))
    assert changed.in_letter(ORG, EREFERRAL, 1, made.token_hash) == made.letter
    forgotten = replace(LINKS, signing_keys=("another",))
    assert forgotten.in_letter(ORG, EREFERRAL, 1, made.token_hash) is None
    assert LINKS.in_letter(ORG, EREFERRAL, 2, made.token_hash) is None


def test_a_link_is_an_address_of_the_org_and_the_token_in_groups() -> None:
    """As people copy it."""
    token = derive_token(KEY, ORG, EREFERRAL, 1)
    shown = f"{token[:5]}-{token[5:10]}-{token[10:15]}-{token[15:]}"
    letter = LINKS.derive(ORG, EREFERRAL, 1).letter
    assert letter.url == f"https://answer.example.org/r/org_1/{shown}"
    assert letter.code == derive_code(KEY, ORG, EREFERRAL, 1)


def test_no_secret_is_in_a_repr() -> None:
    """Whatever a log or a traceback shows."""
    derived = LINKS.derive(ORG, EREFERRAL, 1)
    shown = repr((LINKS, derived, derived.letter))
    for secret in (KEY, derived.letter.url, derived.letter.code):
        assert secret not in shown
