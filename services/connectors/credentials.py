"""A connection's secrets: references that are read at each run, or sealed; never plain.

Of the key of our own interface the SHA-256 alone is kept.
"""

import os
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from contracts.connecting import ConnectionFailureCode as Code
from services.connectors.asking.answers import RunFailed
from services.connectors.sealing import CannotOpen, Place, Sealer

CUSTOMER_KEY = "customer_key"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class WrongSecret(ValueError):
    """A secret is lacking, or one that cannot be used was given. No text quotes a value."""


def stored_secrets(
    given: Mapping[str, str], sealer: Sealer, org_id: str, connection_id: UUID
) -> dict[str, Any]:
    """What is stored of secrets by field: `env:` and `file:` as they are, else sealed.

    Raises WrongSecret for a value that is empty, or refers to nothing that could be there.
    """
    return {
        field: _stored(field, value, sealer, Place(org_id, connection_id, field))
        for field, value in given.items()
    }


def _stored(field: str, value: str, sealer: Sealer, place: Place) -> dict[str, str]:
    kind, colon, where = value.partition(":")
    if colon and kind == "env":
        if not _VARIABLE.fullmatch(where):
            raise WrongSecret(f"{field}: behind env: stands the name of a variable")
        return {"reference": value}
    if colon and kind == "file":
        if not Path(where).is_absolute():
            raise WrongSecret(f"{field}: behind file: stands a whole path, which begins with /")
        return {"reference": value}
    if not value:
        raise WrongSecret(f"{field} is empty")
    return {"sealed": b64encode(sealer.seal(value, place)).decode()}


def check_secrets(wanted: Collection[str], stored: Collection[str]) -> None:
    """Pass where exactly the fields that are wanted are there. Raises WrongSecret."""
    if lacking := [field for field in wanted if field not in stored]:
        raise WrongSecret(f"Secrets are lacking: {', '.join(lacking)}")
    if unused := sorted(field for field in stored if field not in wanted):
        raise WrongSecret(
            f"Secrets are not used with these options: {', '.join(unused)} "
            f"(used: {', '.join(wanted) or 'none'})"
        )


def new_customer_key() -> tuple[str, dict[str, Any]]:
    """A key of our own interface, shown once, and what is stored of it."""
    key = secrets.token_urlsafe(24)
    return key, {CUSTOMER_KEY: {"sha256": hash_of_key(key)}}


def hash_of_key(key: str) -> str:
    """The SHA-256 of a key of our own interface, in hex: it is random, so nothing slower is
    needed."""
    return sha256(key.encode(errors="surrogateescape")).hexdigest()


def secret_of(
    stored: Mapping[str, Any], field: str, sealer: Sealer, org_id: str, connection_id: UUID
) -> str:
    """A secret as it is used. Raises RunFailed `secret_unavailable`; no text names its value."""
    held = stored.get(field, {})
    try:
        if "reference" in held:
            value = _referred_to(held["reference"])
        else:
            sealed = b64decode(held.get("sealed", ""))
            value = sealer.open(sealed, Place(org_id, connection_id, field))
    except (OSError, UnicodeDecodeError, CannotOpen):
        raise RunFailed(Code.SECRET_UNAVAILABLE) from None
    if not value:
        raise RunFailed(Code.SECRET_UNAVAILABLE)
    return str(value)


def not_here(stored: Mapping[str, Any]) -> list[str]:
    """A line for each reference that leads to nothing where this is called: field and reference."""
    said = []
    for field, held in stored.items():
        reference = held.get("reference")
        if reference is None:
            continue
        try:
            why = "" if _referred_to(reference) else "is empty or not set"
        except UnicodeDecodeError:
            why = "is no text"
        except OSError as error:
            why = f"cannot be read ({error.strerror})"
        if why:
            said.append(f"{field}: {reference} {why}")
    return said


def _referred_to(reference: str) -> str:
    """What a reference leads to. Raises OSError and UnicodeDecodeError."""
    if reference.startswith("env:"):
        return os.environ.get(reference.removeprefix("env:"), "")
    return Path(reference.removeprefix("file:")).read_text().strip()
