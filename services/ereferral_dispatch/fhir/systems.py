"""Whether the name of a code system can stand in a Coding: `Coding.system` is an absolute URI.

Source: FHIR R4, datatypes, "uri", "oid" and "uuid"; RFC 3986 (URI), RFC 8141 (URN), RFC 3061
(`urn:oid`), RFC 9562 (UUID). Of the libraries that are pinned none judges by RFC 3986: those that
read URLs mend what they are given.
"""

import ipaddress
import re

# RFC 3061, and ITU-T X.660: the first arc is 0 to 2, the second of 0 and 1 at most 39.
_ARC = "(?:0|[1-9][0-9]*)"
_OID = re.compile(rf"(?:[01]\.[1-3]?[0-9]|2\.{_ARC})(?:\.{_ARC})*", re.ASCII)
# RFC 3986, appendix A, the names of its rules.
_UNRESERVED_OR_DELIMS = r"[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2}"
_PCHAR = rf"(?:{_UNRESERVED_OR_DELIMS}|[:@])"
_AUTHORITY = (
    rf"(?:(?:{_UNRESERVED_OR_DELIMS}|:)*@)?"
    rf"(?P<host>\[(?P<literal>[0-9A-Fa-f:.]+)\]|(?:{_UNRESERVED_OR_DELIMS})*)(?::[0-9]*)?"
)
_URI = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):"
    rf"(?P<rest>(?://(?P<authority>{_AUTHORITY})(?:/{_PCHAR}*)*"
    rf"|/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?|{_PCHAR}+(?:/{_PCHAR}*)*)"
    rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?)",
    re.ASCII,
)
_URN = re.compile(
    rf"(?P<space>[A-Za-z0-9][A-Za-z0-9-]{{0,30}}[A-Za-z0-9]):(?P<name>{_PCHAR}(?:{_PCHAR}|/)*)"
    rf"(?P<more>[?#].*)?",
    re.ASCII,
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def absolute_system(system: str) -> str | None:
    """The absolute URI of a code system: the one that it is named by, or `urn:oid:` and a bare OID.

    A scheme, the namespace of a URN and a UUID go in lower case: FHIR compares letter by letter.
    None where it is neither: a validator refuses such a Coding, and with it the whole transaction.
    """
    if _OID.fullmatch(system):
        return f"urn:oid:{system}"
    written = _URI.fullmatch(system)
    if written is None or not _is_host(written["literal"]):
        return None
    scheme = written["scheme"].lower()
    if scheme == "urn":
        return _urn(written["rest"])
    if scheme in ("http", "https"):
        return f"{scheme}:{written['rest']}" if written["host"] else None
    # `ICD-10:2019` and `OID:1.2` are names with a colon, though a scheme may be in capitals.
    is_named = written["scheme"] != scheme and written["authority"] is None
    return None if is_named else f"{scheme}:{written['rest']}"


def _is_host(literal: str | None) -> bool:
    """Whether what stands in brackets, if anything does, is an address of IPv6."""
    try:
        return literal is None or bool(ipaddress.IPv6Address(literal))
    except ValueError:
        return False


def _urn(rest: str) -> str | None:
    named = _URN.fullmatch(rest)
    if named is None:
        return None
    space, name, more = named["space"].lower(), named["name"], named["more"] or ""
    if space == "oid" and not _OID.fullmatch(name):
        return None
    if space == "uuid":
        name = name.lower()
        if not _UUID.fullmatch(name):
            return None
    return f"urn:{space}:{name}{more}"
