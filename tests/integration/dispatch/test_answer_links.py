"""Answer links on real servers: from the letter to the answer, and whatever goes wrong there."""

import asyncio
import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from messaging.trail.audit import Operator, about_patient
from services.ereferral_dispatch import purging
from tests.integration.dispatch.answering import PUBLIC_URL, Partner, holding, with_letter
from tests.integration.dispatch.shown import attempts
from tests.support.partners.portal import Answer
from tests.support.partners.relay import HANG_AFTER_DATA
from tests.support.samples.packages import PATIENT_ID
from tests.support.services.dispatch import (
    PHONE,
    Dispatch,
    Org,
    eventually,
    new_partner,
    refusal,
)


async def mailed(dispatch: Dispatch, org: Org, local: str, **partner: object) -> Partner:
    """A partner who has the letter in a mail that the relay took."""
    address = f"{local}@partner.example"
    ereferral = await org.dispatch(new_partner(email=address, **partner))
    await org.reaches(ereferral, "sent")
    return with_letter(org, ereferral, dispatch.mail.to(address)[0].letter)


def letter_in(bundle: bytes) -> bytes:
    """The letter of a portal's bundle."""
    entries = json.loads(bundle)["entry"]
    [document] = [e for e in entries if e["resource"]["resourceType"] == "DocumentReference"]
    return base64.b64decode(document["resource"]["content"][0]["attachment"]["data"])


async def version_of(org: Org, ereferral: str) -> int:
    return int((await org.get(ereferral))["version"])


async def test_a_partner_answers_by_the_letter(dispatch: Dispatch, org: Org) -> None:
    """The square is scanned, the code read; the letter has arrived, and the answer is told."""
    partner = await mailed(dispatch, org, "answers")
    assert partner.url == holding(org, partner.ereferral).url
    mail = dispatch.mail.to("answers@partner.example")[0]
    assert partner.url in mail.text and partner.code not in mail.text.replace(" ", "")

    before = await partner.open()
    assert before.status == 200
    assert before.data["status"] == "open" and before.data["referral"] is None
    practice = {"name": "Sample Family Dental", "phone": "+12025550101", "time_zone": None}
    assert before.data["practice"] == practice
    assert before.data["partner"] == "Alex Example"
    assert before.data["sent_on"] == "2026-11-20"

    verified = await partner.verify()
    assert verified.status == 200
    assert (verified.data["verified"], verified.data["attempts_left"]) == (True, 5)
    shown = await org.get(partner.ereferral)
    assert shown["status"] == "delivered"
    assert attempts(shown) == [(1, "email", "delivered", "opened")]

    after = (await partner.open(verified.data["proof"])).data
    assert after["referral"] == {
        "ereferral_uuid": partner.ereferral,
        "reference": after["referral"]["reference"],
        "patient_initials": "S. P.",
        "priority": "routine",
        "respond_by": "2026-12-04T15:30:00Z",
        "respond_on": "2026-12-04",
        "response": None,
        "scheduled_at": None,
        "information_requested": None,
        "information_provided": None,
        "may_answer": ["accepted", "rejected", "in-progress", "completed", "failed"],
        "may_request_information": True,
        "answers_left": 20,
    }
    assert "Sample Patient" not in str(after) and "Root canal" not in str(after)

    monday = "2026-12-07T15:00:00Z"
    answered = await partner.answer("accepted", note="Monday at nine", scheduled_at=monday)
    assert answered.status == 200
    now = await partner.proven()
    assert (now["response"], now["scheduled_at"]) == ("accepted", monday)
    assert now["answers_left"] == 19
    assert now["may_answer"] == ["accepted", "in-progress", "completed", "failed"]
    story = await dispatch.heard.story(partner.ereferral)
    assert story == ["queued", "sent", "delivered", "response_recorded"]


async def test_whoever_was_shown_the_referral_is_in_the_trail(dispatch: Dispatch, org: Org) -> None:
    """Before the code nobody's data are shown."""
    partner = await mailed(dispatch, org, "trail")

    async def opened() -> int:
        trail = await about_patient(dispatch.service.system_engine, org.id, PATIENT_ID)
        return sum(entry.operation == "answer_link.open" for entry in trail)

    await partner.open()
    assert await opened() == 0
    await partner.proven()
    assert await opened() == 1


