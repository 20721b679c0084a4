"""The closed words of connections: systems, kinds of rows, why a run failed, why a row waits."""

from enum import StrEnum


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


class Hint(StrEnum):
    """What an appointment of the other side suggests about a referral."""

    BOOKED = "booked"
    CAME = "came"
    MISSED = "missed"
