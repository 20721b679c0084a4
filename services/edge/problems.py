"""Refusals over HTTP: RFC 9457 problem details, whose `detail` is a list that is never empty.

Source: docs/contract/http.md#errors. No text quotes a value that a client sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

PROBLEM_CONTENT_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:handoff:problem:"


class EdgeCode(StrEnum):
    """Every code that the edge itself gives; all others are the services' (ProblemCode)."""

    MALFORMED_REQUEST = "malformed_request"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NO_SUCH_ROUTE = "no_such_route"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    REQUEST_TIMEOUT = "request_timeout"
    CONTENT_TOO_LARGE = "content_too_large"
    URI_TOO_LONG = "uri_too_long"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    VALIDATION_ERROR = "validation_error"
    TOO_MANY_REQUESTS = "too_many_requests"
    INTERNAL_ERROR = "internal_error"
    BROKER_UNAVAILABLE = "broker_unavailable"
    OVERLOADED = "overloaded"
    REPLY_TIMEOUT = "reply_timeout"

    @property
    def status(self) -> int:
        """The HTTP status that it is given with."""
        return _STATUS[self]


_STATUS = {
    EdgeCode.MALFORMED_REQUEST: 400,
    EdgeCode.UNAUTHENTICATED: 401,
    EdgeCode.FORBIDDEN: 403,
    EdgeCode.NO_SUCH_ROUTE: 404,
    EdgeCode.METHOD_NOT_ALLOWED: 405,
    EdgeCode.NOT_ACCEPTABLE: 406,
    EdgeCode.REQUEST_TIMEOUT: 408,
    EdgeCode.CONTENT_TOO_LARGE: 413,
    EdgeCode.URI_TOO_LONG: 414,
    EdgeCode.UNSUPPORTED_MEDIA_TYPE: 415,
    EdgeCode.VALIDATION_ERROR: 422,
    EdgeCode.TOO_MANY_REQUESTS: 429,
    EdgeCode.INTERNAL_ERROR: 500,
    EdgeCode.BROKER_UNAVAILABLE: 503,
    EdgeCode.OVERLOADED: 503,
    EdgeCode.REPLY_TIMEOUT: 504,
}

Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is wrong. `loc` starts with `path`, `query`, `header` or `body`."""

    loc: Loc
    type: str
    msg: str


@dataclass(slots=True, eq=False)
class HttpProblem(Exception):
    """A request that is refused. `members` join the body, `headers` the answer."""

    status: int
    code: str
    detail: Sequence[Detail]
    members: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.detail:
            raise ValueError("a problem says what is wrong")

    def body(self) -> bytes:
        """The problem as JSON."""
        return orjson.dumps(
            {
                "type": f"{_TYPE_PREFIX}{self.code}",
                "title": words(self.code),
                "status": self.status,
                "code": self.code,
                **self.members,
                "detail": [
                    {"loc": list(one.loc), "type": one.type, "msg": one.msg} for one in self.detail
                ],
            }
        )


def words(code: str) -> str:
    """The problem's title: the code in words, the same for every occurrence."""
    return code.replace("_", " ").capitalize().replace("ereferral", "e-referral")


def refusal(
    code: EdgeCode,
    loc: Loc,
    msg: str,
    *,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpProblem:
    """A refusal of the edge's own, for one reason."""
    detail = [Detail(loc, code.value, msg)]
    return HttpProblem(code.status, code.value, detail, members or {}, headers or {})


def invalid(details: Sequence[Detail]) -> HttpProblem:
    """The refusal of a request whose parts break rules."""
    code = EdgeCode.VALIDATION_ERROR
    return HttpProblem(code.status, code.value, details)
