"""Reading what a client wrote into a message's frames, whatever octets they are.

RabbitMQ checks how long each property is, not what stands in it. pamqp falls over a text that is no
UTF-8, a time after the year 9999 and headers nested hundreds deep; the connection then breaks, with
everything under way on it, and again at each delivery. And it copies what is left of a table for
each value in it: a frame full of the smallest ones holds everything up for a second.
"""

import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from aiormq.abc import DeliveredMessage
from pamqp import decode
from pamqp.header import ContentHeader

MAX_NESTING = 32
"""How deep a body or the headers may be nested."""
MAX_HEADERS = 1_000
"""How many values headers may hold, on all levels together."""
_FIXED_PART = struct.Struct(">HHQ")  # class, weight and body size (AMQP 0-9-1, section 4.2.6.1)
_UNREADABLE = "unreadable"

_FIXED_SIZES = {
    **dict.fromkeys((b"V", b"\0"), 0),
    **dict.fromkeys((b"t", b"b", b"B"), 1),
    **dict.fromkeys((b"s", b"u"), 2),
    **dict.fromkeys((b"I", b"i", b"f"), 4),
    b"D": 5,
    **dict.fromkeys((b"l", b"L", b"d", b"T"), 8),
}
"""Octets of a field value by its type, as RabbitMQ writes them (its errata to section 4.2.1)."""


class _Table:
    """Reads one table, such as a message's headers, in time that grows with its octets alone.

    Raises ValueError where a value cannot be read, there are more than MAX_HEADERS of them, or one
    is nested deeper than MAX_NESTING.
    """

    def __init__(self) -> None:
        self._count = 0

    def read(self, octets: bytes) -> tuple[int, dict[str, Any]]:
        """How many octets there were, its length among them, and what stands in it."""
        return len(octets), dict(self._values(octets, 1, named=True))

    def _values(self, octets: bytes, depth: int, *, named: bool) -> Iterator[tuple[str, Any]]:
        """Those of a table, each with its name, or of an array; both begin with their length."""
        if depth > MAX_NESTING:
            raise ValueError("nested too deep")
        at = 4
        while at < len(octets):
            self._count += 1
            if self._count > MAX_HEADERS:
                raise ValueError("too many")
            name = ""
            if named:
                end = at + 1 + octets[at]
                name, at = octets[at + 1 : end].decode(), end
            kind, at = octets[at : at + 1], at + 1
            size = _FIXED_SIZES.get(kind)
            if size is None:
                size = 4 + int.from_bytes(octets[at : at + 4])
            value, at = octets[at : at + size], at + size
            if kind == b"A":
                yield name, [item for _, item in self._values(value, depth + 1, named=False)]
            elif kind == b"F":
                yield name, dict(self._values(value, depth + 1, named=True))
            else:
                yield name, decode.embedded_value(kind + value)[1]


def _timestamp(octets: bytes) -> tuple[int, datetime]:
    """Seconds, as AMQP 0-9-1 says (section 4.2.5.4); pamqp takes large ones for milliseconds."""
    return 8, datetime.fromtimestamp(int.from_bytes(octets), UTC)


_Length = Callable[[bytes], int]
_Read = Callable[[bytes], tuple[int, Any]]
_TYPES: dict[str, tuple[_Length, _Read]] = {
    "octet": (lambda _: 1, decode.octet),
    "timestamp": (lambda _: 8, _timestamp),
    "shortstr": (lambda octets: 1 + octets[0], decode.short_str),
    "table": (lambda octets: 4 + int.from_bytes(octets[:4]), lambda octets: _Table().read(octets)),
}
"""How many octets each type of property takes, and how it is read."""


def unreadable(message: DeliveredMessage) -> tuple[str, ...]:
    """The names of a delivered message's properties that cannot be read; those are None."""
    return getattr(message.header, _UNREADABLE, ())


def _read_header(header: ContentHeader, data: bytes) -> None:
    """In place of ContentHeader.unmarshal: read the frame's payload, each property for itself."""
    header.class_id, header.weight, header.body_size = _FIXED_PART.unpack_from(data)
    consumed, flags = header._get_flags(data[_FIXED_PART.size :])
    rest = data[_FIXED_PART.size + consumed :]
    odd: tuple[str, ...] = ()
    for name, flag in header.properties.flags.items():
        if not flags & flag:
            continue
        length_of, read = _TYPES[header.properties.amqp_type(name)]
        length = length_of(rest)
        try:
            _, value = read(rest[:length])
        except (ValueError, ArithmeticError, OSError, IndexError):
            odd += (name,)
        else:
            setattr(header.properties, name, value)
        rest = rest[length:]
    setattr(header, _UNREADABLE, odd)


def _short_text(value: bytes) -> tuple[int, str]:
    """A short string of a method, as the routing key: what is no UTF-8 is replaced by U+FFFD."""
    length = 1 + value[0]
    return length, value[1:length].decode(errors="replace")


def read_whatever_comes() -> None:
    """Let pamqp, and with it aiormq, read by the rules of this module."""
    ContentHeader.unmarshal = _read_header  # type: ignore[method-assign, assignment]
    decode.METHODS["shortstr"] = _short_text
