"""The first words of an AMQP 0-9-1 broker."""

import re
import socket

_PROTOCOL_HEADER = b"AMQP\0\0\x09\x01"
# The head of a long string in the server properties of connection.start (AMQP 0-9-1, 4.2.5.5).
_VERSION_FIELD = re.compile(rb"\x07versionS\0\0\0(.)", re.DOTALL)


def greeted_version(host: str, port: int) -> str | None:
    """The version in the broker's greeting, such as `3.10.8`; None while it does not greet.

    A greeting is a frame of type 1 (method), connection.start. A broker sends it when it has
    loaded its users, vhosts and queues; a proxy in front of one that is away does not.
    """
    try:
        with socket.create_connection((host, port), timeout=2.0) as connection:
            connection.sendall(_PROTOCOL_HEADER)
            greeting = connection.recv(4096)
    except OSError:
        return None
    return version_in(greeting)


def version_in(greeting: bytes) -> str | None:
    """The version in a frame of type 1 that holds connection.start; None for anything else."""
    if greeting[:1] != b"\x01":
        return None
    field = _VERSION_FIELD.search(greeting)
    if field is None:
        return "of unknown version"
    (length,) = field.group(1)
    return greeting[field.end() : field.end() + length].decode()
