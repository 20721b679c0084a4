"""The addresses that another system may have: globally routable, on ports 443 and from 1024 up.

The list is our own: `ipaddress.is_global` of Python before 3.11.10 calls 224.0.0.1, 64:ff9b::/96
and 2002::/16 global.
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from yarl import URL

# Sources: the IANA IPv4 special-purpose address registry (blocks that are not globally reachable),
# RFC 5771 (multicast), RFC 7526 (192.88.99.0/24, withdrawn).
_NOT_ROUTABLE_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relay anycast
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and limited broadcast
    )
)
# Source: the IANA IPv6 global unicast assignments are all of this block; everything else is
# loopback, unique local, link-local, site-local, multicast, IPv4-compatible or unassigned.
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
# Source: the IANA IPv6 special-purpose address registry, inside of that block.
_NOT_ROUTABLE_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; RFC 8215's 64:ff9b:1::/48 is for local use
_SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056: the IPv4 address is in bits 16 to 47

HTTPS_PORT, HTTP_PORT, FIRST_UNPRIVILEGED_PORT = 443, 80, 1024

# Scheme and authority, then path and query, of the characters that a URI has (RFC 3986).
_ENDPOINT = re.compile(
    r"([a-z]+://[!$-.0-;=A-\[\]_a-z~]+)((?:[/?][!$-;=?-\[\]_a-z~]*)?)", re.IGNORECASE | re.ASCII
)

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class AddressBlocked(Exception):
    """An address is one that may not be connected to; `reason` quotes nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Where other systems may be. The defaults are for production; development and tests open more.

    `allow_networks` are let through though they are not routable. `allow_http` lets plain http
    through, and port 80.
    """

    allow_networks: tuple[Network, ...] = ()
    allow_http: bool = False

    def check_address(self, address: str | Address) -> None:
        """Pass, or raise AddressBlocked."""
        try:
            parsed = ip_address(address)
        except ValueError:
            raise AddressBlocked("The address is not an IP address.") from None
        if isinstance(parsed, IPv6Address) and parsed.scope_id is not None:
            raise AddressBlocked("The address has a scope.")
        embedded = _embedded_v4(parsed)
        if not any(self._passes(one) for one in (parsed, embedded) if one is not None):
            raise AddressBlocked("The address is not globally routable.")

    def _passes(self, address: Address) -> bool:
        if any(address in network for network in self.allow_networks):
            return True
        if isinstance(address, IPv4Address):
            return not any(address in network for network in _NOT_ROUTABLE_V4)
        if address not in _GLOBAL_UNICAST_V6 or address in _SIX_TO_FOUR:
            return False
        return not any(address in network for network in _NOT_ROUTABLE_V6)

    def check_url(self, url: URL) -> None:
        """Pass, or raise AddressBlocked; a host that is a name passes, its addresses come later."""
        if url.scheme != "https" and not (url.scheme == "http" and self.allow_http):
            raise AddressBlocked("Only https is allowed.")
        if not self._port_passes(url.port):
            raise AddressBlocked("Only port 443 and ports from 1024 up are allowed.")
        host = (url.raw_host or "").rstrip(".")
        if not host:
            raise AddressBlocked("The endpoint names no host.")
        if ":" in host or _is_dotted_quad(host):
            self.check_address(host)
        elif "%" in host or _reads_as_v4(host):
            raise AddressBlocked("The host is an IP address in an unusual spelling.")

    def _port_passes(self, port: int | None) -> bool:
        if port is None:
            return False
        return (
            port == HTTPS_PORT
            or port >= FIRST_UNPRIVILEGED_PORT
            or (port == HTTP_PORT and self.allow_http)
        )

    def url_of(self, endpoint: str) -> URL:
        """The endpoint as a URL that may be asked, or AddressBlocked.

        What is asked for (RFC 9112, section 3.2.1) is to the letter what was given, an empty query
        and escapes included: who signs URLs refuses any other spelling.
        """
        split = _ENDPOINT.fullmatch(endpoint)
        if split is None:
            raise AddressBlocked("The endpoint is not a usable URL.")
        place, target = split.groups()
        try:
            url = URL(place, encoded=True)
            # The query stays in the path: taken apart, an empty one would be lost.
            url = url.with_path(target if target.startswith("/") else f"/{target}", encoded=True)
            self.check_url(url)
            if _is_dotted_quad(host := (url.raw_host or "").rstrip(".")):
                url = url.with_host(host)  # with a dot behind it, the client takes it for no host
        except ValueError:
            raise AddressBlocked("The endpoint is not a usable URL.") from None
        return url


def _embedded_v4(address: Address) -> IPv4Address | None:
    """The IPv4 address that a mapped, NAT64 or 6to4 address leads to."""
    if isinstance(address, IPv4Address):
        return None
    if address in _MAPPED or address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR:
        return IPv4Address((int(address) >> 80) & 0xFFFF_FFFF)
    return None


def _is_dotted_quad(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _reads_as_v4(host: str) -> bool:
    """Whether a C library takes it for an address: `127.1`, `0x7f000001`, `0177.0.0.1`."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True
