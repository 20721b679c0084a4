"""Laws of reading a message's properties: whatever stands in them, the frame is read."""

import contextlib
import struct
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiormq import spec
from hypothesis import example, given
from hypothesis import strategies as st
from pamqp.frame import unmarshal
from pamqp.header import ContentHeader

from messaging.replies.publisher import NotCarried, check_carried
from messaging.wire.lenient_pamqp import unreadable
from tests.support.broker.deliveries import delivery
from tests.support.broker.raw_messages import nested

FRAME_MAX_BYTES = 131_072
TYPES = {
    "octet": st.binary(min_size=1, max_size=1),
    "timestamp": st.binary(min_size=8, max_size=8),
    "shortstr": st.binary(max_size=255).map(lambda octets: bytes([len(octets)]) + octets),
    "table": st.binary(max_size=200).map(lambda octets: struct.pack(">I", len(octets)) + octets),
}
PROPERTIES = spec.Basic.Properties.flags


def frame(properties: dict[str, bytes]) -> bytes:
    """A content header frame as the broker would send it, with these octets as properties."""
    flags = sum(PROPERTIES[name] for name in properties)
    payload = struct.pack(">HHQH", spec.Basic.frame_id, 0, 17, flags) + b"".join(
        properties[name] for name in PROPERTIES if name in properties
    )
    return struct.pack(">BHI", 2, 1, len(payload)) + payload + b"\xce"


def read(octets: bytes) -> ContentHeader:
    """What pamqp makes of the frame."""
    _, _, header = unmarshal(octets)
    assert isinstance(header, ContentHeader)
    return header


def headers(value: bytes) -> bytes:
    """A table of one header with this value."""
    return struct.pack(">I", len(value) + 2) + b"\x01a" + value


any_properties = st.fixed_dictionaries(
    {}, optional={name: TYPES[spec.Basic.Properties.amqp_type(name)] for name in PROPERTIES}
)


@given(any_properties)
@example({"headers": headers(b"T" + struct.pack(">Q", 2**62))})
@example({"headers": headers(b"D" + b"\xff" * 5)})
@example({"headers": headers(nested(10_000))})
@example({"headers": headers(b"A" + struct.pack(">I", 130_000) + b"V" * 130_000)})
def test_each_property_is_read_or_named(properties: dict[str, bytes]) -> None:
    header = read(frame(properties))
    message = replace(delivery(b""), header=header)
    known = {name for name in PROPERTIES if getattr(header.properties, name) is not None}
    known.discard("cluster_id")  # It is an empty text from the beginning.
    assert header.body_size == 17
    assert known | set(unreadable(message)) >= set(properties) - {"cluster_id"}
    assert known <= set(properties)
    assert known.isdisjoint(unreadable(message))


@given(any_properties)
@example({"headers": headers(nested(31))})
def test_what_was_read_is_carried_as_it_is_or_refused(properties: dict[str, bytes]) -> None:
    header = read(frame(properties))
    with contextlib.suppress(NotCarried):
        check_carried(header.properties, FRAME_MAX_BYTES)


def test_headers_are_nested_as_deep_as_a_body_may_be() -> None:
    for depth, odd in ((31, ()), (32, ("headers",)), (490, ("headers",))):
        header = read(frame({"headers": headers(nested(depth))}))
        assert unreadable(replace(delivery(b""), header=header)) == odd


def test_headers_hold_a_thousand_values() -> None:
    """pamqp copies what is left of a frame for each: 130,000 took it a second."""
    for count, odd in ((998, ()), (999, ()), (1_000, ("headers",))):
        values = b"A" + struct.pack(">I", count) + b"V" * count
        header = read(frame({"headers": headers(values)}))
        assert unreadable(replace(delivery(b""), header=header)) == odd


field_values = st.recursive(
    st.none()
    | st.booleans()
    | st.text(max_size=20)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(width=32, allow_nan=False)
    | st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=20), field_values))
def test_what_is_in_order_is_read_as_it_was_written(headers: dict[str, Any]) -> None:
    written = spec.Basic.Properties(headers=headers, correlation_id="c", priority=3)
    octets = struct.pack(">HHQ", spec.Basic.frame_id, 0, 17) + written.marshal()
    framed = struct.pack(">BHI", 2, 1, len(octets)) + octets + b"\xce"
    header = read(framed)
    assert (header.properties.headers or {}) == headers
    assert (header.properties.correlation_id, header.properties.priority) == ("c", 3)
