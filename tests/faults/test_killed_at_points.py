"""Replicas are killed at each named point of a message's way, and anywhere."""

from tests.faults.rig.faults import (
    POINTS_OF_AN_ATTEMPT,
    POINTS_OF_BOTH,
    kill_any,
    kill_at_every_point,
)
from tests.faults.rig.rig import Rig


async def test_killed_at_any_point_a_service_loses_and_repeats_nothing(rig: Rig) -> None:
    """Before and after a commit, before the acknowledgement, between publish and mark, around the
    point of no return, between a partner's answer and its record; and anywhere."""
    async with rig.round() as at_work:
        await kill_at_every_point(rig, at_work)
        await kill_any(rig, at_work)
    at_points = 2 * len(POINTS_OF_BOTH) + len(POINTS_OF_AN_ATTEMPT)
    statuses = [death.status for death in rig.fleet.deaths]
    assert set(statuses) == {-9}
    assert at_points < len(statuses) <= at_points + 2
