"""The number of attempts that a worker makes at a time, by channel."""

import pytest

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.rules.pace import PACES, Pace, free_slots


@pytest.mark.parametrize(
    ("concurrency", "prompt", "lasting", "free_prompt", "free_lasting"),
    [
        (200, 0, 0, 200, 100),
        (200, 0, 100, 100, 0),  # mails that hang leave half of it to the others
        (200, 150, 0, 50, 50),
        (200, 150, 30, 20, 20),
        (200, 200, 0, 0, 0),
        (200, 100, 99, 1, 1),
        (3, 0, 1, 2, 0),
        (1, 0, 0, 1, 1),
        (1, 0, 1, 0, 0),
        (1, 1, 0, 0, 0),
    ],
)
def test_what_lasts_takes_half_at_most(
    concurrency: int, prompt: int, lasting: int, free_prompt: int, free_lasting: int
) -> None:
    """Whatever is under way: no more than `concurrency` in all, of e-mail and fax no more than
    half, and one at least."""
    running = {Pace.PROMPT: prompt, Pace.LASTING: lasting}
    assert free_slots(concurrency, running) == {
        Pace.PROMPT: free_prompt,
        Pace.LASTING: free_lasting,
    }


def test_every_channel_has_a_pace() -> None:
    """E-mail and fax may take minutes."""
    assert set(PACES) == set(ContactMethod)
    lasting = {channel for channel, pace in PACES.items() if pace is Pace.LASTING}
    assert lasting == {ContactMethod.EMAIL, ContactMethod.FAX}
