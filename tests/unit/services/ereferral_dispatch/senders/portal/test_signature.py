"""Secrets and signatures of portals."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.ereferral_dispatch.senders.portal.signature import (
    hkdf_sha256,
    partner_secret,
    signed_headers,
    whsec,
)

PARTNER = UUID("01930000-0000-7000-8000-00000000b001")
# openssl kdf -keylen 32 -kdfopt digest:SHA2-256 -kdfopt key:signing-key
#   -kdfopt info:handoff/portal/org_sample/01930000-0000-7000-8000-00000000b001
#   -binary HKDF | base64
EXPECTED_WHSEC = "whsec_47utU5yq+F36hpJ+nT90IleOR1NkhLZyMnVGNb7PRG0="


@pytest.mark.parametrize(
    ("key", "salt", "info", "length_bytes", "output"),
    [
        (
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)).hex(),
            bytes(range(0x60, 0xB0)).hex(),
            bytes(range(0xB0, 0x100)).hex(),
            82,
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6"
            "5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            "0b" * 22,
            "",
            "",
            42,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
    ids=["A.1", "A.2", "A.3"],
)
def test_hkdf_gives_the_vectors_of_rfc_5869(
    key: str, salt: str, info: str, length_bytes: int, output: str
) -> None:
    """Appendix A, the test cases with SHA-256."""
    derived = hkdf_sha256(
        bytes.fromhex(key), bytes.fromhex(salt), bytes.fromhex(info), length_bytes
    )
    assert derived.hex() == output


@pytest.mark.parametrize("length_bytes", [0, -1, 255 * 32 + 1])
def test_hkdf_gives_no_more_than_it_can(length_bytes: int) -> None:
    """RFC 5869 section 2.3: at most 255 blocks."""
    with pytest.raises(ValueError):
        hkdf_sha256(b"key", b"", b"", length_bytes)


def test_a_secret_is_one_partners_of_one_org() -> None:
    """32 bytes that differ by key, org and partner, and are the same tomorrow."""
    other = UUID("01930000-0000-7000-8000-00000000b002")
    secret = partner_secret("key", "org_a", PARTNER)
    assert len(secret) == 32
    assert secret == partner_secret("key", "org_a", PARTNER)
    others = {
        partner_secret("key2", "org_a", PARTNER),
        partner_secret("key", "org_b", PARTNER),
        partner_secret("key", "org_a", other),
    }
    assert len(others | {secret}) == 4


def test_a_secret_is_derived_as_the_delivery_rules_say() -> None:
    """The expected value is OpenSSL's."""
    secret = partner_secret("signing-key", "org_sample", PARTNER)
    assert whsec(secret) == EXPECTED_WHSEC


def test_an_empty_key_signs_nothing() -> None:
    """Its secrets could be derived by anyone who reads the rules."""
    with pytest.raises(ValueError):
        partner_secret("", "org_a", PARTNER)


def test_a_receiver_verifies_with_the_library_that_it_is_told_to_use() -> None:
    """The headers of a body pass `standardwebhooks`; those of another body do not."""
    secret = partner_secret("key", "org_a", PARTNER)
    body = '{"name":"Zoë 林"}'.encode()
    headers = signed_headers([secret], "message-1", datetime.now(UTC), body)
    assert Webhook(whsec(secret)).verify(body, headers) == {"name": "Zoë 林"}
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(secret)).verify(b'{"name":"Zoe"}', headers)


def test_while_keys_are_changed_either_secret_verifies() -> None:
    """Two signatures, separated by a space, the new one first."""
    new, old = (partner_secret(key, "org_a", PARTNER) for key in ("new", "old"))
    headers = signed_headers([new, old], "message-1", datetime.now(UTC), b"{}")
    signatures = headers["webhook-signature"].split(" ")
    assert [signature[:3] for signature in signatures] == ["v1,", "v1,"]
    for secret in (new, old):
        assert Webhook(whsec(secret)).verify(b"{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(partner_secret("third", "org_a", PARTNER))).verify(b"{}", headers)


def test_the_timestamp_is_unix_time_whatever_the_clocks_offset() -> None:
    """The library reads the clock face as UTC; the instant is what counts."""
    at = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
    local = at.astimezone(timezone(timedelta(hours=-6)))
    secret = partner_secret("key", "org_a", PARTNER)
    assert signed_headers([secret], "1", at, b"{}") == signed_headers([secret], "1", local, b"{}")
    assert signed_headers([secret], "1", at, b"{}")["webhook-timestamp"] == "1795188600"


def test_the_example_for_partners_works(pytestconfig: pytest.Config) -> None:
    """The code in docs/partners/portal.md, run as it stands there."""
    page = (pytestconfig.rootpath / "docs" / "partners" / "portal.md").read_text(encoding="utf-8")
    example: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], example)
    secret = partner_secret("key", "org_a", PARTNER)
    headers = signed_headers([secret], "message-1", datetime.now(UTC), b"{}")
    assert example["bundle_of"](whsec(secret), b"{}", headers) == {}
    assert example["bundle_of"](whsec(secret), b"[]", headers) is None
