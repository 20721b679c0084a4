"""Ports for servers that may be started again."""

from ops.servers.ports import FIRST_PORT, LAST_PORT, free_ports


def test_ports_are_no_ephemeral_ones() -> None:
    """Else a client's outgoing connection could hold a server's port while it restarts."""
    ports = free_ports(3)
    assert len(set(ports)) == 3
    assert all(1024 < FIRST_PORT <= port <= LAST_PORT < 32_768 for port in ports)
