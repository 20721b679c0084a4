"""The value that counts: theirs, ours, or neither."""

from hypothesis import given
from hypothesis import strategies as st

from services.connectors.rules.ownership import Merge, differing, merge

VALUES = st.fixed_dictionaries({name: st.integers(0, 2) for name in "abc"})


def test_only_what_changed_there_is_sent() -> None:
    """Nobody here changed it: the differences to the last import."""
    base = {"city": "Salem", "state": "OR"}
    assert merge(base, {"city": "Portland", "state": "OR"}) == Merge({"city": "Portland"})


def test_what_changed_only_here_is_kept() -> None:
    """Law 28: their row is as it was, so nothing is sent, whatever stands here."""
    base = {"city": "Salem", "notes": None}
    assert merge(base, base, {"city": "Bend", "notes": "ours"}) == Merge()


def test_what_changed_on_both_sides_is_a_persons_to_decide() -> None:
    """Law 27: nothing at all is sent, so that neither is lost."""
    base = {"city": "Salem", "state": "OR"}
    ours = {"city": "Bend", "state": "OR"}
    found = merge(base, {"city": "Portland", "state": "WA"}, ours)
    assert found == Merge(both_changed=("city",))


def test_the_same_change_on_both_sides_is_none() -> None:
    """Both say Bend: there is nothing to send and nothing to decide."""
    assert merge({"city": "Salem"}, {"city": "Bend"}, {"city": "Bend"}) == Merge()


@given(VALUES, VALUES, VALUES)
def test_no_change_of_either_side_is_lost(
    base: dict[str, int], theirs: dict[str, int], ours: dict[str, int]
) -> None:
    """After what is sent, each field holds theirs where they changed it and else ours; or nothing
    is sent, and each field that both changed differently is named."""
    found = merge(base, theirs, ours)
    in_conflict = {
        n for n in base if theirs[n] != base[n] and ours[n] != base[n] and theirs[n] != ours[n]
    }
    assert set(found.both_changed) == in_conflict
    after = {**ours, **found.send}
    for name in base:
        kept = ours[name] if in_conflict or theirs[name] == base[name] else theirs[name]
        assert after[name] == kept


def test_where_no_last_import_is_known_the_differences_are_named() -> None:
    """Law 3: adopted after the database was lost, it is told and not overwritten."""
    assert differing({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == ("b",)
