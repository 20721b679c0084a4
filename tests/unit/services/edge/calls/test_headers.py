"""A request's headers, read."""

import pytest

from services.edge.calls.headers import (
    NeverMatches,
    actor,
    check_accepts,
    idempotency_key,
    if_match,
    if_none_match,
    quoted_key,
    traceparent,
)
from services.edge.problems import HttpProblem

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ('"8e03978e-40d5"', "8e03978e-40d5"),
        ("8e03978e-40d5", "8e03978e-40d5"),
        ('"a\\"b\\\\c"', 'a"b\\c'),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_key_is_read_quoted_and_bare(said: str, key: str) -> None:
    """And told in the form of the draft, which is read alike."""
    assert idempotency_key({"idempotency-key": said}) == key
    assert idempotency_key({"idempotency-key": quoted_key(key)}) == key


@pytest.mark.parametrize("said", ["", '""', '"a', "a b", '"a b"', "x" * 256, '"a";p=1', "a, b"])
def test_what_is_no_key(said: str) -> None:
    """400."""
    with pytest.raises(HttpProblem) as refused:
        idempotency_key({"idempotency-key": said})
    assert refused.value.status == 400


def test_a_key_that_is_made_is_new() -> None:
    """Nobody else's."""
    assert len({idempotency_key({}) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("said", "version"),
    [
        (None, None),
        ("*", None),
        ('"4.0123456789ab"', 4),
        ('"other", "12.0123456789ab"', 12),
        ('"4.0123456789ab","4.ba9876543210"', 4),
    ],
)
def test_the_version_that_if_match_names(said: str | None, version: int | None) -> None:
    """Of our ETags; any number of others beside one is none of our business."""
    assert if_match({} if said is None else {"if-match": said}) == version


@pytest.mark.parametrize("said", ['"x"', 'W/"4.0123456789ab"', '"0.0123456789ab"', '"4.01"'])
def test_what_never_matches(said: str) -> None:
    """It is no ETag of ours, or a weak one (RFC 9110, section 13.1.1)."""
    with pytest.raises(NeverMatches):
        if_match({"if-match": said})


@pytest.mark.parametrize("said", ["", "4", '"4', '"a" "b"', '"1.0123456789ab", "2.0123456789ab"'])
def test_an_if_match_that_is_not_understood(said: str) -> None:
    """400: no list of ETags, or two versions."""
    with pytest.raises(HttpProblem) as refused:
        if_match({"if-match": said})
    assert refused.value.status == 400


def test_if_none_match_compares_weakly() -> None:
    """RFC 9110, section 13.1.2."""
    etag = '"4.0123456789ab"'
    for said in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        assert if_none_match({"if-none-match": said}, etag)
    for said in ('"5.0123456789ab"', "", "4.0123456789ab"):
        assert not if_none_match({"if-none-match": said}, etag)
    assert not if_none_match({}, etag)


def test_who_is_behind_it() -> None:
    """A person before all, else the client, with whom it names."""
    assert actor({"handoff-actor": "kim"}, "desk", "u-17") == "u-17"
    assert actor({"handoff-actor": "kim"}, "desk", None) == "desk/kim"
    assert actor({}, "desk", None) == "desk"
    for wrong in ("", "x" * 65, "a b", "é"):
        with pytest.raises(HttpProblem):
            actor({"handoff-actor": wrong}, "desk", None)


def test_a_trace_context_is_passed_on_where_it_is_one() -> None:
    """A broken one is left out, as W3C asks."""
    assert traceparent({"traceparent": TRACE}) == TRACE
    assert traceparent({"traceparent": TRACE[:-1]}) is None
    assert traceparent({}) is None


@pytest.mark.parametrize(
    ("said", "accepted"),
    [
        ("", True),
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("text/html, */*;q=0.01", True),
        ("text/*", False),
        ("*/*, application/json;q=0", False),
        ("application/json;q=nonsense", False),
    ],
)
def test_what_is_accepted(said: str, accepted: bool) -> None:
    """The most specific range counts (RFC 9110, section 12.5.1)."""
    if accepted:
        check_accepts({"accept": said}, "application/json")
    else:
        with pytest.raises(HttpProblem) as refused:
            check_accepts({"accept": said}, "application/json")
        assert refused.value.status == 406
