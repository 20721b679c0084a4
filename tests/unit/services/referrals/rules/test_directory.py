"""The texts by which patients and providers are found and sorted."""

import pytest

from services.referrals.rules.directory import search_text, sort_name


@pytest.mark.parametrize(
    ("name", "sorted_by"), [("Élodie BRUN", "élodie brun"), ("ΟΔΟΣ", "οδος"), (None, None)]
)
def test_names_are_sorted_lower_cased(name: str | None, sorted_by: str | None) -> None:
    """A tombstone has none."""
    assert sort_name(name) == sorted_by


@pytest.mark.parametrize(
    ("texts", "found_by"),
    [
        (
            ("Paula Pace", "+12025550143", "P@Example.com"),
            "paula pace\n+12025550143\np@example.com",
        ),
        (("Straße", None, "s@example.com"), "strasse\ns@example.com"),
        (("ΟΔΟΣ",), "οδοσ"),
        ((None, "+12025550143", None), None),
    ],
)
def test_what_is_searched_is_folded_a_line_each(
    texts: tuple[str | None, ...], found_by: str | None
) -> None:
    """The name is the first line: referrals are found by it alone. Of a tombstone nothing."""
    assert search_text(*texts) == found_by
