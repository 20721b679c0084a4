"""Errors that a client is told: refusals by their status, and the ways in which no reply comes.

A refusal's class goes by its status, its `code` says which one it is: a code that this version of
the library does not know has its class all the same.
"""

from typing import ClassVar
from uuid import UUID

from contracts.problems import FieldError, ProblemCode


class HandoffError(Exception):
    """Anything that goes wrong between a program and the services."""


class NotTaken(HandoffError):
    """The request has certainly no effect and never will: the broker did not take it."""


class NotPermitted(NotTaken):
    """The broker refuses the user, the password, or what the user asked it for."""


class NoReply(HandoffError):
    """The deadline has passed, and the request may be done, now or later.

    The same request under `message_id` again has one effect all the same
    (docs/contract/wire.md#idempotency).
    """

    def __init__(self, operation: str, message_id: UUID) -> None:
        super().__init__(f"no reply to {operation}; its message_id is {message_id}")
        self.operation = operation
        self.message_id = message_id


class UnreadableReply(HandoffError):
    """The request was done, but its reply has not the shape that this version of the contracts
    declares."""


class UnreadableEvent(HandoffError):
    """What came as an event has not the shape that this version of the contracts declares."""


class Forgotten(HandoffError):
    """A repeat of what was answered so long ago that the reply is not kept any more.

    `status` is the first reply's; `id` the resource's, None where there was none.
    """

    def __init__(self, operation: str, status: int, id_: UUID | None) -> None:
        super().__init__(f"{operation} was answered {status} once; the reply is not kept")
        self.operation = operation
        self.status = status
        self.id = id_


class Refused(HandoffError):
    """A refusal: the reply's `problem` (docs/contract/wire.md#problems).

    Programs go by the class and by `code`; `detail` and the errors' `msg` are for people, and quote
    nothing that was sent.
    """

    statuses: ClassVar[tuple[int, ...]] = ()

    def __init__(
        self,
        operation: str,
        status: int,
        code: str,
        detail: str,
        errors: list[FieldError],
        current_version: int | None,
    ) -> None:
        super().__init__(f"{operation}: {status} {code}: {detail}")
        self.operation = operation
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.current_version = current_version


class Malformed(Refused):
    """400: `malformed_message`, `unknown_operation`."""

    statuses = (400,)


class Forbidden(Refused):
    """403: the client's grant does not cover it."""

    statuses = (403,)


class NotFound(Refused):
    """404: `<resource>_not_found`."""

    statuses = (404,)


class Conflict(Refused):
    """409: another state than the one that the request took for granted."""

    statuses = (409,)


class VersionConflict(Conflict):
    """409 `version_conflict`: read it again, and decide anew. `current_version` is what it has."""


class Invalid(Refused):
    """422: a rule refuses what was sent."""

    statuses = (422,)


class ValidationFailed(Invalid):
    """422 `validation_error`: `errors` names each field."""


class ServiceFault(Refused):
    """500 `internal_error`: a fault of the service; `detail` names an incident id alone."""

    statuses = (500,)


_BY_CODE: dict[str, type[Refused]] = {
    ProblemCode.VERSION_CONFLICT: VersionConflict,
    ProblemCode.VALIDATION_ERROR: ValidationFailed,
}
_BY_STATUS: dict[int, type[Refused]] = {
    status: refused
    for refused in (Malformed, Forbidden, NotFound, Conflict, Invalid, ServiceFault)
    for status in refused.statuses
}


def refused_class(status: int, code: str) -> type[Refused]:
    """The class of a refusal."""
    return _BY_CODE.get(code) or _BY_STATUS.get(status, Refused)
