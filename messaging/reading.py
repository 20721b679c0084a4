"""Reading what a client wrote into a message's frames, whatever octets they are.

RabbitMQ checks how long each property is, not what stands in it. pamqp falls over a text that is no
UTF-8, a time after the year 9999 and headers nested hundreds deep; the connection then breaks, with
everything under way on it, and again at each delivery.
"""

import struct
from collections.abc import Callable
from typing import Any

from aiormq.abc import DeliveredMessage
from pamqp import decode
from pamqp.header import ContentHeader

_FIXED_PART = struct.Struct(">HHQ")  # class, weight and body size (AMQP 0-9-1, section 4.2.6.1)
_UNREADABLE = "unreadable"
MAX_NESTING = 32
"""How deep a body or the headers may be nested."""


def nested_deeper_than(levels: int, value: dict[str, Any]) -> bool:
    """Whether `value`, itself the first level, nests objects or arrays on more levels."""
    level: list[Any] = [value]
    for _ in range(levels):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


def _table(octets: bytes) -> tuple[int, dict[str, Any]]:
    """A table nested deeper than MAX_NESTING might be read here and not be written there."""
    consumed, value = decode.field_table(octets)
    if nested_deeper_than(MAX_NESTING, value):
        raise ValueError("nested too deep")
    return consumed, value


_Length = Callable[[bytes], int]
_Read = Callable[[bytes], tuple[int, Any]]
_TYPES: dict[str, tuple[_Length, _Read]] = {
    "octet": (lambda _: 1, decode.octet),
    "timestamp": (lambda _: 8, decode.timestamp),
    "shortstr": (lambda octets: 1 + octets[0], decode.short_str),
    "table": (lambda octets: 4 + int.from_bytes(octets[:4]), _table),
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
        except (ValueError, ArithmeticError, OSError, RecursionError):
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
