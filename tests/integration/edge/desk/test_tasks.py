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
    assert "Nothing waits under Held partners, Not completed, Overdue, Questions" in home.text
    for task, patient in (
        ("calls", "Carla Call"),
        ("failed", "Fred Fail"),
        ("unknown", "Uma Unknown"),
        ("declined", "Dora Declined"),
    ):
        listed = await visitor.open(f"/tasks/{task}")
        assert listed.status == 200, listed.text
        assert f"{patient} waiting" in listed.text
    assert "Carla Call waiting under 1 min" in home.text
    assert (await visitor.open("/tasks/held")).text.count("Nothing waits here any more.") == 1
    assert (await visitor.open("/tasks/made-up")).status == 404


async def test_what_has_waited_for_too_long_is_listed(practice: Practice) -> None:
    """Referrals whose day is past, and drafts of more than a day: today's are nobody's task."""
    overdue = await practice.delivered("Otto Overdue")
    await practice.set_back(
        "UPDATE referral SET overdue = true, respond_by = now() - interval '3 days' WHERE id = $1",
        overdue["id"],
    )
    for name, days in (("Olga Older", 3), ("Olaf Old", 2), ("Nina New", 0)):
        patient = await practice.org.patient(name=name)
        draft = await practice.org.referral(patient_uuid=patient["id"])
        await practice.set_back(
            "UPDATE referral SET created_at = now() - make_interval(days => $2) WHERE id = $1",
            draft["id"],
            days,
        )
    visitor = await practice.visitor()
    listed = await visitor.open("/tasks/overdue")
    assert "Otto Overdue waiting 3 days" in listed.text
    home = await visitor.open()
    assert "1 Overdue" in home.text and "2 Old drafts" in home.text
    drafts = await visitor.open("/tasks/drafts")
    assert "Olga Older waiting 3 days" in drafts.text
    assert drafts.text.index("Olga Older") < drafts.text.index("Olaf Old waiting 2 days")
    assert "Nina New" not in drafts.text


async def test_a_held_partner_is_let_go_again(practice: Practice) -> None:
    """One click, and what waited goes out."""
    referral = await practice.held("Hana Held")
    visitor = await practice.visitor()
    opened = await visitor.open("/tasks/held")
    assert "Hana Held waiting" in opened.text
    done = await visitor.press(opened.form("partner_channel.release"))
    assert "The partner's channel is on again." in done.text
    await practice.both.ereferral(practice.org, referral, "delivered")


async def test_a_locked_link_is_renewed_and_a_question_answered(practice: Practice) -> None:
    """Each from its list; the new link stands beside the row, and the row's task is done."""
    await practice.locked("Lena Locked")
    await practice.asked("Quinn Question")
    visitor = await practice.visitor(actor="kim")
    locked = await visitor.open("/tasks/locked")
    assert "Lena Locked waiting" in locked.text
    renewed = await visitor.press(locked.form("answer_link.renew"))
    assert "The new link and its code" in renewed.text
    assert "Nothing waits here any more." in (await visitor.open("/tasks/locked")).text
    questions = await visitor.open("/tasks/questions")
    assert "Which side hurts?" in questions.text
    done = await visitor.press(
        questions.form("referral.provide_information"), note="The upper left one."
    )
    assert "The partner is answered." in done.text
    assert "Nothing waits here any more." in done.text


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


async def test_the_second_of_two_callers_is_told_of_the_first(practice: Practice) -> None:
    """What came of the call, and who made it; the second one's click has no effect."""
    await practice.to_call("Anna Call")
    first = await practice.visitor(actor="kim")
    second = await practice.visitor(actor="lee")
    stale = (await second.open("/tasks/calls")).form("ereferral.complete_call")
    await first.press(
        (await first.open("/tasks/calls")).form("ereferral.complete_call"), outcome="reached"
    )
    told = await second.press(stale, outcome="wrong_number")
    assert told.status == 409
    assert "Anna Call ✓ Delivered" in told.text
    assert "Somebody was quicker. Meanwhile: Delivered · by kim" in told.text
    assert not told.does("ereferral.complete_call")
