"""The number of attempts that a worker makes at a time, by channel.

A relay may take minutes to reply (RFC 5321, section 4.5.3.2), and a fax is followed for minutes.
However many of these are under way, the channels that answer within seconds go on beside them.
"""

from collections.abc import Mapping
from enum import StrEnum

from contracts.referral_partner import ContactMethod


class Pace(StrEnum):
    """How long an attempt by a channel may take."""

    PROMPT = "prompt"
    """Seconds: a portal, and asking for a call."""
    LASTING = "lasting"
    """Minutes: e-mail and fax."""


PACES: Mapping[ContactMethod, Pace] = {
    ContactMethod.PORTAL: Pace.PROMPT,
    ContactMethod.PHONE: Pace.PROMPT,
    ContactMethod.EMAIL: Pace.LASTING,
    ContactMethod.FAX: Pace.LASTING,
}


def free_slots(concurrency: int, running: Mapping[Pace, int]) -> dict[Pace, int]:
    """How many attempts of each pace may begin; of a worker that makes `concurrency` at a time.

    What lasts takes half of them at most, and one at least. The sum may be more than there is room
    for: who claims asks again after each.
    """
    room = max(0, concurrency - sum(running.values()))
    lasting = max(1, concurrency // 2) - running[Pace.LASTING]
    return {Pace.PROMPT: room, Pace.LASTING: max(0, min(room, lasting))}
