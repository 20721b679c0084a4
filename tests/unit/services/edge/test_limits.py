"""Token buckets."""

import pytest

from services.edge import limits
from services.edge.limits import Rate, address_key


def test_a_burst_and_then_the_rate() -> None:
    """60 a minute, 3 at once: the fourth waits a second."""
    rate = Rate(60, 3)
    assert [rate.take("a", 100.0) for _ in range(4)] == [None, None, None, 1]
    assert rate.take("a", 100.5) == 1
    assert rate.take("a", 101.0) is None
    assert rate.take("a", 101.0) == 1


def test_a_quiet_time_fills_the_bucket_and_no_more() -> None:
    """After an hour there are three again."""
    rate = Rate(60, 3)
    for _ in range(3):
        rate.take("a", 0.0)
    assert [rate.take("a", 3600.0) for _ in range(4)] == [None, None, None, 1]


def test_each_key_has_its_own() -> None:
    """One that is at its end keeps nobody else out."""
    rate = Rate(1, 1)
    assert rate.take("a", 0.0) is None
    assert rate.take("a", 0.0) == 60
    assert rate.take("b", 0.0) is None


def test_who_asks_and_asks_waits_no_longer_for_it() -> None:
    """A refused request takes nothing."""
    rate = Rate(60, 1)
    rate.take("a", 0.0)
    for tenth in range(1, 10):
        assert rate.take("a", tenth / 10) == 1
    assert rate.take("a", 1.0) is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that asked longest ago is forgotten."""
    monkeypatch.setattr(limits, "MOST_REMEMBERED", 2)
    rate = Rate(1, 1)
    for key in ("a", "b", "a", "c"):
        rate.take(key, 0.0)
    assert rate.take("a", 0.0) == 60
    assert rate.take("b", 0.0) is None


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_whose_address_it_is(host: str, key: str) -> None:
    """Of IPv6, a customer's network: it has more addresses than can be remembered."""
    assert address_key(host) == key
