"""The desk's laws, without a browser: docs/clients/desk.md#promises."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.support.services.desk_practice import Practice

SCRIPT = "<script>alert(1)</script>"


async def versions(practice: Practice, referral: dict[str, Any]) -> tuple[int, int]:
    """The versions of a referral and of its e-referral."""
    shown = await practice.org.ask("referral.get", referral_uuid=referral["id"])
    sent = await practice.both.ask_dispatch(
        practice.org, "ereferral.get", ereferral_uuid=referral["ereferral_uuid"]
    )
    return shown.data["version"], sent.data["version"]


async def test_every_post_needs_the_sessions_token(practice: Practice) -> None:
    """403 for each form of a page without it, and nothing has changed."""
    referral = await practice.failed()
    before = await versions(practice, referral)
    visitor = await practice.visitor()
    page = await visitor.open(f"/referrals/{referral['id']}")
    forms = [form for form in page.forms if ("_csrf", form_csrf(form.said)) in form.said]
    assert len(forms) >= 4
    for form in forms:
        refused = await visitor.press(form, _csrf=[])
        assert (refused.status, "You may not do this" in refused.text) == (403, True)
    assert await versions(practice, referral) == before


def form_csrf(said: list[tuple[str, str]]) -> str:
    """The session's token in a form; empty where it has none."""
    return next((value for name, value in said if name == "_csrf"), "")


async def test_markup_in_a_name_is_text(practice: Practice) -> None:
    """An intake's name, a patient's, a partner's question: nobody's words become a page."""
    rows = [{"first_name": SCRIPT, "surname": "Smith", "org_type_id": "1", "description": SCRIPT}]
    await practice.org.ask("intake.submit", rows=rows)
    referral = await practice.delivered(SCRIPT)
    await practice.answered(referral, "rejected", note=SCRIPT)
    visitor = await practice.visitor()
    for path in ("/tasks/intake", "/tasks/declined", "/referrals", f"/referrals/{referral['id']}"):
        page = await visitor.open(path)
        assert page.status == 200
        assert SCRIPT not in page.html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.html
        assert SCRIPT in page.text


async def test_a_double_click_has_one_effect(practice: Practice) -> None:
    """Also when both are under way at once: the form's key makes them one message."""
    referral = await practice.to_call()
    visitor = await practice.visitor()
    form = (await visitor.open("/tasks/calls")).form("ereferral.complete_call")
    clicks = [visitor.press(form, follow=False, outcome="no_answer") for _ in range(2)]
    answers = await asyncio.gather(*clicks)
    assert [answer.status for answer in answers] == [303, 303]
    assert len({answer.headers["location"] for answer in answers}) == 1
    shown = await practice.both.ask_dispatch(
        practice.org, "ereferral.get", ereferral_uuid=referral["ereferral_uuid"]
    )
    assert [attempt["code"] for attempt in shown.data["attempts"]] == ["no_answer"]


async def test_what_the_token_may_not_has_no_button(practice: Practice) -> None:
    """And is 403 when it is forged from another's form."""
    referral = await practice.failed()
    before = await versions(practice, referral)
    path = f"/referrals/{referral['id']}"
    chief, reader = (
        await practice.visitor(),
        await practice.visitor(operations=["*.get", "*.list", "ereferral.letter"]),
    )
    theirs = await chief.open(path)
    ours = await reader.open(path)
    assert ours.status == 200
    for operation in ("ereferral.retry", "referral.cancel", "referral.record_response"):
        assert theirs.does(operation)
        assert not ours.does(operation)
        csrf = form_csrf(ours.forms[-1].said)
        forged = await reader.press(theirs.form(operation), _csrf=csrf, reason="Forged")
        assert (forged.status, "You may not do this" in forged.text) == (403, True)
    assert await versions(practice, referral) == before


async def test_a_stale_click_tells_what_was_done_and_by_whom(practice: Practice) -> None:
    """Two people at one row: the second one's click changes nothing."""
    referral = await practice.delivered("Dora Double")
    await practice.answered(referral, "rejected")
    first = await practice.visitor(actor="kim")
    second = await practice.visitor(actor="lee")
    path = f"/referrals/{referral['id']}"
    stale = (await second.open(path)).form("referral.cancel")
    done = await first.press(
        (await first.open(path)).form("referral.cancel"), reason="Patient moved away"
    )
    assert done.status == 200
    told = await second.press(stale, reason="No capacity")
    assert told.status == 409
    assert "Somebody was quicker. Meanwhile: Cancelled · by kim · just now" in told.text
    assert "Patient moved away" in told.text
    shown = (await practice.org.ask("referral.get", referral_uuid=referral["id"])).data
    assert shown["cancel_reason"] == "Patient moved away"


async def test_what_was_refused_is_shown_with_what_was_typed(practice: Practice) -> None:
    """422: the field says what is wrong with it, and another try is another message."""
    referral = await practice.delivered("Rita Retype")
    visitor = await practice.visitor()
    form = (await visitor.open(f"/referrals/{referral['id']}")).form("referral.record_response")
    shown = await visitor.press(
        form, response="completed", reason_code="insurance", note="All done"
    )
    assert shown.status == 422
    again = shown.form("referral.record_response")
    assert (again.value("note"), again.value("response")) == ("All done", "completed")
    assert again.value("_key") != form.value("_key")
    assert "Goes with rejected alone" in shown.text
    done = await visitor.press(again, reason_code="")
    assert done.status == 200
    assert "The answer is written down." in done.text
    data = (await practice.org.ask("referral.get", referral_uuid=referral["id"])).data
    assert data["status"] == "completed"


async def test_another_org_and_what_is_not_there(practice: Practice) -> None:
    """A referral of another org is not there, like one that never was."""
    other = practice.both.referrals.org()
    theirs = await other.referral()
    visitor = await practice.visitor()
    pages = [await visitor.open(f"/referrals/{uuid}") for uuid in (theirs["id"], uuid4())]
    assert [page.status for page in pages] == [404, 404]
    texts = [page.text.partition("Request")[0] for page in pages]
    assert texts[0] == texts[1]
