"""The version of a row of the other side: its stamp and a digest of what is kept of it."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

DIGEST_CHARACTERS = 16


def digest(kept: Mapping[str, Any]) -> str:
    """16 hexadecimal characters of SHA-256 over the fields that are kept, in whatever order."""
    canonical = orjson.dumps(dict(kept), option=orjson.OPT_SORT_KEYS)
    return sha256(canonical).hexdigest()[:DIGEST_CHARACTERS]


def external_version(kept: Mapping[str, Any], stamp: str | None, changes: int) -> str:
    """Their stamp, or without one how often we saw the row change, with the digest behind a dot.

    A row that goes from A to B and back to A has three versions, so that the third is sent too.
    """
    return f"{stamp or changes}.{digest(kept)}"


def same_content(version: str, other: str) -> bool:
    """Whether two versions of a row hold the same, whatever their stamps say."""
    return version.rpartition(".")[2] == other.rpartition(".")[2]
