"""Answer links: the token and the code in a letter, by which a partner answers without an account.

Both are derived, so that the same letter has the same bytes; only hashes of them are stored.
Source: docs/contract/dispatch.md#answer-links.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from contracts.problems import ProblemCode, Refusal
from letters.letter import LetterLink

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32 (crockford.com/base32.html): no I, L, O and U."""
TOKEN_LENGTH = 20
"""Five bits each: 100 bits."""
GROUP_LENGTH = 5
CODE_LENGTH = 6
MOST_WRONG_CODES = 5
"""In a link's life: one guess in 200,000 finds the code."""
MOST_ANSWERS = 20
PROOF_LASTS = timedelta(minutes=30)

_DIGEST_BITS = 256
_BITS_EACH = 5
_CONFUSED = str.maketrans({"O": "0", "I": "1", "L": "1"})
_TOKEN = re.compile(f"[{ALPHABET}]{{{TOKEN_LENGTH}}}")
_PROOF = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})")


def derive_token(signing_key: str, org_id: str, ereferral_id: UUID, epoch: int) -> str:
    """The token of an e-referral's link, as it is hashed: 20 letters and digits."""
    number = int.from_bytes(_derived(signing_key, "token", org_id, ereferral_id, epoch))
    number >>= _DIGEST_BITS - _BITS_EACH * TOKEN_LENGTH
    places = range(_BITS_EACH * (TOKEN_LENGTH - 1), -1, -_BITS_EACH)
    return "".join(ALPHABET[number >> place & (1 << _BITS_EACH) - 1] for place in places)


def derive_code(signing_key: str, org_id: str, ereferral_id: UUID, epoch: int) -> str:
    """The code of an e-referral's link: six digits. It tells nothing about the token."""
    number = int.from_bytes(_derived(signing_key, "code", org_id, ereferral_id, epoch))
    return f"{number % 10**CODE_LENGTH:0{CODE_LENGTH}}"


def _derived(signing_key: str, what: str, org_id: str, ereferral_id: UUID, epoch: int) -> bytes:
    # No org's name holds a slash.
    named = f"handoff/answer-link/{what}/{org_id}/{ereferral_id}/{epoch}"
    return hmac.digest(signing_key.encode(), named.encode(), hashlib.sha256)


def read_token(written: str) -> str | None:
    """The token that somebody wrote: in any case, with hyphens, O for 0, I or L for 1.

    None where it is none.
    """
    if not written.isascii():
        return None
    token = written.replace("-", "").upper().translate(_CONFUSED)
    return token if _TOKEN.fullmatch(token) else None


def in_groups(token: str) -> str:
    """The token as people read it: `01234-56789-ABCDE-FGHJK`."""
    starts = range(0, TOKEN_LENGTH, GROUP_LENGTH)
    return "-".join(token[start : start + GROUP_LENGTH] for start in starts)


def hash_token(token: str) -> bytes:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def hash_code(token: str, code: str) -> bytes:
    """What is stored of a code: whoever reads it cannot try all codes without the token."""
    return hashlib.sha256(f"{token}/{code}".encode()).digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two hashes are equal, in a time that tells nothing."""
    return hmac.compare_digest(one, other)


def check_can_be_used(
    locked_at: datetime | None, expires_at: datetime, purged_at: datetime | None, now: datetime
) -> None:
    """Raises Refusal `answer_link_locked` or `answer_link_expired`.

    `purged_at`: since when its e-referral's package is gone, and the link could show nothing.
    """
    if locked_at is not None:
        raise Refusal(
            ProblemCode.ANSWER_LINK_LOCKED,
            f"{MOST_WRONG_CODES} wrong codes were given; answer_link.renew makes another link.",
        )
    if now >= expires_at or purged_at is not None:
        raise Refusal(ProblemCode.ANSWER_LINK_EXPIRED, "The time in which it may be used is over.")


def make_proof(code_hash: bytes, now: datetime) -> str:
    """A proof that whoever holds it gave the right code, for the next 30 minutes."""
    expires_at = int((now + PROOF_LASTS).timestamp())
    return f"{expires_at}.{_signed(code_hash, expires_at)}"


def is_proof(written: str, code_hash: bytes, now: datetime) -> bool:
    """Whether this is a proof for the link with this code, and still holds."""
    read = _PROOF.fullmatch(written)
    if read is None:
        return False
    expires_at = int(read[1])
    right = hmac.compare_digest(read[2], _signed(code_hash, expires_at))
    return right and now.timestamp() < expires_at


def _signed(code_hash: bytes, expires_at: int) -> str:
    signature = hmac.digest(code_hash, f"proof/{expires_at}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class DerivedLink:
    """A link of an epoch: what its letter shows, and the hashes by which it is known."""

    letter: LetterLink = field(repr=False)
    token_hash: bytes
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class AnswerLinks:
    """How links are made. `public_url` has no slash at its end. `lasts`: from its making on.

    `signing_keys`: the present one, and behind it the one before, by which older links were made.
    """

    public_url: str
    signing_keys: tuple[str, ...] = field(repr=False)
    lasts: timedelta

    def derive(self, org_id: str, ereferral_id: UUID, epoch: int) -> DerivedLink:
        """The link of that epoch, by the present key."""
        return self._derive(self.signing_keys[0], org_id, ereferral_id, epoch)

    def in_letter(
        self, org_id: str, ereferral_id: UUID, epoch: int, token_hash: bytes
    ) -> LetterLink | None:
        """The link that is known by this hash. None where no key at hand makes it: a letter does
        without rather than show a dead one."""
        for key in self.signing_keys:
            derived = self._derive(key, org_id, ereferral_id, epoch)
            if same(derived.token_hash, token_hash):
                return derived.letter
        return None

    def _derive(self, key: str, org_id: str, ereferral_id: UUID, epoch: int) -> DerivedLink:
        token = derive_token(key, org_id, ereferral_id, epoch)
        code = derive_code(key, org_id, ereferral_id, epoch)
        url = f"{self.public_url}/r/{org_id}/{in_groups(token)}"
        return DerivedLink(LetterLink(url, code), hash_token(token), hash_code(token, code))
