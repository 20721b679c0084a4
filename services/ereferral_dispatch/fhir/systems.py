"""Whether the name of a code system can stand in a Coding: `Coding.system` is an absolute URI.

Source: FHIR R4, datatypes, "uri" and "oid"; RFC 3986 (URI), RFC 8141 (URN), RFC 9562 (UUID).
"""

import re
from urllib.parse import urlsplit

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+", re.ASCII)
# RFC 3986: a scheme, and behind it what a URI is written with. Only in lower case, its normal form:
# `ICD-10:2019` is a name with a colon.
_URI = re.compile(
    r"([a-z][a-z0-9+.-]*):((?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)", re.ASCII
)
_URN = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,30}[A-Za-z0-9]):(.+)", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


def absolute_system(system: str) -> str | None:
    """The absolute URI of a code system: as it is named, or `urn:oid:` and a bare OID.

    None where it is neither: a validator refuses such a Coding, and with it the whole transaction.
    """
    if _OID.fullmatch(system):
        return f"urn:oid:{system}"
    written = _URI.fullmatch(system)
    if written is None:
        return None
    scheme, rest = written.groups()
    if scheme == "urn":
        return system if _is_urn(rest) else None
    if scheme in ("http", "https"):
        return system if _names_a_host(system) else None
    return system


def _is_urn(rest: str) -> bool:
    named = _URN.fullmatch(rest)
    if named is None:
        return False
    namespace, name = named[1].lower(), named[2]
    if namespace == "oid":
        return _OID.fullmatch(name) is not None
    return namespace != "uuid" or _UUID.fullmatch(name) is not None


def _names_a_host(uri: str) -> bool:
    try:
        return bool(urlsplit(uri).hostname)
    except ValueError:  # brackets around what is no address
        return False
