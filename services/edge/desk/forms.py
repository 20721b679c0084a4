"""Forms: from what a browser sends to the fields of an operation, as its contract types them.

Names that begin with `_` are the page's own: the session's token, the form's key, which operation
is meant, which form it was, what opens next.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from starlette.requests import Request

from contracts.catalogue import OPERATIONS
from contracts.shapes import Change
from services.edge.http.answering import read_body
from services.edge.problems import EdgeCode, refusal

LIMIT_BYTES: Final = 256 * 1024
CONTENT_TYPE: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS = 500
_OWN = "_"
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, in its order; a name may come again."""

    said: Sequence[tuple[str, str]]

    def get(self, name: str, default: str = "") -> str:
        """The last value of a name."""
        return next((value for known, value in reversed(self.said) if known == name), default)

    def all(self, name: str) -> list[str]:
        """All values of a name."""
        return [value for known, value in self.said if known == name]

    @property
    def names(self) -> list[str]:
        """Each field that is an operation's, once."""
        return list(dict.fromkeys(name for name, _ in self.said if not name.startswith(_OWN)))


def read_form(body: bytes) -> Form:
    """A form as a browser sends it. Raises HttpProblem 400. Line ends become LF."""
    try:
        said = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise refusal(EdgeCode.MALFORMED_REQUEST, ("body",), "This is no form of ours.") from None
    return Form([(name, value.replace("\r\n", "\n")) for name, value in said])


async def form_of(request: Request) -> Form:
    """The form that a request brings. Raises HttpProblem 415, 413, 408, 400."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said != CONTENT_TYPE:
        raise refusal(
            EdgeCode.UNSUPPORTED_MEDIA_TYPE, ("header", "Content-Type"), "This is no form of ours."
        )
    return read_form(await read_body(request, LIMIT_BYTES))


class Kind(Enum):
    """How a field is typed in a message."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    LIST = "list"
    TIME = "time"


def fields_of(operation: str, form: Form, zone: ZoneInfo) -> dict[str, Any]:
    """A form's fields as the operation's message has them.

    Empty is unset: left out, or null in a change of what may be null. What cannot be read is passed
    on as it is, and the service says what is wrong with it. A time without an offset is the
    practice's.
    """
    schema = OPERATIONS[operation].request.model_json_schema()
    changes = issubclass(OPERATIONS[operation].request, Change)
    fields: dict[str, Any] = {}
    for name in form.names:
        declared = schema["properties"].get(name, {})
        kind = _kind(operation, name)
        value = form.get(name)
        if kind is Kind.LIST:
            given = [one for one in form.all(name) if one]
            if given or (changes and _nullable(declared)):
                fields[name] = given or None
        elif value.strip():
            fields[name] = _typed(kind, value, zone)
        elif changes:
            fields[name] = None if _nullable(declared) else ""
    return fields


def _typed(kind: Kind, value: str, zone: ZoneInfo) -> Any:
    if kind is Kind.INTEGER and _WHOLE.fullmatch(value):
        return int(value)
    if kind is Kind.BOOLEAN and value in ("true", "false"):
        return value == "true"
    if kind is Kind.TIME and _LOCAL_TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=zone).isoformat()
        except ValueError:
            return value
    return value


@cache
def _kind(operation: str, name: str) -> Kind:
    schema = OPERATIONS[operation].request.model_json_schema()
    declared = schema["properties"].get(name, {})
    parts = (declared, *declared.get("anyOf", ()))
    types = {part.get("type") for part in parts}
    if "array" in types:
        return Kind.LIST
    if any(part.get("format") == "date-time" for part in parts):
        return Kind.TIME
    if "integer" in types and "string" not in types:
        return Kind.INTEGER
    return Kind.BOOLEAN if "boolean" in types else Kind.TEXT


def _nullable(declared: Mapping[str, Any]) -> bool:
    return any(part.get("type") == "null" for part in declared.get("anyOf", ()))
