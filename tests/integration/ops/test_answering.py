"""A partner's answers by its link, in both services: declined, reopened, sent on, asked."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from messaging.replies.client import Reply
from services.ereferral_dispatch.rules.answer_links import AnswerLinks
from tests.integration.ops.canary_patient import erase, settled
from tests.support.services.both import Both
from tests.support.services.dispatch import SIGNING_KEY
from tests.support.services.referrals import Org
from tests.support.waiting import until

LINKS = AnswerLinks("https://answer.example.org", (SIGNING_KEY,), timedelta(days=180))
QUESTION = "Is Kanarienvogel allergic to anything?"
TOLD = "Kanarienvogel is not."


async def mailed(both: Both, org: Org, local: str) -> dict[str, Any]:
    """A referral whose letter a mail relay has, and of which no more is known."""
    partner = await org.ereferral_partner(
        email=f"{local}@partner.example", ereferral_endpoint=f"mailto:{local}@partner.example"
    )
    sent = await org.sent_referral(referral_partner_uuid=partner["id"])
    await both.ereferral(org, sent, "sent")
    return sent


async def opened(both: Both, org: Org, referral: dict[str, Any]) -> dict[str, Any]:
    """What the partner's link shows to whoever gave its code."""
    letter = LINKS.derive(org.id, UUID(referral["ereferral_uuid"]), 1).letter
    link = {"answer_link": letter.url.rpartition("/")[2]}
    verified = await both.ask_dispatch(org, "answer_link.verify", code=letter.code, **link)
    proof = verified.data["proof"]
    shown = await both.ask_dispatch(org, "answer_link.open", proof=proof, **link)
    return dict(shown.data)


async def by_link(
    both: Both, org: Org, referral: dict[str, Any], operation: str, **said: Any
) -> Reply:
    """The partner's word, under the link's name."""
    link = (await opened(both, org, referral))["id"]
    answered = await both.referrals.client.call(
        "ereferral_dispatch.commands",
        operation,
        {"org_id": org.id, "ereferral_uuid": referral["ereferral_uuid"], **said},
        headers={"actor": f"answer_link:{link}"},
    )
    assert answered.status == 200, answered
    return answered


async def shows(org: Org, referral: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    """The referral, once it shows this."""

    async def heard() -> bool:
        shown = (await org.ask("referral.get", referral_uuid=referral["id"])).data
        return all(shown[name] == value for name, value in wanted.items())

    await until(heard)
    shown = (await org.ask("referral.get", referral_uuid=referral["id"])).data
    assert isinstance(shown, dict)
    return shown


def said_of(shown: dict[str, Any]) -> list[tuple[str, str | None]]:
    """The timeline without when and who."""
    return [(entry["event"], entry["detail"]) for entry in shown["timeline"]]


async def test_opening_the_letter_is_told_to_the_practice(both: Both, org: Org) -> None:
    """Sent by mail, it is delivered from then on."""
    sent = await mailed(both, org, "opens")
    await opened(both, org, sent)
    shown = await shows(org, sent, dispatch_status="delivered", fulfilment_status="requested")
    assert ("ereferral.delivered", "channel email") in said_of(shown)


async def test_a_wrong_decline_is_reopened_and_answered_anew(both: Both, org: Org) -> None:
    """The link takes any answer again, and the old one does not come back."""
    sent = await mailed(both, org, "declines")
    await by_link(both, org, sent, "ereferral.record_response", response="rejected")
    declined = await shows(org, sent, fulfilment_status="rejected")
    reopened = await org.ask(
        "referral.reopen",
        referral_uuid=sent["id"],
        base_version=declined["version"],
        note="They meant another patient.",
    )
    assert (reopened.status, reopened.data["fulfilment_status"]) == (200, "requested")

    async def told() -> bool:
        shown = (await opened(both, org, sent))["referral"]
        return "accepted" in shown["may_answer"]

    await until(told)
    await by_link(both, org, sent, "ereferral.record_response", response="accepted")
    accepted = await shows(org, sent, fulfilment_status="accepted")
    happened = said_of(accepted)
    for line in (
        ("ereferral.response_recorded", "rejected"),
        ("referral.reopened", "They meant another patient."),
        ("ereferral.response_recorded", "accepted"),
    ):
        assert line in happened
    assert "ereferral.reopened" in {event for event, _ in happened}


async def test_a_declined_referral_is_sent_on(both: Both, org: Org) -> None:
    """To another partner, as a draft of its own; both show each other, and once."""
    sent = await mailed(both, org, "full")
    await by_link(both, org, sent, "ereferral.record_response", response="rejected")
    await shows(org, sent, fulfilment_status="rejected")
    partner = await org.ereferral_partner(last_name="Baker")
    draft = {
        "patient_uuid": sent["patient"]["uuid"],
        "referral_partner_uuid": partner["id"],
        "reason": sent["reason"],
        "follows_uuid": sent["id"],
    }
    made = await org.ask("referral.create", **draft)
    assert (made.status, made.data["status"]) == (201, "draft")
    assert made.data["follows"]["uuid"] == sent["id"]
    shown = await shows(org, sent, status="active", fulfilment_status="rejected")
    assert shown["followed_by"]["uuid"] == made.data["id"]
    assert ("referral.sent_on", shown["followed_by"]["name"]) in said_of(shown)
    again = await org.ask("referral.create", **draft)
    assert again.problem is not None and again.problem["code"] == "invalid_transition"
    ready = await org.ask(
        "referral.send", referral_uuid=made.data["id"], base_version=made.data["version"]
    )
    assert ready.status == 202


async def test_a_question_stands_before_the_practice_until_it_is_answered(
    both: Both, org: Org
) -> None:
    """It is among those that ask, and the partner reads the answer; erasing takes both."""
    sent = await mailed(both, org, "asks")
    await by_link(both, org, sent, "ereferral.request_information", note=QUESTION)
    asked = await shows(org, sent, information_requested=QUESTION, fulfilment_status="requested")
    for wanted, total in ((True, 1), (False, 0)):
        listed = await org.ask("referral.list", information_requested=wanted)
        assert listed.data["total"] == total
    told = await org.ask(
        "referral.provide_information",
        referral_uuid=sent["id"],
        base_version=asked["version"],
        note=TOLD,
    )
    assert (told.status, told.data["information_requested"]) == (200, None)

    async def reads() -> bool:
        shown = (await opened(both, org, sent))["referral"]
        assert shown["information_requested"] == QUESTION
        return bool(shown["information_provided"] == TOLD)

    await until(reads)
    await by_link(both, org, sent, "ereferral.request_information", note=f"And? {QUESTION}")
    await shows(org, sent, information_requested=f"And? {QUESTION}")
    await settled(both)
    assert await stored(both, "Kanarienvogel")
    erased = await erase(both, org, sent["patient"]["uuid"])
    assert erased.exit_code == 0, erased.output
    await settled(both)
    assert await stored(both, "Kanarienvogel") == []
    shown = (await org.ask("referral.get", referral_uuid=sent["id"])).data
    assert shown["information_requested"] == "[erased]"


async def stored(both: Both, word: str) -> list[str]:
    """The tables of both databases in which a word stands."""
    everything = await both.everything_stored()
    written = (word, word.encode().hex())
    return [
        table
        for table, rows in everything.items()
        if any(one in row for row in rows for one in written)
    ]
