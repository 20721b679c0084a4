"""Signed texts."""

import pytest

from services.edge.signing import Signer, read_unsigned

KEY, PREVIOUS = "k" * 32, "p" * 32


def test_what_was_signed_is_read_again() -> None:
    """For its use and what it is bound to, and for nothing else."""
    signer = Signer([KEY])
    sealed = signer.seal("session", ["a", 1], "token")
    assert signer.open("session", sealed, "token") == ["a", 1]
    assert read_unsigned(sealed) == ["a", 1]
    for use, bound_to in (("ticket", "token"), ("session", "another"), ("session", "")):
        with pytest.raises(ValueError, match="not signed"):
            signer.open(use, sealed, bound_to)


@pytest.mark.parametrize("changed", ["", ".", "WyJhIiwyXQ.x", "é.é"])
def test_what_was_made_up_is_refused(changed: str) -> None:
    """Whatever stands in a cookie."""
    with pytest.raises(ValueError):
        Signer([KEY]).open("session", changed)


def test_the_key_before_is_still_taken() -> None:
    """And no other; new ones are signed with the new key."""
    old = Signer([PREVIOUS]).seal("session", 7)
    both = Signer([KEY, PREVIOUS])
    assert both.open("session", old) == 7
    assert both.is_mark("form", "nonce", Signer([PREVIOUS]).mark("form", "nonce"))
    assert both.seal("session", 7) == Signer([KEY]).seal("session", 7) != old
    with pytest.raises(ValueError, match="not signed"):
        Signer([KEY]).open("session", old)


def test_without_a_key_each_replica_has_its_own() -> None:
    """Whoever is logged in at one is not at the other."""
    with pytest.raises(ValueError, match="not signed"):
        Signer([]).open("session", Signer([]).seal("session", 7))
