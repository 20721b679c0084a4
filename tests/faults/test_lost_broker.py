"""RabbitMQ is killed, closes what is open, has an alarm, loses a queue or a binding."""

from contextlib import AsyncExitStack

from messaging.wire.connection import BROKER_ERRORS, connection
from tests.faults.judging.laws import LAWS_WITHOUT_SUBSCRIBER
from tests.faults.judging.reading import CONSUMED, ready_messages
from tests.faults.parties.follower import Follower
from tests.faults.rig.faults import alarm_memory, close_connections, delete_queue, kill_broker
from tests.faults.rig.rig import Rig
from tests.support.waiting import until


async def test_a_broker_that_is_killed_is_waited_for(rig: Rig) -> None:
    """Nothing is lost or done twice, and no replica needs a new start. A program with the client
    library is current by itself, and is told each version once."""
    async with AsyncExitStack() as stack:
        async with rig.round() as at_work:
            follower = Follower(rig.url, at_work.orgs)
            await stack.enter_async_context(follower.running())
            await kill_broker(rig, at_work)
        await until(follower.is_current, within_seconds=30, look_every_seconds=0.2)
        assert set(follower.told.values()) == {1}
    assert rig.fleet.deaths == []


async def test_closed_connections_and_an_alarm_are_waited_out(rig: Rig) -> None:
    """During the alarm nobody gets an answer, and afterwards everybody does."""
    async with rig.round() as at_work:
        await close_connections(rig, at_work)
        await at_work.goes_on()
        await alarm_memory(rig, at_work)
        await at_work.everybody_goes_on(within_seconds=30)
    assert rig.fleet.deaths == []


async def test_a_deleted_queue_is_declared_again(rig: Rig) -> None:
    """Each queue while it is empty, and the queue of commands while clients use it: what was in it
    is gone with it, and they ask again."""
    async with connection(rig.url, "test.deleting") as opened:
        channel = await opened.channel()
        for queue in CONSUMED:
            await channel.queue_delete(queue)

    async def are_back() -> bool:
        try:
            return set(await ready_messages(rig.url)) >= set(CONSUMED)
        except BROKER_ERRORS:
            return False

    await until(are_back, within_seconds=30, look_every_seconds=0.2)
    async with rig.round() as at_work:
        await delete_queue(rig, at_work)
    assert rig.fleet.deaths == []


async def test_an_event_that_finds_no_queue_holds_nothing_up(rig: Rig) -> None:
    """Without a subscriber the events of referrals go nowhere, as promised. News of e-referrals
    must reach referrals: returned, they are sent again once the binding is there again."""
    await rig.subscriber.unbind()
    async with connection(rig.url, "test.unbinding") as opened:
        channel = await opened.channel()
        await channel.queue_unbind(
            "referrals.ereferral_events", "ereferral_dispatch.events", routing_key="#"
        )
    async with rig.round(laws=LAWS_WITHOUT_SUBSCRIBER) as at_work:
        await at_work.everybody_goes_on(within_seconds=30)
    await rig.subscriber.bind()
    assert at_work.ledger is not None
    assert at_work.ledger.told == []
    assert len(at_work.ledger.referrals) > 0
    assert rig.fleet.deaths == []


async def test_a_reply_queue_that_is_gone_changes_nothing(rig: Rig) -> None:
    """Nobody waits for the first reply to any command: a queue that was deleted, a connection that
    was closed. The effect is there, and whoever asks again gets the reply; nothing is parked."""
    async with rig.round(leaving=1.0) as at_work:
        await at_work.everybody_goes_on(within_seconds=30)
    assert at_work.ledger is not None
    assert sum(desk.left for desk in at_work.desks) >= len(at_work.ledger.asked) > 20
    assert at_work.ledger.dead_letters == []
    assert rig.fleet.deaths == []
