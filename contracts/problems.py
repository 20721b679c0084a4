"""Problems, in RFC 9457's sense: why a message was refused, by a closed list of codes."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from contracts.shapes import FIELD_NAMES, Shape


class ProblemCode(StrEnum):
    """Every code of docs/contract/wire.md#problems."""

    MALFORMED_MESSAGE = "malformed_message"
    UNKNOWN_OPERATION = "unknown_operation"
    FORBIDDEN = "forbidden"
    PATIENT_NOT_FOUND = "patient_not_found"
    PROVIDER_NOT_FOUND = "provider_not_found"
    PRACTICE_NOT_FOUND = "practice_not_found"
    REFERRAL_PARTNER_NOT_FOUND = "referral_partner_not_found"
    REFERRAL_SOURCE_NOT_FOUND = "referral_source_not_found"
    REFERRAL_SOURCE_COST_NOT_FOUND = "referral_source_cost_not_found"
    REFERRAL_ATTRIBUTION_NOT_FOUND = "referral_attribution_not_found"
    REFERRAL_NOT_FOUND = "referral_not_found"
    INTAKE_NOT_FOUND = "intake_not_found"
    EREFERRAL_NOT_FOUND = "ereferral_not_found"
    ANSWER_LINK_NOT_FOUND = "answer_link_not_found"
    CONTACT_NOT_FOUND = "contact_not_found"
    CONTACT_REFERRAL_NOT_FOUND = "contact_referral_not_found"
    LETTER_NOT_FOUND = "letter_not_found"
    CONNECTION_NOT_FOUND = "connection_not_found"
    IMPORT_ROW_NOT_FOUND = "import_row_not_found"
    VERSION_CONFLICT = "version_conflict"
    MESSAGE_ID_REUSED = "message_id_reused"
    ALREADY_EXISTS = "already_exists"
    ALREADY_LINKED = "already_linked"
    PRIMARY_ATTRIBUTION_EXISTS = "primary_attribution_exists"
    INVALID_TRANSITION = "invalid_transition"
    ANSWER_LINK_LOCKED = "answer_link_locked"
    ANSWER_LINK_EXPIRED = "answer_link_expired"
    VALIDATION_ERROR = "validation_error"
    PARTNER_INACTIVE = "partner_inactive"
    PARTNER_DOES_NOT_ACCEPT_EREFERRALS = "partner_does_not_accept_ereferrals"
    NO_USABLE_CONTACT_POINT = "no_usable_contact_point"
    INTERNAL_ERROR = "internal_error"

    @property
    def status(self) -> int:
        """The HTTP status that stands for the code (RFC 9110)."""
        return _STATUS[self]

    @property
    def words(self) -> str:
        """The problem's title: the code in words, the same for every occurrence."""
        return self.value.replace("_", " ").capitalize().replace("ereferral", "e-referral")

    @property
    def resource(self) -> str:
        """Of a `<resource>_not_found`: the resource, as its operations name it."""
        return self.value.removesuffix("_not_found")


_STATUS = {
    ProblemCode.MALFORMED_MESSAGE: 400,
    ProblemCode.UNKNOWN_OPERATION: 400,
    ProblemCode.FORBIDDEN: 403,
    ProblemCode.PATIENT_NOT_FOUND: 404,
    ProblemCode.PROVIDER_NOT_FOUND: 404,
    ProblemCode.PRACTICE_NOT_FOUND: 404,
    ProblemCode.REFERRAL_PARTNER_NOT_FOUND: 404,
    ProblemCode.REFERRAL_SOURCE_NOT_FOUND: 404,
    ProblemCode.REFERRAL_SOURCE_COST_NOT_FOUND: 404,
    ProblemCode.REFERRAL_ATTRIBUTION_NOT_FOUND: 404,
    ProblemCode.REFERRAL_NOT_FOUND: 404,
    ProblemCode.INTAKE_NOT_FOUND: 404,
    ProblemCode.EREFERRAL_NOT_FOUND: 404,
    ProblemCode.ANSWER_LINK_NOT_FOUND: 404,
    ProblemCode.CONTACT_NOT_FOUND: 404,
    ProblemCode.CONTACT_REFERRAL_NOT_FOUND: 404,
    ProblemCode.LETTER_NOT_FOUND: 404,
    ProblemCode.CONNECTION_NOT_FOUND: 404,
    ProblemCode.IMPORT_ROW_NOT_FOUND: 404,
    ProblemCode.VERSION_CONFLICT: 409,
    ProblemCode.MESSAGE_ID_REUSED: 409,
    ProblemCode.ALREADY_EXISTS: 409,
    ProblemCode.ALREADY_LINKED: 409,
    ProblemCode.PRIMARY_ATTRIBUTION_EXISTS: 409,
    ProblemCode.INVALID_TRANSITION: 409,
    ProblemCode.ANSWER_LINK_LOCKED: 409,
    ProblemCode.ANSWER_LINK_EXPIRED: 409,
    ProblemCode.VALIDATION_ERROR: 422,
    ProblemCode.PARTNER_INACTIVE: 422,
    ProblemCode.PARTNER_DOES_NOT_ACCEPT_EREFERRALS: 422,
    ProblemCode.NO_USABLE_CONTACT_POINT: 422,
    ProblemCode.INTERNAL_ERROR: 500,
}


