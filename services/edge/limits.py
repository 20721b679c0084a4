"""The rates of tokens and addresses: token buckets, held by this replica alone.

Pure but for what is remembered: `now` is passed in, in seconds of a clock that never goes back.
"""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

ADDRESS_PER_MINUTE = 30
"""Requests without a valid token, of one address."""
MOST_REMEMBERED = 10_000
"""Those that asked last; whoever is forgotten starts with a full bucket."""
_IPV6_SITE_BITS = 64
"""One customer has at least so much of IPv6 (RFC 6177): its addresses count as one."""


@dataclass(slots=True)
class _Bucket:
    left: float
    seen_at: float


class Rate:
    """At most `per_minute` requests of each key on the long run, `burst` of them at once."""

    def __init__(self, per_minute: int, burst: int) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str, now: float) -> int | None:
        """None where the request is within the rate, else the seconds after which one will be."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._burst, now)
            if len(self._buckets) > MOST_REMEMBERED:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            gained = (now - bucket.seen_at) * self._per_second
            bucket.left = min(self._burst, bucket.left + gained)
            bucket.seen_at = now
        if bucket.left >= 1:
            bucket.left -= 1
            return None
        return max(1, ceil((1 - bucket.left) / self._per_second))


def address_key(host: str) -> str:
    """Whose address it is: itself, or the network that an IPv6 address's customer has."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _IPV6_SITE_BITS), strict=False))
