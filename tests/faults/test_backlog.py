"""A backlog is worked off in bounded memory."""

from tests.faults.rig.faults import pile_up
from tests.faults.rig.rig import Rig

MESSAGES = 5_000
"""The soak piles up 50,000."""


async def test_a_backlog_is_done_in_less_than_512_megabytes(rig: Rig) -> None:
    """Nobody was there while it came; everything in it is done once, no replica takes more memory
    for it than for a few messages, and who asks meanwhile is answered in the end."""
    async with rig.round() as at_work:
        await pile_up(rig, at_work, MESSAGES)
        await at_work.everybody_goes_on(within_seconds=30)
