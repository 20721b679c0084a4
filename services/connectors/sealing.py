"""Sealing what is stored: AES-256-GCM, bound to org, connection and field.

A sealed text that is moved to another org's row, or to another column, cannot be opened.
"""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12  # NIST SP 800-38D, 5.2.1.1


class CannotOpen(Exception):
    """None of the keys opens it: the key was lost, or the bytes are another row's."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs."""

    org_id: str
    connection_id: UUID
    field: str

    def to_bytes(self) -> bytes:
        """As it is authenticated."""
        return f"{self.org_id}/{self.connection_id}/{self.field}".encode()


class Sealer:
    """Seals with the present key and opens with it or the previous one. Keys are hexadecimal."""

    def __init__(self, key: str, previous: str | None = None) -> None:
        self._seals = AESGCM(bytes.fromhex(key))
        self._opens = [self._seals]
        if previous is not None:
            self._opens.append(AESGCM(bytes.fromhex(previous)))

    def seal(self, value: Any, place: Place) -> bytes:
        """A JSON value, sealed for its place."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._seals.encrypt(nonce, orjson.dumps(value), place.to_bytes())

    def open(self, sealed: bytes, place: Place) -> Any:
        """The JSON value. Raises CannotOpen."""
        nonce, content = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for key in self._opens:
            try:
                return orjson.loads(key.decrypt(nonce, content, place.to_bytes()))
            except (InvalidTag, ValueError):
                continue
        raise CannotOpen
