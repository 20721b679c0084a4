"""A partner answers by the link of its letter: each answer, and what each of them leads to."""

import asyncio

import pytest

from tests.integration.edge.answer_pages.partner import Post, browser, form_in, forms_of
from tests.support.services.desk import at_the_desk

ALL = [
    *("appointment", "accepted", "declined", "question", "seen", "completed", "not_completed"),
]
ZONE = {"time_zone": "America/New_York"}


async def test_the_letters_square_leads_to_the_answer(post: Post) -> None:
    """Scanned, opened, the code given, an appointment named: the referral shows it."""
    letter = await post.read_letter("scans", **ZONE)
    partner = browser(post.edge)
    before = await partner.open(letter)
    assert before.status == 200 and partner.seen[-1] == "/r"
    assert forms_of(before) == ["code"]
    for shown in ("Main Street Dental", "+1 202-555-0101", "Ann Archer", "Open"):
        assert shown in before.text
    assert "S. P." not in before.text and "Sample" not in before.text

    after = await partner.press(
        form_in(before, "code"), code=f"{letter.code[:3]} {letter.code[3:]}"
    )
    assert after.status == 200 and forms_of(after) == ALL
    for shown in ("S. P.", letter.referral["reference"], "Urgent", "None yet"):
        assert shown in after.text
    for hidden in ("Sample", "van der", "Root canal"):
        assert hidden not in after.html
    delivered = await post.ereferral(letter)
    assert delivered["status"] == "delivered"
    assert delivered["attempts"][-1]["code"] == "opened"

    form = form_in(after, "appointment")
    said = await partner.press(form, date="2026-12-07", time="09:30", note="Bring the X-ray")
    assert said.status == 200
    assert "Thank you: the appointment is with the practice." in said.text
    assert "Accepted" in said.text and "7 Dec 2026, 09:30" in said.text
    assert forms_of(said) == ["appointment", "question", "seen", "completed", "not_completed"]
    referral = await post.shows(letter, fulfilment_status="accepted")
    assert referral["scheduled_at"] == "2026-12-07T14:30:00Z"
    said_then = [one["detail"] for one in referral["timeline"] if one["scheduled_at"]]
    assert said_then == ["accepted: Bring the X-ray"]
    link = (await post.both.ask_dispatch(post.org, "answer_link.list")).data["items"][0]["id"]
    trail = await post.both.dispatch.database.fetch(
        "SELECT operation, actor FROM ereferral_dispatch.audit WHERE org_id = $1 AND actor = $2",
        *(post.org.id, f"answer_link:{link}"),
    )
    asked = {row["operation"] for row in trail}
    assert asked == {"answer_link.verify", "answer_link.open", "ereferral.record_response"}


@pytest.mark.parametrize(
    ("name", "typed", "status", "then"),
    [
        ("accepted", {}, "accepted", ["appointment", "question", "seen"]),
        ("declined", {"reason_code": "no_capacity"}, "rejected", ["seen"]),
        ("seen", {"note": "Twice"}, "in-progress", ["question"]),
        ("completed", {"note": "Crowned"}, "completed", None),
        ("not_completed", {}, "failed", None),
    ],
)
async def test_each_answer_leads_forward(
    post: Post, name: str, typed: dict[str, str], status: str, then: list[str] | None
) -> None:
    """What is offered afterwards is what still leads on; what is settled takes no more."""
    letter = await post.letter(name)
    partner = browser(post.edge)
    said = await partner.press(form_in(await partner.enter(letter), name), typed)
    assert said.status == 200 and "Thank you" in said.text
    assert forms_of(said) == ([] if then is None else [*then, "completed", "not_completed"])
    if then is None:
        assert "answered for good" in said.text
    await post.shows(letter, fulfilment_status=status)


async def test_a_question_comes_back_answered(post: Post) -> None:
    """It stands before the desk; the referral stays as it is; the page shows what was told."""
    letter = await post.letter("asks")
    partner = browser(post.edge)
    page = await partner.enter(letter)
    asked = await partner.press(form_in(page, "question"), note="Any allergies?")
    assert "Your question is with the practice" in asked.text
    assert "has not answered it yet" in asked.text and forms_of(asked) == ALL
    referral = await post.shows(letter, information_requested="Any allergies?")
    assert referral["fulfilment_status"] == "requested"
    told = await post.org.ask(
        "referral.provide_information",
        referral_uuid=referral["id"],
        base_version=referral["version"],
        note="None that we know of.",
    )
    assert told.status == 200
    for _ in range(200):
        if "None that we know of." in (page := await browser(post.edge).enter(letter)).text:
            break
        await asyncio.sleep(0.05)
    assert "The practice answers None that we know of." in page.text


