"""The query of a request as fields of its message.

Nothing unknown passes: a filter that is mistyped must not list everything.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl

from messaging.intake.hints import MOST_HINTS, about_field
from services.edge.problems import Detail, EdgeCode, invalid, refusal
from services.edge.routes import Route

LARGEST_INTEGER = 999_999_999
_INTEGER = re.compile(r"[0-9]{1,9}", re.ASCII)
_BROKEN_ESCAPE = re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE | re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_MOST_PARAMETERS = 100
_LONGEST_NAME = 64


class Parameter(Enum):
    """How a parameter is written."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"


def parameters_of(route: Route) -> dict[str, Parameter]:
    """What may stand in the query of a route, as the operation's contract types it."""
    schema = route.operation.request.model_json_schema()
    return {name: _kind(schema["properties"][name]) for name in route.in_query}


def read_query(query: bytes, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The fields that a query says. Raises HttpProblem 422, and 400 where it is no UTF-8."""
    try:
        text = query.decode("ascii")
        if _BROKEN_ESCAPE.search(text):
            raise ValueError
        given = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        raise refusal(
            EdgeCode.MALFORMED_REQUEST,
            ("query",),
            f"The query must be UTF-8, escaped by %, with at most {_MOST_PARAMETERS} parameters.",
        ) from None
    fields: dict[str, Any] = {}
    wrong: list[Detail] = []
    for name, value in given:
        found = _field(name, value, parameters, fields, hinted=len(wrong) < MOST_HINTS)
        if isinstance(found, Detail):
            wrong.append(found)
        else:
            fields[name] = found
    if wrong:
        raise invalid(wrong)
    return fields


def _field(
    name: str,
    value: str,
    parameters: Mapping[str, Parameter],
    already: Mapping[str, Any],
    *,
    hinted: bool,
) -> Any:
    loc = ("query", shown(name))
    if name in already:
        return Detail(loc, "repeated", "Must be given once")
    match parameters.get(name):
        case None:
            msg = about_field(name, list(parameters)) if hinted and parameters else ""
            return Detail(loc, "extra_forbidden", msg or "There is no such parameter")
        case Parameter.INTEGER:
            if not _INTEGER.fullmatch(value):
                return Detail(loc, "int_parsing", "Must be a whole number of 1 to 9 digits")
            return int(value)
        case Parameter.BOOLEAN:
            if value not in _BOOLEANS:
                return Detail(loc, "bool_parsing", "Must be true or false")
            return _BOOLEANS[value]
        case Parameter.TEXT:
            return value


def shown(name: str) -> str:
    """A name that a client made up, as it may be shown."""
    return name.encode("ascii", "backslashreplace").decode()[:_LONGEST_NAME]


def _kind(schema: Mapping[str, Any]) -> Parameter:
    types = {part.get("type") for part in (schema, *schema.get("anyOf", ()))}
    if "integer" in types:
        return Parameter.INTEGER
    return Parameter.BOOLEAN if "boolean" in types else Parameter.TEXT
