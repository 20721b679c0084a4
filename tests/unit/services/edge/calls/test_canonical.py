"""Bodies written anew."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.wire.envelope import read_body
from services.edge.calls.canonical import canonical_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("given_text", "written"),
    [
        ('{"b": 1, "a": [true, null, "x"]}', '{"a":[true,null,"x"],"b":1}'),
        ('{"a": 1.500, "b": 1E2, "c": -0.0}', '{"a":1.500,"b":1E+2,"c":-0.0}'),
        ('{"a": "\\u00e9 \\"\\n"}', '{"a":"é \\"\\n"}'),
        ('{"a": 12345678901234567890123456789012345}', '{"a":12345678901234567890123456789012345}'),
        ('{"a": "\\ud800"}', '{"a":"\\ud800"}'),
        ('{"a": 1, "a": 2}', '{"a":2}'),
    ],
)
def test_how_it_is_written(given_text: str, written: str) -> None:
    """By name, without white space, numbers with their digits, a lone surrogate escaped."""
    assert canonical_json(read_body(given_text.encode())) == written.encode()


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_it_says_the_same_and_always_in_the_same_bytes(payload: dict[str, Any]) -> None:
    """Read again it is what it was; another order of its members changes nothing."""
    written = canonical_json(payload)
    assert read_body(written) == payload
    reordered = dict(reversed(list(payload.items())))
    assert canonical_json(reordered) == written
    assert canonical_json(read_body(written)) == written


def test_a_fraction_keeps_its_zeros() -> None:
    """1.50 and 1.5 are the same amount and not the same bytes: money with a third zero is refused
    by the service, which has to see it."""
    assert canonical_json({"a": Decimal("1.500")}) == b'{"a":1.500}'
    assert json.loads(canonical_json({"a": Decimal("1E+2")})) == {"a": 100.0}