async def test_scanners_change_nothing(dispatch: Dispatch, org: Org) -> None:
    """A hundred that follow the link, or make up a proof: no version, no event, no count."""
    partner = await mailed(dispatch, org, "scanned")
    before = await version_of(org, partner.ereferral)
    made_up = f"{2**31}.{'A' * 43}"
    opened = await asyncio.gather(
        *(partner.open() for _ in range(50)), *(partner.open(made_up) for _ in range(50))
    )
    assert {one.status for one in opened} == {200}
    assert all(one.data["referral"] is None for one in opened)
    assert await version_of(org, partner.ereferral) == before
    assert (await partner.verify()).data["attempts_left"] == 5


async def test_five_wrong_codes_lock_it_and_a_renewal_makes_another(
    dispatch: Dispatch, org: Org
) -> None:
    """However many come at once: five are counted, and one event tells it."""
    partner = await mailed(dispatch, org, "guessed")
    guessed = await asyncio.gather(*(partner.guess() for _ in range(12)))
    counted = sorted(one.data["attempts_left"] for one in guessed if one.status == 200)
    assert counted == [0, 1, 2, 3, 4]
    assert {refusal(one) for one in guessed if one.status != 200} == {(409, "answer_link_locked")}
    for shut in (await partner.verify(), await partner.open(), await partner.answer("accepted")):
        assert refusal(shut) == (409, "answer_link_locked")
    listed = (await org.ask("answer_link.list", locked=True)).data
    assert [item["ereferral_uuid"] for item in listed["items"]] == [partner.ereferral]
    link = listed["items"][0]["id"]
    assert (await org.get(partner.ereferral))["status"] == "sent"

    renewed = await org.ask("answer_link.renew", ereferral_uuid=partner.ereferral)
    assert renewed.status == 200
    another = Partner(org, partner.ereferral, renewed.data["url"], renewed.data["code"])
    assert another == holding(org, partner.ereferral, epoch=2)
    for void in (await partner.verify(), await partner.open()):
        assert refusal(void) == (404, "answer_link_not_found")
    assert (await another.verify()).data["verified"]
    assert (await org.ask("answer_link.list", locked=True)).data["total"] == 0
    events = await dispatch.heard.about(link)
    assert [(event.type, event.version) for event in events] == [("locked", 2), ("renewed", 3)]


async def test_a_renewal_is_told_once(org: Org, dispatch: Dispatch) -> None:
    """A repeat gets its status and the link's id; nothing that opens it is stored."""
    partner = await mailed(dispatch, org, "renewed")
    message, ereferral = uuid4(), partner.ereferral
    first = await org.ask("answer_link.renew", message_id=message, ereferral_uuid=ereferral)
    again = await org.ask("answer_link.renew", message_id=message, ereferral_uuid=ereferral)
    link = (await org.ask("answer_link.list")).data["items"][0]["id"]
    assert (again.status, again.data) == (200, {"id": link})
    another = Partner(org, partner.ereferral, first.data["url"], first.data["code"])
    assert another == holding(org, partner.ereferral, epoch=2)
    await another.proven()
    for table in ("inbox", "outbox", "audit", "answer_link", "ereferral", "attempt"):
        rows = await dispatch.database.fetch(
            f'SELECT t::text FROM ereferral_dispatch."{table}" t WHERE org_id = $1', org.id
        )
        written = "".join(row[0] for row in rows)
        for secret in (another.token, another.token.replace("-", ""), another.code):
            assert secret not in written
            assert secret.encode().hex() not in written, table


async def test_a_letter_that_is_composed_after_a_renewal_shows_the_new_link(
    dispatch: Dispatch, org: Org
) -> None:
    """By another channel; the mail keeps its bytes, and the void link."""
    dispatch.portal.script("renewed", 201)
    ereferral = await dispatch.unknown(
        org,
        "composed@partner.example",
        ereferral_endpoint=dispatch.portal.endpoint("renewed"),
        preferred_contact_method="email",
    )
    first = with_letter(org, ereferral, dispatch.mail.to("composed@partner.example")[0].letter)
    await org.ask("answer_link.renew", ereferral_uuid=ereferral)
    answered = await org.act("ereferral.resolve", ereferral, outcome="not_delivered")
    assert answered.status == 200
    await org.reaches(ereferral, "delivered")
    [posted] = dispatch.portal.at("renewed")
    second = with_letter(org, ereferral, letter_in(posted.body))
    assert second == holding(org, ereferral, epoch=2)
    assert refusal(await first.open()) == (404, "answer_link_not_found")
    assert (await second.open()).status == 200


