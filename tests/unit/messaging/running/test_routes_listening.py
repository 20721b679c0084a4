"""The place where a replica's HTTP listens, and how it is told that it cannot."""

import pytest

from messaging.running.routes import NoSuchPlace, PortTaken, listen


def test_a_port_that_is_taken_is_told() -> None:
    """Another one may be chosen."""
    with listen("127.0.0.1", 0) as taken, pytest.raises(PortTaken):
        listen("127.0.0.1", taken.getsockname()[1])


def test_an_address_of_another_machine_is_told() -> None:
    """192.0.2.1 is nobody's (RFC 5737)."""
    with pytest.raises(NoSuchPlace):
        listen("192.0.2.1", 0)


def test_a_name_of_this_machine_will_do() -> None:
    """As the setting may have it."""
    with listen("localhost", 0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
