"""Sealing: what is stored opens with a key, at its place, and nowhere else."""

import dataclasses
from typing import Any
from uuid import UUID

import pytest

from services.connectors.sealing import CannotOpen, Place, Sealer

OLD, NEW = "5f" * 32, "a1" * 32
PLACE = Place("org_1", UUID("e73740f7-c6b8-5352-a67e-09fe33daac21"), "row")
VALUE = {"last_name": "Zyprianowitsch", "pat_num": 15}


def test_what_is_sealed_shows_nothing_and_opens_again() -> None:
    """Twice the same value is not twice the same bytes."""
    sealer = Sealer(NEW)
    one, two = sealer.seal(VALUE, PLACE), sealer.seal(VALUE, PLACE)
    assert one != two and b"Zyprianowitsch" not in one
    assert sealer.open(one, PLACE) == VALUE


def test_the_previous_key_opens_and_does_not_seal() -> None:
    """While keys are changed; without it nothing opens."""
    sealed = Sealer(OLD).seal(VALUE, PLACE)
    changed = Sealer(NEW, OLD)
    assert changed.open(sealed, PLACE) == VALUE
    with pytest.raises(CannotOpen):
        Sealer(OLD).open(changed.seal(VALUE, PLACE), PLACE)
    with pytest.raises(CannotOpen):
        Sealer(NEW).open(sealed, PLACE)


@pytest.mark.parametrize(
    "elsewhere", [{"org_id": "org_2"}, {"field": "outgoing"}, {"connection_id": UUID(int=1)}]
)
def test_what_was_moved_to_another_place_cannot_be_opened(elsewhere: dict[str, Any]) -> None:
    """Another org, another connection, another column (law 37)."""
    sealed = Sealer(NEW).seal(VALUE, PLACE)
    with pytest.raises(CannotOpen):
        Sealer(NEW).open(sealed, dataclasses.replace(PLACE, **elsewhere))
