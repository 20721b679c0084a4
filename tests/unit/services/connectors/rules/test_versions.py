"""Versions of rows of the other side."""

from hypothesis import given
from hypothesis import strategies as st

from services.connectors.rules.versions import digest, external_version, same_content

ROW = st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=5), st.integers(0, 9)))


def test_a_version_is_a_stamp_and_a_digest() -> None:
    """16 hexadecimal characters of SHA-256 of the JSON with sorted keys, by `sha256sum`."""
    assert digest({"b": 1, "a": "x"}) == "cdab067e9f3beb32"
    assert external_version({"b": 1, "a": "x"}, "2021-06-21 10:03:08", 0) == (
        "2021-06-21 10:03:08.cdab067e9f3beb32"
    )
    assert external_version({"b": 1, "a": "x"}, None, 7) == "7.cdab067e9f3beb32"


def test_a_row_that_returns_to_what_it_was_has_a_third_version() -> None:
    """Law 5: with a stamp by the stamp, without one by the count of changes."""
    a, b = {"name": "A"}, {"name": "B"}
    stamped = [external_version(r, s, 0) for r, s in ((a, "1"), (b, "2"), (a, "3"))]
    counted = [external_version(r, None, n) for r, n in ((a, 0), (b, 1), (a, 2))]
    assert len(set(stamped)) == 3 and len(set(counted)) == 3
    assert same_content(stamped[0], stamped[2]) and not same_content(stamped[0], stamped[1])


@given(ROW, ROW)
def test_the_same_content_is_told_whatever_the_stamp(
    one: dict[str, object], two: dict[str, object]
) -> None:
    """Two versions hold the same if and only if the rows do, in whatever order."""
    shuffled = dict(reversed(one.items()))
    assert same_content(external_version(one, "x", 0), external_version(shuffled, None, 4))
    assert same_content(external_version(one, "x", 0), external_version(two, "x", 0)) == (
        one == two
    )
