"""Composing a letter for whoever asks."""

import base64
import time

import pytest

from letters import composing
from letters.composing import TooSlow, compose
from letters.letter import Letter
from letters.render import render_letter
from tests.support.samples.packages import sample_consignment, sample_package


async def test_what_is_shown_is_what_would_be_sent() -> None:
    """The same bytes, in base64, with the reference beside them."""
    shown = await compose(Letter(package=sample_package()))
    assert shown.reference == "0123-4567-89AB"
    assert base64.b64decode(shown.pdf) == render_letter(sample_consignment())


async def test_a_letter_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an error that nobody takes for a database that is away, which would be waited for."""
    monkeypatch.setattr(composing, "LONGEST_SECONDS", 0.01)
    monkeypatch.setattr(composing, "render_letter", lambda _: time.sleep(0.2))
    with pytest.raises(TooSlow) as raised:
        await compose(Letter(package=sample_package()))
    assert not isinstance(raised.value, (TimeoutError, OSError))
