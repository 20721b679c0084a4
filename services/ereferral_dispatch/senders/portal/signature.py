"""Standard Webhooks signatures (https://www.standardwebhooks.com), one secret a partner."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from standardwebhooks import Webhook

SECRET_LENGTH_BYTES = 32
WHSEC = "whsec_"
_HASH_LENGTH_BYTES = hashlib.sha256().digest_size


def hkdf_sha256(key: bytes, salt: bytes, info: bytes, length_bytes: int) -> bytes:
    """HKDF with SHA-256 (RFC 5869, sections 2.2 and 2.3)."""
    if not 0 < length_bytes <= 255 * _HASH_LENGTH_BYTES:
        raise ValueError("HKDF-SHA256 gives 1 to 8,160 bytes")
    extracted = hmac.digest(salt, key, hashlib.sha256)
    output, block, counter = b"", b"", 0
    while len(output) < length_bytes:
        counter += 1
        block = hmac.digest(extracted, block + info + bytes([counter]), hashlib.sha256)
        output += block
    return output[:length_bytes]


def partner_secret(signing_key: str, org_id: str, partner_uuid: UUID) -> bytes:
    """The 32-byte secret that an org shares with one partner, derived and never stored.

    Raises ValueError where the key is empty: its secrets could be derived by anyone.
    """
    if not signing_key:
        raise ValueError("The signing key is empty")
    info = f"handoff/portal/{org_id}/{partner_uuid}"
    return hkdf_sha256(signing_key.encode(), b"", info.encode(), SECRET_LENGTH_BYTES)


def whsec(secret: bytes) -> str:
    """The secret as a partner is given it: `whsec_` and base64."""
    return f"{WHSEC}{base64.b64encode(secret).decode('ascii')}"


def signed_headers(
    secrets: Sequence[bytes], message_id: str, at: datetime, body: bytes
) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature` of a UTF-8 body.

    A signature for each secret, separated by spaces: a receiver takes the one it can verify.
    """
    # The library reads the clock face of `at` as UTC, whatever its offset.
    at_utc, text = at.astimezone(UTC), body.decode()
    signatures = [Webhook(secret).sign(message_id, at_utc, text) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at_utc.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