async def test_a_cancelled_referral_opens_as_withdrawn(dispatch: Dispatch, org: Org) -> None:
    """No answer is taken, whatever the page showed before; opening it changes nothing."""
    partner = await mailed(dispatch, org, "withdrawn")
    assert (await org.cancel(partner.ereferral)).status in (200, 202)
    assert (await partner.open()).data["status"] == "withdrawn"
    shown = await partner.proven()
    assert (shown["may_answer"], shown["may_request_information"]) == ([], False)
    assert refusal(await partner.answer("accepted")) == (409, "invalid_transition")
    cancelled = await org.until(partner.ereferral, "cancelled")
    assert attempts(cancelled)[0] == (1, "email", "sent", "smtp_250")
    assert (await partner.open()).data["status"] == "withdrawn"
    # The letter of the cancellation has no link.
    assert len(dispatch.mail.to("withdrawn@partner.example")) == 2


async def test_answers_have_one_effect_and_go_forward(dispatch: Dispatch, org: Org) -> None:
    """The same form twice is one; back, or a decline after an acceptance, is none."""
    partner = await mailed(dispatch, org, "forward")
    form = uuid4()
    twice = [await partner.answer("accepted", message_id=form) for _ in range(2)]
    assert [one.status for one in twice] == [200, 200]
    assert twice[0].data == twice[1].data
    assert (await partner.proven())["answers_left"] == 19
    assert refusal(await partner.answer("rejected")) == (409, "invalid_transition")
    assert (await partner.answer("completed")).status == 200
    assert refusal(await partner.answer("in-progress")) == (409, "invalid_transition")
    shown = await partner.proven()
    assert (shown["may_answer"], shown["answers_left"]) == ([], 18)


async def test_a_partner_asks_and_is_told(dispatch: Dispatch, org: Org) -> None:
    """The question is an event, and what the practice writes stands on the partner's page."""
    partner = await mailed(dispatch, org, "asks")
    assert (await partner.inquire("Is there a recent radiograph?")).status == 200
    told = await org.ask(
        "ereferral.provide_information", ereferral_uuid=partner.ereferral, note="Yes, of January."
    )
    assert told.status == 200
    shown = await partner.proven()
    assert shown["information_requested"] == "Is there a recent radiograph?"
    assert shown["information_provided"] == "Yes, of January."
    assert shown["answers_left"] == 19
    events = await dispatch.heard.about(partner.ereferral)
    assert [(event.type, event.data.get("information")) for event in events[-3:]] == [
        ("information_requested", "Is there a recent radiograph?"),
        ("information_provided", "Yes, of January."),
        ("delivered", None),
    ]


async def test_a_mail_whose_outcome_nobody_knew_arrived(dispatch: Dispatch, org: Org) -> None:
    """As opening it shows; also when a person had taken it for lost and a call waits by then."""
    for local, by_then in (("unknown", "outcome_unknown"), ("given-up", "awaiting_call")):
        ereferral = await dispatch.unknown(org, f"{local}@partner.example", phone=PHONE)
        if by_then == "awaiting_call":
            await org.act("ereferral.resolve", ereferral, outcome="not_delivered", note="No word.")
        await org.reaches(ereferral, by_then)
        letter = dispatch.mail.to(f"{local}@partner.example")[0].letter
        assert (await with_letter(org, ereferral, letter).verify()).data["verified"]
        shown = await org.get(ereferral)
        assert shown["status"] == "delivered"
        assert shown["attempts"][0]["code"] == "opened"
        known = "Before: outcome_unknown, connection_lost."
        assert shown["attempts"][0]["detail"].startswith(known)
        if by_then == "awaiting_call":
            assert attempts(shown)[1:] == [(2, "phone", "transient_failure", "withdrawn")]
        assert (await dispatch.heard.story(ereferral))[-1] == "delivered"


async def test_a_link_that_was_read_out_ends_a_call(dispatch: Dispatch, org: Org) -> None:
    """Whoever calls renews it and reads it out; the letter that goes with the call has none."""
    ereferral = await org.awaiting_call()
    [asked] = [e for e in await dispatch.heard.about(ereferral) if e.type == "call_requested"]
    assert PUBLIC_URL not in str(asked.data["call"]["script"])
    renewed = (await org.ask("answer_link.renew", ereferral_uuid=ereferral)).data
    partner = Partner(org, ereferral, renewed["url"], renewed["code"])
    assert (await partner.verify()).data["verified"]
    shown = await org.get(ereferral)
    assert shown["status"] == "delivered"
    assert attempts(shown) == [(1, "phone", "delivered", "opened")]


