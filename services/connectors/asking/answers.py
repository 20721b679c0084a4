"""The outcomes of one request to another system. Pure."""

import json
from dataclasses import dataclass
from typing import Any

from contracts.connecting import ConnectionFailureCode as Code

RETRIED_STATUSES = frozenset({408, 425, 429})
NOT_FOUND, BAD_REQUEST = 404, 400


@dataclass(frozen=True, slots=True)
class Answered:
    """The other side answered in JSON: 2xx, or a refusal (400, 404, …) that is no outage."""

    status: int
    data: Any


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nothing usable came. Asking again may help.

    `unknown`: what was asked may have been done all the same.
    """

    code: Code
    retry_after_seconds: float | None = None
    unknown: bool = True


@dataclass(frozen=True, slots=True)
class Stopped:
    """Asking again is of no use: a person has to do something."""

    code: Code


Outcome = Answered | Unanswered | Stopped


class RunFailed(Exception):
    """A run cannot go on. `code` says why; nothing of what was asked or answered is in it."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def outcome_of(
    status: int, content_type: str, body: bytes | None, retry_after_seconds: float | None
) -> Outcome:
    """What an answer means. `body` is None where it was cut off or is too long.

    A 401 or 403 stops at once; HTML, cut or wrong JSON with a status of success is no answer.
    """
    if status == 401:
        return Stopped(Code.UNAUTHORIZED)
    if status == 403:
        return Stopped(Code.PERMISSION_MISSING)
    if status == 429:
        return Unanswered(Code.RATE_LIMITED, retry_after_seconds, unknown=False)
    if status in RETRIED_STATUSES or status >= 500:
        return Unanswered(Code.OTHER_SIDE_DOWN, retry_after_seconds)
    if 300 <= status < 400:
        return Unanswered(Code.BAD_ANSWER)
    if status >= 400:
        return Answered(status, None)
    if body is None or "html" in content_type.lower():
        return Unanswered(Code.BAD_ANSWER)
    if not body.strip():
        return Answered(status, None)
    try:
        return Answered(status, json.loads(body, parse_constant=_no_number))
    except (ValueError, RecursionError):
        return Unanswered(Code.BAD_ANSWER)


def _no_number(_: str) -> Any:
    raise ValueError("not JSON")
