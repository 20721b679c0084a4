"""Signed texts: cookies, tickets and form tokens that a browser keeps for us.

They are readable and not secret; that they are ours is what the signature says. Each is signed for
one use, so that one of them is never taken for another.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import orjson

_SEPARATOR = "."


class Signer:
    """Signs with the first key, and takes what any of them has signed."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.encode() for key in keys] or [secrets.token_bytes(32)]

    def seal(self, use: str, said: Any, bound_to: str = "") -> str:
        """What is said, as JSON, and its signature. `bound_to` is signed too and left out."""
        payload = _encoded(orjson.dumps(said))
        return f"{payload}{_SEPARATOR}{self._mark(self._keys[0], use, payload, bound_to)}"

    def open(self, use: str, sealed: str, bound_to: str = "") -> Any:
        """What was said. Raises ValueError where it was not signed by us for this use."""
        payload, _, mark = sealed.partition(_SEPARATOR)
        marks = [self._mark(key, use, payload, bound_to) for key in self._keys]
        if not any(hmac.compare_digest(mark.encode(), known.encode()) for known in marks):
            raise ValueError("not signed")
        return read_unsigned(sealed)

    def mark(self, use: str, text: str) -> str:
        """A signature alone."""
        return self._mark(self._keys[0], use, text, "")

    def is_mark(self, use: str, text: str, mark: str) -> bool:
        """Whether it is this text's, by any of the keys."""
        marks = [self._mark(key, use, text, "") for key in self._keys]
        return any(hmac.compare_digest(mark.encode(), known.encode()) for known in marks)

    @staticmethod
    def _mark(key: bytes, use: str, text: str, bound_to: str) -> str:
        signed = orjson.dumps([use, text, bound_to])
        return _encoded(hmac.new(key, signed, sha256).digest())


def read_unsigned(sealed: str) -> Any:
    """What a sealed text says, whoever wrote it. Raises ValueError."""
    payload = sealed.partition(_SEPARATOR)[0]
    try:
        return orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, UnicodeError):
        raise ValueError("not sealed") from None


def _encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
