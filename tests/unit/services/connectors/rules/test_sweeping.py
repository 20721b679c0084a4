"""Complete lists, and what they prove."""

from services.connectors.rules.sweeping import Compared, identity_changed, is_gone


def test_half_the_rows_missing_is_another_database() -> None:
    """Law 21: 50 of 100."""
    assert identity_changed(Compared(total=100, missing=50, others=0))


def test_a_fifth_of_a_small_directory_may_go() -> None:
    """20 rows or fewer are deletions that a person can make in an afternoon."""
    assert not identity_changed(Compared(total=40, missing=20, others=0))
    assert identity_changed(Compared(total=42, missing=21, others=0))


def test_many_missing_rows_that_are_less_than_a_fifth_may_go() -> None:
    """21 of 106 are not a fifth."""
    assert not identity_changed(Compared(total=106, missing=21, others=0))
    assert identity_changed(Compared(total=105, missing=21, others=0))


def test_ids_that_stand_for_others_now_are_another_database() -> None:
    """Numbered anew: 5 of 100 under other names are enough, 4 are not."""
    assert identity_changed(Compared(total=100, missing=0, others=5))
    assert not identity_changed(Compared(total=100, missing=0, others=4))


def test_two_new_names_in_a_small_directory_are_none() -> None:
    """A tenth of 20, and yet a marriage and a correction."""
    assert not identity_changed(Compared(total=20, missing=0, others=2))
    assert identity_changed(Compared(total=20, missing=0, others=3))


def test_two_complete_sweeps_without_it_are_enough() -> None:
    """Law 20."""
    assert not is_gone(1)
    assert is_gone(2)