class FieldError(Shape):
    """One field that breaks a rule. `loc` is its path in the body; nothing quotes its value."""

    loc: list[str | int]
    type: str
    msg: str


class Problem(Shape):
    """The reply's `problem`. `current_version` is sent with `version_conflict` alone."""

    code: ProblemCode
    title: str
    detail: str
    current_version: int | None = None
    errors: list[FieldError] = Field(default_factory=list)


class Refusal(Exception):
    """Raised by a rule that refuses a message; carries the problem that the client is told."""

    def __init__(
        self,
        code: ProblemCode,
        detail: str,
        *,
        errors: list[FieldError] | None = None,
        current_version: int | None = None,
    ) -> None:
        super().__init__(code.value)
        self.problem = Problem(
            code=code,
            title=code.words,
            detail=detail,
            current_version=current_version,
            errors=errors or [],
        )


MOST_SAID_IN_DETAIL = 3
MOST_FIELDS_IN_DETAIL = 5
UNKNOWN_FIELD = "extra_forbidden"
"""Pydantic's type of error for a field that there is not: its name is the client's own text."""


def invalid(errors: list[FieldError]) -> Refusal:
    """The refusal of a message whose fields break rules.

    Its detail says three of them: a parked message carries nothing else of a refusal.
    """
    fields_of: dict[str, list[str]] = {}
    for error in errors:
        fields_of.setdefault(error.msg, []).extend(_own_name(error))
    said = [
        f"{', '.join(_few(fields))}: {msg}" if fields else msg for msg, fields in fields_of.items()
    ]
    rest = len(said) - MOST_SAID_IN_DETAIL
    if rest > 0:
        said[MOST_SAID_IN_DETAIL:] = [f"and {rest} more in errors"]
    return Refusal(ProblemCode.VALIDATION_ERROR, "; ".join(said) + ".", errors=errors)


def _few(fields: list[str]) -> list[str]:
    more = ["…"] if len(fields) > MOST_FIELDS_IN_DETAIL else []
    return [*fields[:MOST_FIELDS_IN_DETAIL], *more]


def _own_name(error: FieldError) -> list[str]:
    """The field's path by the names that the contracts give, with its places in lists:
    `rows[0].surname`; none where a client made its name up. A name that no contract has ends it: it
    may be a client's own text. Of a field that there is not, it is the path of what it is in."""
    path = ""
    for part in error.loc[:-1] if error.type == UNKNOWN_FIELD else error.loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part in FIELD_NAMES or not path:
            path += f".{part}" if path else part
        else:
            break
    return [path] if path else []


_MADE_BY = {
    ProblemCode.IMPORT_ROW_NOT_FOUND: "connection.sync",
    ProblemCode.PATIENT_NOT_FOUND: "patient.put",
    ProblemCode.PROVIDER_NOT_FOUND: "provider.put",
    ProblemCode.PRACTICE_NOT_FOUND: "practice.put",
    ProblemCode.CONTACT_NOT_FOUND: "contact.put",
    ProblemCode.INTAKE_NOT_FOUND: "intake.submit",
    ProblemCode.EREFERRAL_NOT_FOUND: "referral.send",
    ProblemCode.ANSWER_LINK_NOT_FOUND: "answer_link.renew",
}
"""The operation that makes what was not found, where it is not `<resource>.create`."""


def not_found(
    code: ProblemCode, named_by: Sequence[str] = (), *, is_archived: bool = False
) -> Refusal:
    """The refusal of a message that names what does not exist in its org, or is archived.

    `named_by`: the fields that name it.
    """
    thing = code.resource.replace("_", " ").replace("ereferral", "e-referral")
    named = f" ({', '.join(named_by)})" if named_by else ""
    # An org has one practice, which no message names.
    such = "" if code is ProblemCode.PRACTICE_NOT_FOUND else "such "
    what = f"This {thing} is archived" if is_archived else f"There is no {such}{thing} in this org"
    return Refusal(code, f"{what}{named}: {_mending(code, is_archived=is_archived)}.")


def _mending(code: ProblemCode, *, is_archived: bool) -> str:
    if code is ProblemCode.CONNECTION_NOT_FOUND:
        return "connection.list shows those that there are, handoff connection add makes one"
    if code is ProblemCode.IMPORT_ROW_NOT_FOUND:
        return "import_row.list shows those that there are"
    made_by = _MADE_BY.get(code, f"{code.resource}.create")
    if made_by.endswith(".put"):
        again = " with a later observed_at brings it back"
        return f"{made_by}{again if is_archived else ' makes it known'}"
    if is_archived:
        return f"{made_by} makes another"
    return f"{code.resource}.list shows those that there are, {made_by} makes one"
