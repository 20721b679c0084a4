"""The desk's tasks: what needs a person, done from its list."""

from messaging.wire.connection import connection
from tests.support.services.desk_practice import Practice
from tests.support.waiting import until


async def test_each_task_is_counted_and_opens_its_list(practice: Practice) -> None:
    """The first page counts; a list has who waits and for how long, and opens the oldest."""
    await practice.to_call("Carla Call")
    await practice.failed("Fred Fail")
    await practice.unknown("Uma Unknown")
    declined = await practice.delivered("Dora Declined")
    await practice.answered(declined, "rejected", reason_code="no_capacity")
    visitor = await practice.visitor()
    home = await visitor.open()
    for said in ("1 Calls due", "1 Not delivered", "1 Outcome unknown", "1 Declined"):
        assert said in home.text
    assert "None of these: Held partners, Not completed, Overdue, Questions" in home.text
    for task, patient in (
        ("calls", "Carla Call"),
        ("failed", "Fred Fail"),
        ("unknown", "Uma Unknown"),
        ("declined", "Dora Declined"),
    ):
        listed = await visitor.open(f"/tasks/{task}")
        assert listed.status == 200, listed.text
        assert f"{patient} waiting" in listed.text
    assert "Carla Call waiting a moment" in home.text
    assert (await visitor.open("/tasks/held")).text.count("Nothing waits here any more.") == 1
    assert (await visitor.open("/tasks/made-up")).status == 404


async def test_parked_messages_are_counted_for_who_runs_it(practice: Practice) -> None:
    """Nobody else is told of them: they are of all orgs."""
    async with connection(practice.both.referrals.rabbitmq_url, "test") as opened:
        channel = await opened.channel(publisher_confirms=True)
        await channel.basic_publish(
            b"no JSON", exchange="referrals.commands", routing_key="referral.create"
        )
    runs, works = (
        await practice.visitor(),
        await practice.visitor(operations=["*.list", "*.get"]),
    )

    async def told() -> bool:
        return "1 Dead letter Messages that nobody could take" in (await runs.open()).text

    await until(told, 10)
    assert "Dead letter" not in (await works.open()).text


async def test_after_an_action_the_next_row_opens(practice: Practice) -> None:
    """Oldest first; the last one leaves an empty list."""
    for name in ("Anna Call", "Bert Call"):
        await practice.to_call(name)
    visitor = await practice.visitor()
    first = await visitor.open("/tasks/calls")
    assert first.text.index("Anna Call") < first.text.index("Bert Call")
    second = await visitor.press(first.form("ereferral.complete_call"), outcome="reached")
    assert second.status == 200
    assert "The call is written down." in second.text
    assert "Bert Call" in second.text and "Anna Call" not in second.text
    third = await visitor.press(second.form("ereferral.complete_call"), outcome="reached")
    assert "Nothing waits here any more." in third.text
