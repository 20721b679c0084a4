"""A token: what its holder may do, for how long, and how its secret is known without being kept."""

import hashlib
import re
import secrets
import string
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from messaging.intake.grants import Grant

SECRET_BYTES = 32
_ID_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 8
# 256 bits are 43 characters of base64url without padding.
_WRITTEN = re.compile(rf"hnd_([{_ID_LETTERS}]{{{_ID_LENGTH}}})_[A-Za-z0-9_-]{{43}}", re.ASCII)
SUBMIT_OPERATION = "intake.submit"


class TokenKind(StrEnum):
    """Who holds it: a program, one person, or a page that may only submit."""

    API = "api"
    PERSON = "person"
    SUBMIT = "submit"


class Token(Grant):
    """A token as the file has it. `client` is who asks in the services' eyes, over its rotations.

    `actor` is the person of a person's token. `sha256` is of the whole token as its holder has it.
    """

    id: Annotated[str, Field(pattern=rf"^[{_ID_LETTERS}]{{{_ID_LENGTH}}}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    client: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,63}$")]
    kind: TokenKind = TokenKind.API
    actor: Annotated[str, Field(pattern=r"^[!-~]{1,128}$")] | None = None
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _a_person_is_named(self) -> Self:
        if (self.kind is TokenKind.PERSON) != (self.actor is not None):
            raise ValueError("a person's token has an actor, and no other has one")
        return self

    def valid_at(self, now: datetime) -> bool:
        """Whether it is neither expired nor revoked."""
        return not any(end is not None and end <= now for end in (self.expires_at, self.revoked_at))

    def may(self, org_id: str, operation: str) -> bool:
        """Whether its holder may do this in the org. Who may submit may do nothing else."""
        if self.kind is TokenKind.SUBMIT and operation != SUBMIT_OPERATION:
            return False
        return self.allows(org_id, operation)


def new_secret() -> tuple[str, str]:
    """A new token's id, and the token itself, which is shown once."""
    identity = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
    return identity, f"hnd_{identity}_{secrets.token_urlsafe(SECRET_BYTES)}"


def id_of(written: str) -> str | None:
    """The id in a token as its holder wrote it; None where it is none."""
    found = _WRITTEN.fullmatch(written)
    return found[1] if found else None


def sha256_of(written: str) -> str:
    """What the file keeps of a token."""
    return hashlib.sha256(written.encode()).hexdigest()
