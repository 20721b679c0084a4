"""The closed words of connections: systems, kinds of rows, why a run failed, why a row waits."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class System(StrEnum):
    """The other side of a connection."""

    OPENDENTAL = "opendental"
    ALFADOCS = "alfadocs"
    OPENDENTAL_SERVER = "opendental-server"


class ImportKind(StrEnum):
    """What a row of the other side becomes here, in the order in which rows are applied."""

    PROVIDER = "provider"
    PATIENT = "patient"
    PARTNER = "partner"
    SOURCE = "source"
    ATTRIBUTION = "attribution"
    REFERRAL = "referral"


class ConnectionFailureCode(StrEnum):
    """Why a run failed."""

    UNAUTHORIZED = "unauthorized"
    PERMISSION_MISSING = "permission_missing"
    NEEDS_REAUTHORIZATION = "needs_reauthorization"
    WRONG_ARCHIVE = "wrong_archive"
    IDENTITY_CHANGED = "identity_changed"
    RATE_LIMITED = "rate_limited"
    OTHER_SIDE_DOWN = "other_side_down"
    TIMED_OUT = "timed_out"
    BAD_ANSWER = "bad_answer"
    TLS_FAILED = "tls_failed"
    ADDRESS_BLOCKED = "address_blocked"
    SECRET_UNAVAILABLE = "secret_unavailable"  # noqa: S105 (a code)


class RowCode(StrEnum):
    """Why a row, or a field of it, was not taken as it came.

    A row that a service of ours refused has `problem:` and that service's problem code instead.
    """

    NO_ID = "no_id"
    FIELD_REFUSED = "field_refused"
    REFUSED_THERE = "refused_there"
    MISSING_REFERENCE = "missing_reference"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    BOTH_CHANGED = "both_changed"
    UNMAPPED_SOURCE = "unmapped_source"
    SELF_REFERRAL = "self_referral"
    STATUS_CONTRADICTS = "status_contradicts"
    GONE_THERE = "gone_there"


PROBLEM_PREFIX = "problem:"


class RowResolution(StrEnum):
    """What a person decides about a row that waits."""

    RETRY = "retry"
    LINK = "link"
    CREATE = "create"
    THEIRS = "theirs"
    OURS = "ours"
    IGNORE = "ignore"


_AGAIN = (RowResolution.RETRY, RowResolution.IGNORE)
_OTHER_RESOLUTIONS: Final[Mapping[str, tuple[RowResolution, ...]]] = {
    RowCode.NO_ID: (RowResolution.IGNORE,),
    RowCode.POSSIBLE_DUPLICATE: (RowResolution.LINK, RowResolution.CREATE, *_AGAIN),
    RowCode.BOTH_CHANGED: (RowResolution.THEIRS, RowResolution.OURS, *_AGAIN),
    RowCode.UNMAPPED_SOURCE: (RowResolution.LINK, RowResolution.IGNORE),
}


def resolutions_of(code: str) -> tuple[RowResolution, ...]:
    """What a person may decide about a row that waits with this code; the rest means nothing for
    it. Of an `unmapped_source` a link says which source the number means."""
    if code.startswith(PROBLEM_PREFIX):
        return (RowResolution.RETRY, RowResolution.LINK, RowResolution.IGNORE)
    return _OTHER_RESOLUTIONS.get(code, _AGAIN)


class Hint(StrEnum):
    """What an appointment of the other side suggests about a referral."""

    BOOKED = "booked"
    CAME = "came"
    MISSED = "missed"
