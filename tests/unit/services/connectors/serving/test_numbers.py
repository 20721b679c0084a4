"""Numbers of our own interface, beside those of the practice's Open Dental."""

from uuid import UUID

from services.connectors.serving.numbers import (
    OUT_OF_REACH,
    new_counter,
    pass_over,
    stay_beside_theirs,
    take_number,
)

INTERFACE = UUID("e73740f7-c6b8-5352-a67e-09fe33daac21")


def test_no_number_of_theirs_is_given() -> None:
    """Ours go on above the highest of theirs that a counter could reach."""
    counter = new_counter("org_1", INTERFACE, beside_theirs=True)
    assert take_number(counter) == 1_000_000_000
    for theirs in (1_000_000_001, 17, 1_000_000_005):
        pass_over(counter, theirs)
    assert take_number(counter) == 1_000_000_006
    pass_over(counter, OUT_OF_REACH)
    assert take_number(counter) == 1_000_000_007


def test_ours_begin_above_an_open_dental_that_comes_later() -> None:
    """And not below what is given already."""
    counter = new_counter("org_1", INTERFACE, beside_theirs=False)
    assert take_number(counter) == 1
    stay_beside_theirs(counter)
    assert take_number(counter) == 1_000_000_000
    stay_beside_theirs(counter)
    assert take_number(counter) == 1_000_000_001
