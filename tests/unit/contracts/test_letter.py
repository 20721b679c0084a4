"""The reference of a letter."""

from uuid import UUID

import pytest

from contracts.letter import letter_reference


@pytest.mark.parametrize(
    ("referral_id", "reference"),
    [
        ("01930000-0000-7000-8000-0123456789ab", "0123-4567-89AB"),
        ("ffffffff-ffff-4fff-bfff-ffffffffffff", "FFFF-FFFF-FFFF"),
        ("01930000-0000-7000-8000-00000000d001", "0000-0000-D001"),
    ],
)
def test_a_reference_is_the_last_twelve_digits_in_fours(referral_id: str, reference: str) -> None:
    """Of the referral's id: letters that are out keep theirs."""
    assert letter_reference(UUID(referral_id)) == reference