async def test_the_same_answer_twice_has_one_effect(post: Post) -> None:
    """A double click, and the same form once more: one answer, one event, one of twenty."""
    letter = await post.letter("twice")
    partner = browser(post.edge)
    form = form_in(await partner.enter(letter), "completed")
    both = await asyncio.gather(*(partner.press(form, follow=False, note="Done") for _ in range(2)))
    assert [one.status for one in both] == [303, 303]
    assert (await partner.press(form, note="Done")).status == 200
    referral = await post.shows(letter, fulfilment_status="completed")
    happened = [one["event"] for one in referral["timeline"]]
    assert happened.count("ereferral.response_recorded") == 1
    answers = await post.both.dispatch.database.fetchval(
        "SELECT answers FROM ereferral_dispatch.answer_link WHERE org_id = $1", post.org.id
    )
    assert answers == 1


async def test_an_answer_never_leads_back(post: Post) -> None:
    """A page that stood open while it was settled elsewhere: 409, what was typed is kept, and the
    page shows what stands now."""
    letter = await post.letter("back")
    one, other = browser(post.edge), browser(post.edge)
    stale = form_in(await one.enter(letter), "declined")
    settled = await other.press(form_in(await other.enter(letter), "completed"))
    assert settled.status == 200
    refused = await one.press(stale, reason_code="other", note="We are full")
    assert refused.status == 409
    assert "This answer is no longer possible" in refused.text
    assert "We are full" in refused.text and "Completed" in refused.text
    assert forms_of(refused) == []
    await post.shows(letter, fulfilment_status="completed")


async def test_what_is_missing_is_said_beside_it(post: Post) -> None:
    """And nothing is sent: an appointment without a time, a decline without a reason, a question
    without words, a day that is none."""
    letter = await post.letter("missing")
    partner = browser(post.edge)
    page = await partner.enter(letter)
    for name, typed, words in (
        ("appointment", {"date": "2026-12-07", "note": "Soon"}, "This is needed."),
        ("appointment", {"date": "2026-02-30", "time": "10:00"}, "Please give a day"),
        ("appointment", {"date": "2026-12-07", "time": "25:00"}, "Please give a"),
        ("declined", {"note": "Sorry"}, "This is needed."),
        ("declined", {"reason_code": "made_up"}, "▲"),
        ("question", {"note": "  "}, "This is needed."),
    ):
        refused = await partner.press(form_in(page, name), typed)
        assert refused.status == 422, (name, refused.text)
        assert words in refused.text
        again = form_in(refused, name)
        kept = {
            field: value for field, value in typed.items() if value.strip() and value != "made_up"
        }
        assert {field: again.value(field) for field in kept} == kept
    referral = await post.shows(letter, fulfilment_status="requested")
    assert "response_recorded" not in str(referral["timeline"])


async def test_a_link_takes_twenty_answers(post: Post) -> None:
    """Then it says so, and offers nothing."""
    letter = await post.letter("chatty")
    partner = browser(post.edge)
    page = await partner.enter(letter)
    await post.both.dispatch.database.execute(
        "UPDATE ereferral_dispatch.answer_link SET answers = 19 WHERE org_id = $1", post.org.id
    )
    page = await partner.press(form_in(page, "question"), note="And one more?")
    assert "Twenty answers came by this link" in page.text
    assert forms_of(page) == []


async def test_the_desk_shows_the_answer(post: Post) -> None:
    """A declined referral is among what needs a person."""
    letter = await post.letter("seen_at_desk")
    partner = browser(post.edge)
    declined = await partner.press(
        form_in(await partner.enter(letter), "declined"), reason_code="insurance"
    )
    assert "find somebody else" in declined.text
    await post.shows(letter, fulfilment_status="rejected")
    person = await at_the_desk(post.edge, post.org.id)
    assert "1 Declined" in (await person.open()).text
