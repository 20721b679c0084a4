"""Ports of 127.0.0.1 for private servers."""

import random
import socket

# Below every system's range of ephemeral ports (Linux 32768, macOS and RFC 6335 49152): while a
# server is down in a fault test, no client's outgoing connection can take its port, nor connect
# to itself on it.
FIRST_PORT = 20_000
LAST_PORT = 31_999


def free_ports(count: int) -> list[int]:
    """`count` different ports of 127.0.0.1 that nobody listens on now.

    Chosen at random, so that two runs at one time rarely choose alike; the server's own bind
    decides, and a caller that loses chooses again.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randint(FIRST_PORT, LAST_PORT)
        if port not in found and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
