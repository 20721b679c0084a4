"""The address that a browser is led back to: a code, or why there is none."""

import re

import pytest

from services.connectors.alfadocs.oauth import code_in

BACK = "https://handoff.example/callback"


@pytest.mark.parametrize("around", ["{}", "  {}", "{} \n", "\t{}\t"])
def test_the_code_of_this_attempt_is_taken(around: str) -> None:
    """With blanks around the address too, which copying brings along."""
    assert code_in(around.format(f"{BACK}?code=4%2Fx&state=s-1"), "s-1") == "4/x"


@pytest.mark.parametrize(
    ("led_to", "told"),
    [
        ("?error=access_denied&state=s-1", "the access was refused there: access_denied"),
        ("?error=invalid_scope&state=s-1&error_description=8f2a", "refused there: invalid_scope"),
        ("?error=%1b[31m8f2a&state=s-1", "the access was refused there"),
        ("?error=access_denied&state=8f2a", "the address holds no code of this authorization: "),
        ("?error=access_denied", "the address holds no code"),
        ("?code=8f2a&state=s-2", "the address holds no code"),
        ("?code=8f2a", "the address holds no code"),
        ("?code=&state=s-1", "the address holds no code"),
        ("?state=s-1", "the address holds no code"),
        ("", "the address holds no code"),
        ("?code=8f2a&state=sé", "the address holds no code"),
    ],
)
def test_an_address_without_it_is_told_why(led_to: str, told: str) -> None:
    """That somebody refused counts with the state of this attempt alone; nothing is quoted but an
    error's code."""
    with pytest.raises(ValueError, match=re.escape(told)) as wrong:
        code_in(f"{BACK}{led_to}", "s-1")
    assert "8f2a" not in str(wrong.value) and "\x1b" not in str(wrong.value)


def test_what_is_no_address_is_told_alike() -> None:
    """Whatever was copied."""
    for typed in ("http://[8f2a", "8f2a", "code=8f2a&state=s-1"):
        with pytest.raises(ValueError, match="the address holds no code") as wrong:
            code_in(typed, "s-1")
        assert "8f2a" not in str(wrong.value)
