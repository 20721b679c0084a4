"""PostgreSQL ends sessions, is restarted in the middle of everything, commits without a word."""

from tests.faults.rig.faults import lose_commits, restart_database, terminate_backends
from tests.faults.rig.rig import Rig


async def test_sessions_that_are_terminated_every_two_seconds_cost_nothing(rig: Rig) -> None:
    """Whatever was not committed is done again."""
    async with rig.round() as at_work:
        await terminate_backends(rig, at_work)
    assert rig.fleet.deaths == []


async def test_a_database_that_is_restarted_at_once_is_waited_for(rig: Rig) -> None:
    """Consumption pauses and goes on; nobody is told of a fault of ours."""
    async with rig.round() as at_work:
        await restart_database(rig, at_work)
    assert rig.fleet.deaths == []


async def test_a_commit_whose_answer_is_lost_has_its_effect_once(rig: Rig) -> None:
    """The service cannot know: it does the batch again and finds what it had done."""
    before = rig.proxy.lost
    async with rig.round() as at_work:
        await lose_commits(rig, at_work)
    assert rig.proxy.lost >= before + 12
    assert rig.fleet.deaths == []
