"""Why a message was refused, in RFC 9457's sense: a closed list of codes, each with its status."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from contracts.shapes import Shape


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
    EREFERRAL_NOT_FOUND = "ereferral_not_found"
    LETTER_NOT_FOUND = "letter_not_found"
    CONNECTION_NOT_FOUND = "connection_not_found"
    IMPORT_ROW_NOT_FOUND = "import_row_not_found"
    VERSION_CONFLICT = "version_conflict"
    MESSAGE_ID_REUSED = "message_id_reused"
    ALREADY_EXISTS = "already_exists"
    ALREADY_LINKED = "already_linked"
    PRIMARY_ATTRIBUTION_EXISTS = "primary_attribution_exists"
    INVALID_TRANSITION = "invalid_transition"
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
    ProblemCode.EREFERRAL_NOT_FOUND: 404,
    ProblemCode.LETTER_NOT_FOUND: 404,
    ProblemCode.CONNECTION_NOT_FOUND: 404,
    ProblemCode.IMPORT_ROW_NOT_FOUND: 404,
    ProblemCode.VERSION_CONFLICT: 409,
    ProblemCode.MESSAGE_ID_REUSED: 409,
    ProblemCode.ALREADY_EXISTS: 409,
    ProblemCode.ALREADY_LINKED: 409,
    ProblemCode.PRIMARY_ATTRIBUTION_EXISTS: 409,
    ProblemCode.INVALID_TRANSITION: 409,
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


def invalid(errors: list[FieldError]) -> Refusal:
    """The refusal of a message whose fields break rules."""
    return Refusal(
        ProblemCode.VALIDATION_ERROR,
        "One or more fields are not valid; see errors.",
        errors=errors,
    )


def not_found(code: ProblemCode, uuid: UUID | None = None) -> Refusal:
    """The refusal of a message that names what does not exist in its org, or is archived."""
    which = "" if uuid is None else f" {uuid}"
    resource = code.value.removesuffix("_not_found").replace("_", " ")
    return Refusal(code, f"There is no {resource}{which} here.")
