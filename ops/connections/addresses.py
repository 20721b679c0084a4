"""Addresses of other systems that may not be asked, and which setting would let them."""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_network

from messaging.egress.policy import AddressBlocked, EgressPolicy

ALLOW, ALLOW_HTTP = "CONNECTORS_EGRESS_ALLOW", "CONNECTORS_ALLOW_HTTP"
_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def not_asked(policy: EgressPolicy, addresses: Iterable[str]) -> list[str]:
    """A line for each address that may not be asked: why, and what would let it.

    A host that is a name passes: where it leads is known when it is asked.
    """
    found = ((address, _reason(policy, address)) for address in addresses)
    return [
        f"{address}: {reason} {_what_lets(policy, address)}" for address, reason in found if reason
    ]


def _reason(policy: EgressPolicy, address: str) -> str:
    try:
        policy.url_of(address)
    except AddressBlocked as why:
        return why.reason
    return ""


def _what_lets(policy: EgressPolicy, address: str) -> str:
    http = replace(policy, allow_http=True)
    network = replace(policy, allow_networks=_EVERYWHERE)
    both = replace(http, allow_networks=_EVERYWHERE)
    for opened, which in (
        (network, f"{ALLOW} lets"),
        (http, f"{ALLOW_HTTP} lets"),
        (both, f"{ALLOW} and {ALLOW_HTTP} let"),
    ):
        if not _reason(opened, address):
            return f"handoff serve connectors asks it where its {which} it"
    return "No setting lets it: give another address"
