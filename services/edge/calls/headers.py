"""A request's headers: its key, the version it is about, who is behind it.

A header that breaks its form is 400: HTTP's own grammar, not a field of ours.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

from messaging.wire.envelope import is_traceparent
from services.edge.problems import EdgeCode, HttpProblem, refusal

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
MESSAGE_ID: Final = "Handoff-Message-Id"
ACTOR: Final = "Handoff-Actor"
TRACEPARENT: Final = "traceparent"
LAST_EVENT_ID: Final = "Last-Event-ID"
JSON_API: Final = "application/vnd.api+json"
FORM_URLENCODED: Final = "application/x-www-form-urlencoded"
LONGEST_KEY = 255
LONGEST_ACTOR = 64
# draft-ietf-httpapi-idempotency-key-header-07: a String of RFC 8941, section 3.3.3.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"', re.ASCII)
_ESCAPED = re.compile(r"\\(.)")
_VISIBLE = re.compile(r"[!-~]+", re.ASCII)
# RFC 9110, section 8.8.3.
_ENTITY_TAG = re.compile(r'\s*(W/)?"([!#-~\x80-\xff]*)"\s*', re.ASCII)
_OUR_TAG = re.compile(r"([1-9][0-9]{0,8})\.[0-9a-f]{12}", re.ASCII)

Headers = Mapping[str, str]
"""By name in lower case; a header that came more than once is joined by commas."""


def joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """A request's headers as ASGI has them, those that came more than once joined."""
    found: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


class NeverMatches(Exception):
    """`If-Match` names only what no answer of ours ever carried."""


def idempotency_key(headers: Headers) -> str:
    """The client's key, or a new one. Raises HttpProblem 400."""
    given = headers.get(IDEMPOTENCY_KEY.lower())
    if given is None:
        return secrets.token_urlsafe(16)
    key = given
    if quoted := _QUOTED.fullmatch(given):
        key = _ESCAPED.sub(r"\1", quoted[1])
    elif given.startswith('"'):
        key = ""
    if not _VISIBLE.fullmatch(key) or len(key) > LONGEST_KEY:
        raise _malformed(
            IDEMPOTENCY_KEY, f"Must be 1 to {LONGEST_KEY} visible ASCII characters, in quotes."
        )
    return key


def quoted_key(key: str) -> str:
    """A key as the draft writes it."""
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def if_match(headers: Headers) -> int | None:
    """The version that `If-Match` names; None without one, and for `*`, which names none.

    Raises HttpProblem 400, and NeverMatches.
    """
    given = headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    tags = _entity_tags(given)
    if tags is None:
        raise _malformed("If-Match", 'Must be an ETag as an answer gave it, or "*".')
    ours = {int(found[1]) for weak, tag in tags if not weak and (found := _OUR_TAG.fullmatch(tag))}
    if not ours:
        raise NeverMatches
    if len(ours) > 1:
        raise _malformed("If-Match", "Must name one version.")
    return ours.pop()


def if_none_match(headers: Headers, etag: str) -> bool:
    """Whether `If-None-Match` names this ETag, compared weakly (RFC 9110, section 13.1.2)."""
    given = headers.get("if-none-match")
    if given is None:
        return False
    if given.strip() == "*":
        return True
    return any(f'"{tag}"' == etag for _, tag in _entity_tags(given) or [])


def actor(headers: Headers, client: str, person: str | None) -> str:
    """Who is behind the request: the token's person, else the client and whom it names.

    Raises HttpProblem 400.
    """
    if person is not None:
        return person
    named = headers.get(ACTOR.lower())
    if named is None:
        return client
    if not _VISIBLE.fullmatch(named) or len(named) > LONGEST_ACTOR:
        raise _malformed(ACTOR, f"Must be 1 to {LONGEST_ACTOR} visible ASCII characters.")
    return f"{client}/{named}"


def traceparent(headers: Headers) -> str | None:
    """The W3C trace context, where it is one."""
    given = headers.get(TRACEPARENT)
    return given if is_traceparent(given) else None


