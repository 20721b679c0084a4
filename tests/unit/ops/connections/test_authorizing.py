"""The address that a person types after the page of an authorization."""

import io

import pytest

from ops.connections.authorizing import typed_address
from ops.environment import WrongArgument


def test_a_line_without_an_address_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Enter alone ends nothing, and says what is asked for; blanks around it are dropped."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\n  https://handoff.example/?code=1 \n"))
    assert typed_address() == "https://handoff.example/?code=1"
    assert capsys.readouterr().out.count("Give the whole address") == 1


def test_the_end_of_what_is_typed_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    with pytest.raises(WrongArgument, match="No address was given: run this again") as wrong:
        typed_address()
    assert "\n" not in str(wrong.value)
