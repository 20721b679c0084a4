"""Referrals from outside as forms and programs send them: JSON, or a form's fields.

Source: docs/contract/http.md#external-referrals, after those of case-management systems, whose
clients send JSON under the content type of a form, with commas after the last member. What a row
may hold is the service's to say.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from contracts.problems import Refusal
from messaging.wire.envelope import read_json
from services.edge.calls import headers as h
from services.edge.calls.query import shown
from services.edge.problems import Detail, EdgeCode, HttpProblem, invalid, refusal

LIMIT_BYTES = 64 * 1024
_MOST_FIELDS = 4_000
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9a-f]{2})", re.IGNORECASE)
# A string is passed over whole, one that does not end to its end; then a comma that follows a value
# and that a bracket follows.
_STRING_OR_LAST_COMMA = re.compile(
    r'("(?:[^"\\]|\\.?)*+"?)|(?<![\[{,:\s])(\s*+),(?=\s*+[\]}])', re.DOTALL
)
# `[0][first_name]` begins as JSON does, and is none.
_BRACKETS = re.compile(
    r"(?:(?P<bare>\d{1,9})|(?P<name>[A-Za-z_]\w*)?\[(?P<index>\d{1,9})\])\[(?P<field>[^\[\]]+)\]",
    re.ASCII,
)
_ROWS_IN_JSON = re.compile(r'\s*(?:\[\s*+)?\{\s*+"')
"""What no person writes into a field of a form."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What was sent. `proof` is the text of the proof of work, where there is one."""

    rows: list[Any]
    suspected_spam: bool
    proof: Any


def read_rows(headers: h.Headers, body: bytes, *, honeypot: str, proof: str | None) -> Submission:
    """The rows of a body in whichever form. Raises HttpProblem.

    `honeypot` is the field that no person fills: an empty one is left out, a filled one stays with
    its row, and makes the submission suspect. `proof` is the field that holds the proof of work,
    None where none is asked for. Both may stand in a row or, in a form, beside the rows.
    """
    h.check_not_packed(headers)
    own = {honeypot, *((proof,) if proof else ())}
    rows, beside = _rows(headers, body, own)
    given = next((beside[name] for name in (proof,) if name and name in beside), None)
    filled = _is_filled(beside.get(honeypot))
    for row in rows:
        if not isinstance(row, dict):
            continue  # The service says what a row is.
        if proof and proof in row:
            found = row.pop(proof)
            given = found if given is None else given
        if honeypot in row:
            if _is_filled(row[honeypot]):
                filled = True
            else:
                del row[honeypot]
    if _is_filled(beside.get(honeypot)) and rows and isinstance(rows[0], dict):
        rows[0].setdefault(honeypot, beside[honeypot])
    return Submission(rows, filled, given)


def _rows(headers: h.Headers, body: bytes, own: set[str]) -> tuple[list[Any], dict[str, str]]:
    """The rows, and what of the form's own fields stands beside them."""
    text = _decoded(body).removeprefix("\ufeff").strip()
    if _is_json(text):
        return _json_rows(text), {}
    h.check_is_a_form(headers)
    pairs = _pairs(body)
    beside = {name: value for name, value in pairs if name in own}
    rest = [(name, value) for name, value in pairs if name not in own]
    if not rest:
        raise _malformed("There are no rows.")
    if len(rest) == 1 and (packed := next(filter(_is_json, reversed(rest[0])), None)):
        return _json_rows(packed), beside
    if any(_ROWS_IN_JSON.match(part) for field in rest for part in field):
        raise _mixed()
    found = [_BRACKETS.fullmatch(name) for name, _ in rest]
    if any(found):
        return _bracketed(rest, found), beside
    if any("[" in name or "]" in name for name, _ in rest):
        raise _malformed("Of a key in brackets, the row's number and the field's name: 0[surname].")
    return [_row(rest, 0)], beside


def _bracketed(
    pairs: list[tuple[str, str]], found: list[re.Match[str] | None]
) -> list[dict[str, str]]:
    """The rows of keys such as `0[first_name]`, by their numbers."""
    fields: dict[int, list[tuple[str, str]]] = {}
    ways = set()
    for (_, value), key in zip(pairs, found, strict=True):
        if key is None:
            raise _mixed()
        bare, index = key["bare"], key["index"]
        ways.add((bare is not None, key["name"]))
        fields.setdefault(int(bare if index is None else index), []).append((key["field"], value))
    if len(ways) > 1:
        raise _mixed()
    return [_row(fields[index], place) for place, index in enumerate(sorted(fields))]


def _row(pairs: list[tuple[str, str]], place: int) -> dict[str, str]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        at = [("body", place, shown(name)) for name in twice]
        raise invalid([Detail(loc, "repeated", "Must be given once") for loc in at])
    return row


def _json_rows(text: str) -> list[Any]:
    """The rows of JSON: a list, or one."""
    strict = _STRING_OR_LAST_COMMA.sub(lambda found: found[1] or found[2], text)
    try:
        said = read_json(strict.encode())
    except Refusal as malformed:
        raise _malformed(malformed.problem.detail) from None
    return said if isinstance(said, list) else [said]


def _is_json(text: str) -> bool:
    text = text.lstrip()
    return text.startswith("{") or (text.startswith("[") and not _BRACKETS.match(text))


def _pairs(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form, in UTF-8 (https://url.spec.whatwg.org/#urlencoded-parsing)."""
    try:
        if _BROKEN_ESCAPE.search(body):
            raise ValueError
        return parse_qsl(
            body.decode().strip(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise _malformed(
            f"A form's fields must be UTF-8, escaped by %, and at most {_MOST_FIELDS}."
        ) from None


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise _malformed("The body must be in UTF-8.") from None


def _is_filled(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _mixed() -> HttpProblem:
    return _malformed("Rows must come in one form: JSON, keys with brackets, or plain keys.")


def _malformed(msg: str) -> HttpProblem:
    return refusal(EdgeCode.MALFORMED_REQUEST, ("body",), msg)