async def test_what_was_opened_while_it_was_sent_counts_at_its_outcome(
    dispatch: Dispatch, org: Org
) -> None:
    """The relay passed the letter on and was lost before it replied: it arrived."""
    address = "meanwhile@partner.example"
    dispatch.mail.script(address, HANG_AFTER_DATA)
    ereferral = await org.dispatch(new_partner(email=address, phone=PHONE))
    await eventually(lambda: dispatch.mail.to(address))
    partner = with_letter(org, ereferral, dispatch.mail.to(address)[0].letter)
    assert (await partner.verify()).data["verified"]
    assert (await org.get(ereferral))["status"] == "in_progress"
    dispatch.mail.let_go(address)
    shown = await org.until(ereferral, "delivered")
    assert attempts(shown) == [(1, "email", "delivered", "opened")]
    assert await dispatch.heard.story(ereferral) == ["queued", "sent", "delivered"]


async def test_what_is_still_to_be_sent_goes_out_though_its_link_was_opened(
    dispatch: Dispatch, org: Org
) -> None:
    """Somebody read it out; no letter has left yet."""
    answers = asyncio.Event()
    at_portal = dispatch.at_portal("later", 503, Answer(201, when=answers))
    ereferral = await org.dispatch(at_portal)
    await eventually(lambda: len(dispatch.portal.at("later")) == 2)
    renewed = (await org.ask("answer_link.renew", ereferral_uuid=ereferral)).data
    partner = Partner(org, ereferral, renewed["url"], renewed["code"])
    assert (await partner.verify()).data["verified"]
    assert (await org.get(ereferral))["status"] == "in_progress"
    answers.set()
    shown = await org.until(ereferral, "delivered")
    assert attempts(shown)[-1] == (2, "portal", "delivered", "http_201")


async def refuse_all(partner: Partner) -> None:
    """Whatever is asked of an expired link."""
    asked = (await partner.open(), await partner.verify(), await partner.answer("accepted"))
    for over in asked:
        assert refusal(over) == (409, "answer_link_expired")


async def test_a_link_ends_with_its_days(dispatch: Dispatch, org: Org) -> None:
    """Expired is told, before and after the code; a renewal gives it 180 more."""
    partner = await mailed(dispatch, org, "old")
    await dispatch.execute("UPDATE answer_link SET expires_at = now() WHERE org_id = $1", org.id)
    await refuse_all(partner)
    renewed = await org.ask("answer_link.renew", ereferral_uuid=partner.ereferral)
    assert renewed.status == 200
    await holding(org, partner.ereferral, epoch=2).proven()


async def test_a_link_ends_with_its_package(dispatch: Dispatch, org: Org) -> None:
    """What was purged gets no other one: it would show nothing."""
    partner = await mailed(dispatch, org, "purged")
    operator = Operator(client="handoff", actor="staff-9")
    before = datetime.now(UTC) + timedelta(hours=1)
    await purging.purge(dispatch.service.system_engine, before, operator)
    await refuse_all(partner)
    renewed = await org.ask("answer_link.renew", ereferral_uuid=partner.ereferral)
    assert refusal(renewed) == (409, "invalid_transition")


async def test_a_link_is_of_its_org(dispatch: Dispatch, org: Org) -> None:
    """In another one it is not there, nor is its list."""
    partner = await mailed(dispatch, org, "ours")
    stranger = Partner(dispatch.org(), partner.ereferral, partner.url, partner.code)
    for asked in (await stranger.open(), await stranger.verify()):
        assert refusal(asked) == (404, "answer_link_not_found")
    assert (await stranger.org.ask("answer_link.list")).data["total"] == 0
    listed = await stranger.org.ask("answer_link.list", ereferral_uuid=partner.ereferral)
    assert refusal(listed) == (404, "ereferral_not_found")


async def test_no_link_is_no_link(org: Org) -> None:
    """Malformed or unknown: one refusal, which names nothing."""
    told = set()
    for written in ("0" * 20, "nothing", "", "ÄÖÜ", str(UUID(int=0))):
        opened = await org.ask("answer_link.open", answer_link=written)
        assert refusal(opened) == (404, "answer_link_not_found")
        assert opened.problem is not None
        told.add(opened.problem["detail"])
    assert told == {
        "There is no such answer link in this org: answer_link.list shows those that there are, "
        "answer_link.renew makes one."
    }
