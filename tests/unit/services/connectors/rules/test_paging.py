"""Pages of a list that others write to."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.connectors.rules.paging import (
    RESTARTS,
    Asked,
    Drifted,
    Position,
    Took,
    ask,
    take,
)


def ids(start: int, count: int) -> list[str]:
    return [str(number) for number in range(start, start + count)]


def test_the_first_page_is_asked_from_the_start_and_the_next_one_row_back() -> None:
    """100 rows, then from row 99: the one row twice shows that nothing moved."""
    assert ask(Position()) == Asked(0, 100)
    took = take(Position(), ids(0, 100))
    assert took == Took(0, Position(100, "99"), True)
    assert took.position is not None and ask(took.position) == Asked(99, 100)


def test_a_page_that_is_not_full_is_the_last() -> None:
    """Its first row was seen already."""
    assert take(Position(100, "99"), ids(99, 40)) == Took(1, None, True)


def test_a_full_page_of_exactly_all_is_followed_by_one_with_one_row() -> None:
    """The row asked back stands alone in it, and is nothing new."""
    assert take(Position(100, "99"), ["99"]) == Took(1, None, True)


def test_a_row_that_went_between_pages_is_noticed() -> None:
    """Law 17: the row asked back is another one, and the phase begins anew."""
    assert take(Position(100, "99"), ids(100, 100)) == Drifted(Position(restarts=1))


def test_a_row_that_came_between_pages_is_noticed() -> None:
    """Law 18."""
    assert take(Position(100, "99"), ids(98, 100)) == Drifted(Position(restarts=1))


def test_after_three_restarts_it_goes_on_and_is_not_complete() -> None:
    """A list that never rests is read all the same; it only proves no deletion."""
    position = Position(100, "99", restarts=RESTARTS)
    assert take(position, ids(98, 40)) == Took(0, None, False)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 450), st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=3))
def test_no_row_that_was_there_throughout_is_missed(
    count: int, writes: list[tuple[int, bool]]
) -> None:
    """Laws 17 and 18: rows come and go at the front between pages, at most three times, and each
    row that was there from beginning to end is seen; the sweep is complete."""
    listed = ids(0, count)
    always = set(listed)
    seen: set[str] = set()
    position: Position | None = Position()
    pages, pending, complete = 0, dict(writes), True
    while position is not None:
        asked = ask(position)
        page = listed[asked.offset : asked.offset + asked.limit]
        taken = take(position, page)
        if isinstance(taken, Drifted):
            position = taken.position
        else:
            seen |= set(page[taken.new :])
            position, complete = taken.position, taken.complete
        deletes = pending.pop(pages, None)
        if deletes is not None and position is not None:
            if deletes and listed:
                always.discard(listed.pop(0))
            else:
                listed.insert(0, f"new{pages}")
        pages += 1
    assert always <= seen and complete