def check_accepts(headers: Headers, content_type: str) -> None:
    """Raises HttpProblem 406 where the client refuses this content type."""
    given = headers.get("accept")
    if given is None or not given.strip():
        return
    family = content_type.partition("/")[0]
    best: tuple[int, float] = (-1, 0.0)
    for one in given.split(","):
        name, *parameters = (part.strip().lower() for part in one.split(";"))
        specific = (
            ("*/*", f"{family}/*", content_type).index(name)
            if name in ("*/*", f"{family}/*", content_type)
            else -1
        )
        if specific >= 0:
            best = max(best, (specific, _quality(parameters)))
    if best[1] <= 0:
        raise refusal(
            EdgeCode.NOT_ACCEPTABLE, ("header", "Accept"), f"It is answered as {content_type}."
        )


def check_is_json(headers: Headers) -> None:
    """Raises HttpProblem 415 where a body is not said to be JSON."""
    name, _, parameter = headers.get("content-type", "").partition(";")
    charset = parameter.replace('"', "").replace(" ", "").lower()
    if name.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise refusal(
            EdgeCode.UNSUPPORTED_MEDIA_TYPE,
            ("header", "Content-Type"),
            "The body must be application/json in UTF-8.",
        )
    check_not_packed(headers)


def check_accepts_json_api(headers: Headers) -> None:
    """Raises HttpProblem 406 where the client refuses JSON:API, or demands extensions of it.

    Source: https://jsonapi.org/format/1.1/#content-negotiation-servers.
    """
    ours = [
        parameters
        for name, parameters in map(_media_type, headers.get("accept", "").split(","))
        if name == JSON_API
    ]
    if ours and all(map(_demands_more, ours)):
        raise refusal(
            EdgeCode.NOT_ACCEPTABLE, ("header", "Accept"), f"{JSON_API} is plain: no extension."
        )
    check_accepts(headers, JSON_API)


def check_is_json_api(headers: Headers) -> None:
    """Raises HttpProblem 415 where a body is not said to be JSON:API without extensions."""
    name, parameters = _media_type(headers.get("content-type", ""))
    if name != JSON_API or _demands_more(parameters):
        raise refusal(
            EdgeCode.UNSUPPORTED_MEDIA_TYPE,
            ("header", "Content-Type"),
            f"The body must be {JSON_API}, without parameters.",
        )
    check_not_packed(headers)


def _media_type(given: str) -> tuple[str, list[str]]:
    """A media type's name, and the names of its parameters."""
    name, *parameters = (part.strip().lower() for part in given.split(";"))
    return name, [one.partition("=")[0].strip() for one in parameters if one]


def _demands_more(parameters: list[str]) -> bool:
    """Whether the type is modified: a profile may be passed over, `q` is the header's own."""
    return any(name not in ("profile", "q") for name in parameters)


def check_is_a_form(headers: Headers) -> None:
    """Raises HttpProblem 415 where a body is said to be something else than a form's fields."""
    name, _ = _media_type(headers.get("content-type", FORM_URLENCODED))
    if name != FORM_URLENCODED:
        raise refusal(
            EdgeCode.UNSUPPORTED_MEDIA_TYPE,
            ("header", "Content-Type"),
            f"The body must be JSON, or {FORM_URLENCODED}.",
        )


def check_not_packed(headers: Headers) -> None:
    """Raises HttpProblem 415 where a body is compressed."""
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise refusal(
            EdgeCode.UNSUPPORTED_MEDIA_TYPE,
            ("header", "Content-Encoding"),
            "The body must not be packed.",
            headers={"Accept-Encoding": "identity"},
        )


def _entity_tags(given: str) -> list[tuple[bool, str]] | None:
    """Each with whether it is weak; None where the header is no list of them."""
    tags, rest = [], given
    while found := _ENTITY_TAG.match(rest):
        tags.append((found[1] is not None, found[2]))
        rest = rest[found.end() :]
        if not rest:
            return tags
        if not rest.startswith(","):
            break
        rest = rest[1:]
    return None


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def _malformed(header: str, msg: str) -> HttpProblem:
    return refusal(EdgeCode.MALFORMED_REQUEST, ("header", header), msg)
