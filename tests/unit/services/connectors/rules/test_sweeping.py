"""Complete lists, and what they prove."""

from services.connectors.rules.sweeping import Identity, identity_changed, is_gone, missed


def rows(count: int, name: str = "Smith") -> dict[str, Identity]:
    return {str(number): Identity("partner", (name, str(number))) for number in range(count)}


def test_half_the_rows_missing_is_another_database() -> None:
    """Law 21: 50 of 100."""
    assert identity_changed(rows(100), rows(50))


def test_a_fifth_of_a_small_directory_may_go() -> None:
    """20 rows or fewer are deletions that a person can make in an afternoon."""
    assert not identity_changed(rows(40), rows(20))
    assert identity_changed(rows(42), rows(21))


def test_many_missing_rows_that_are_less_than_a_fifth_may_go() -> None:
    """21 of 106 are not a fifth."""
    assert not identity_changed(rows(106), rows(85))
    assert identity_changed(rows(105), rows(84))


def test_ids_that_stand_for_others_now_are_another_database() -> None:
    """Numbered anew: 5 of 100 under other names are enough, 4 are not."""
    other = rows(5, "Jones")
    assert identity_changed(rows(100), {**rows(100), **other})
    assert not identity_changed(rows(100), {**rows(100), **rows(4, "Jones")})


def test_two_new_names_in_a_small_directory_are_none() -> None:
    """A tenth of 20, and yet a marriage and a correction."""
    assert not identity_changed(rows(20), {**rows(20), **rows(2, "Jones")})
    assert identity_changed(rows(20), {**rows(20), **rows(3, "Jones")})


def test_a_sweep_that_is_not_complete_proves_nothing() -> None:
    """Law 19: only complete ones count, and one that shows the row begins from 0."""
    assert missed(0, seen=False, complete=False) == 0
    assert not is_gone(missed(1, seen=False, complete=False))
    assert missed(1, seen=True, complete=False) == 0


def test_two_complete_sweeps_without_it_are_enough() -> None:
    """Law 20."""
    once = missed(0, seen=False, complete=True)
    assert not is_gone(once)
    assert is_gone(missed(once, seen=False, complete=True))
