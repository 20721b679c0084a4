"""Addresses that may not be asked: why, and which setting would let them."""

from ipaddress import ip_network

import pytest

from messaging.egress.policy import EgressPolicy
from ops.connections.addresses import not_asked

LETS = "handoff serve connectors asks it where its CONNECTORS_{} it"
PUBLIC, HOUSE = "https://api.example/v1", "https://10.1.2.3:30223/v1"


@pytest.mark.parametrize(
    ("address", "why", "what"),
    [
        (
            HOUSE,
            "The address is not globally routable.",
            LETS.format("EGRESS_ALLOW lets"),
        ),
        (
            "http://api.example/v1",
            "Only https is allowed.",
            LETS.format("ALLOW_HTTP lets"),
        ),
        (
            "http://10.1.2.3:30223/v1",
            "Only https is allowed.",
            LETS.format("EGRESS_ALLOW and CONNECTORS_ALLOW_HTTP let"),
        ),
        (
            "https://10.1.2.3:81/v1",
            "Only port 443 and ports from 1024 up are allowed.",
            "No setting lets it: give another address",
        ),
    ],
)
def test_the_reason_is_the_one_that_it_is_refused_for(address: str, why: str, what: str) -> None:
    """And no setting is named that would not help."""
    assert not_asked(EgressPolicy(), [PUBLIC, address]) == [f"{address}: {why} {what}"]


def test_what_is_let_through_is_not_told() -> None:
    """With the settings that let it; a port stays refused whatever they are."""
    policy = EgressPolicy(allow_networks=(ip_network("10.0.0.0/8"),), allow_http=True)
    assert not_asked(policy, [PUBLIC, HOUSE, "http://10.1.2.3:30223/v1"]) == []
    (told,) = not_asked(policy, ["http://10.1.2.3:1/v1"])
    assert "Only port 443" in told and "CONNECTORS_" not in told
