"""The address for e-referrals as people write one: bare, where a program writes a URI."""

import re
from typing import Final
from urllib.parse import quote

from pydantic_core import PydanticCustomError

from contracts.phones import parse_fax, parse_phone
from contracts.referral_partner import ContactMethod
from contracts.values import ENDPOINT_SCHEMES, endpoint_scheme, parse_country, parse_email

UNCLEAR: Final = "endpoint_unclear"
"""The type of what is wrong with an address of which nobody can tell what it is."""
_IN_AN_ADDRESS: Final = "@!$&'()*+,;=:"
"""What a URI's path may hold besides letters, digits and `-._~` (RFC 3986, section 3.3)."""
_HOST_FIRST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?(/\S*)?")


class Unclear(Exception):
    """Nobody can tell what an address is."""


def meant_endpoint(written: str, preferred: str | None, country: str) -> str:
    """The URI that is meant. Raises Unclear.

    What names a scheme is passed on as it is. An e-mail address is plain by its `@`; a host, a fax
    or a phone number are what the preferred way says. `country` reads a national number.
    """
    written = written.strip()
    if not written or endpoint_scheme(written) in ENDPOINT_SCHEMES:
        return written
    try:
        if "@" in written:
            parse_email(written)
            return f"mailto:{quote(written, safe=_IN_AN_ADDRESS)}"
        match preferred:
            case ContactMethod.PORTAL if _HOST_FIRST.fullmatch(written):
                return f"https://{written}"
            case ContactMethod.FAX:
                return f"fax:{parse_fax(written, parse_country(country))}"
            case ContactMethod.PHONE:
                return f"tel:{parse_phone(written, parse_country(country))}"
    except PydanticCustomError:
        pass
    raise Unclear
