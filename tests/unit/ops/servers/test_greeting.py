"""The version that a broker's greeting names."""

from ops.servers.greeting import version_in


def test_version_in_a_greeting() -> None:
    """The server properties of connection.start name the version, in whatever order."""
    frame = b"\x01\x00\x00\x00\x00\x01\xf5\x00\x0a\x00\x0a\x00\x09"
    properties = b"\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x063.10.8"
    assert version_in(frame + properties + b"\0\0\0\x0ePLAIN AMQPLAIN") == "3.10.8"


def test_no_greeting() -> None:
    """A broker that answers with its own protocol header, or closes, does not speak 0-9-1 yet."""
    assert version_in(b"AMQP\0\0\x09\x01") is None
    assert version_in(b"") is None
