"""The step after a failure or an unknown outcome: next channel, declared repeat, a person."""

from typing import Any

import pytest

from tests.integration.dispatch.shown import attempts
from tests.support.partners.portal import DUPLICATE, Cut
from tests.support.partners.relay import LOSE_AFTER_DATA
from tests.support.samples.letters import words_of
from tests.support.services.dispatch import Dispatch, Org, new_partner

WARNING = "may be a repeat"


async def test_a_permanent_failure_leads_to_the_next_channel(dispatch: Dispatch, org: Org) -> None:
    """attempt_failed, then queued on the next channel; a refusal is no possible repeat."""
    dispatch.portal.script("refuses", 403)
    partner = new_partner(
        ereferral_endpoint=dispatch.portal.endpoint("refuses"), email="refused@partner.example"
    )
    ereferral = await org.dispatch(partner)
    shown = await org.until(ereferral, "sent")
    assert attempts(shown) == [
        (1, "portal", "permanent_failure", "http_403"),
        (2, "email", "sent", "smtp_250"),
    ]
    story = await dispatch.heard.story(ereferral)
    assert story == ["queued", "attempt_failed", "queued", "sent"]
    _, failed, queued, _ = await dispatch.heard.about(ereferral)
    assert failed.data["channel"] == "portal"
    assert (queued.data["channel"], queued.data["address"]) == (
        "email",
        "refused@partner.example",
    )
    assert not shown["possible_repeat"]
    (mail,) = dispatch.mail.to("refused@partner.example")
    assert WARNING not in mail.text.lower() and WARNING not in words_of(mail.letter).lower()


@pytest.mark.parametrize(
    ("path", "steps", "outcome", "code"),
    [
        ("http_500", [500], "transient_failure", "http_500"),
        ("http_502", [502], "transient_failure", "http_502"),
        ("reset", [Cut.RESET], "outcome_unknown", "connection_lost"),
        ("500 then 403", [500, 403], "permanent_failure", "http_403"),
    ],
)
async def test_a_fallback_after_what_may_have_arrived_says_that_it_may_be_a_repeat(
    dispatch: Dispatch, org: Org, path: str, steps: list[Any], outcome: str, code: str
) -> None:
    """After an unknown outcome or a 5xx other than 503, in any attempt before: the mail and its
    letter say so and name the reference, and `possible_repeat` is true from then on."""
    path = path.replace(" ", "-")
    dispatch.portal.script(path, *steps)
    address = f"{path}@partner.example"
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint(path), email=address)
    package = org.package(partner)
    await org.ask("ereferral.dispatch", **package)
    ereferral = package["dispatch_uuid"]
    shown = await org.until(ereferral, "sent")
    assert (shown["attempts"][-2]["outcome"], shown["attempts"][-2]["code"]) == (outcome, code)
    assert {posted.id for posted in dispatch.portal.at(path)} == {ereferral}
    assert len({posted.body for posted in dispatch.portal.at(path)}) == 1

    events = await dispatch.heard.about(ereferral)
    by_mail = [event for event in events if event.data["channel"] == "email"]
    assert [event.type for event in by_mail] == ["queued", "sent"]
    assert [event.data["possible_repeat"] for event in by_mail] == [True, True]
    before = [event for event in events if event.data["channel"] == "portal"]
    assert not any(event.data["possible_repeat"] for event in before)
    (mail,) = dispatch.mail.to(address)
    digits = package["referral"]["id"].replace("-", "")[-12:].upper()
    reference = f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
    assert WARNING in mail.text.lower() and reference in mail.text
    assert WARNING in words_of(mail.letter).lower() and reference in words_of(mail.letter)
    assert "repeat" in mail.message["Subject"].lower()


async def test_503_is_no_sign_that_it_arrived(dispatch: Dispatch, org: Org) -> None:
    """A portal that is not available stored nothing: the fallback is no possible repeat."""
    dispatch.portal.script("unavailable", 503)
    partner = new_partner(
        ereferral_endpoint=dispatch.portal.endpoint("unavailable"), email="un@partner.example"
    )
    shown = await org.until(await org.dispatch(partner), "sent")
    assert [a["code"] for a in shown["attempts"]] == ["http_503"] * 3 + ["smtp_250"]
    assert not shown["possible_repeat"]


async def test_it_fails_when_no_channel_is_left(dispatch: Dispatch, org: Org) -> None:
    """Every channel is tried once it is its turn; after the last: `failed`, with its event."""
    dispatch.portal.script("gone-for-good", 404)
    dispatch.mail.script("nobody@partner.example", "550 5.1.1 no")
    ereferral = await org.dispatch(
        new_partner(
            ereferral_endpoint=dispatch.portal.endpoint("gone-for-good"),
            email="nobody@partner.example",
        )
    )
    shown = await org.until(ereferral, "failed")
    assert attempts(shown) == [
        (1, "portal", "permanent_failure", "http_404"),
        (2, "email", "permanent_failure", "smtp_550"),
    ]
    assert await dispatch.heard.story(ereferral) == [
        "queued",
        "attempt_failed",
        "queued",
        "attempt_failed",
        "failed",
    ]


async def test_a_portal_whose_outcome_is_unknown_is_asked_again_under_the_same_id(
    dispatch: Dispatch, org: Org
) -> None:
    """The body left and no answer came: retried, and the same id makes it safe."""
    dispatch.portal.script("forgets", Cut.RESET, DUPLICATE)
    ereferral = await org.dispatch(
        new_partner(
            ereferral_endpoint=dispatch.portal.endpoint("forgets"), email="x@partner.example"
        )
    )
    shown = await org.until(ereferral, "delivered")
    assert attempts(shown) == [
        (1, "portal", "outcome_unknown", "connection_lost"),
        (2, "portal", "delivered", "http_409"),
    ]
    assert dispatch.portal.ids("forgets") == [ereferral] * 2
    assert not shown["possible_repeat"]
    story = await dispatch.heard.story(ereferral)
    assert story == ["queued", "attempt_failed", "retry_scheduled", "delivered"]


async def test_a_mail_whose_outcome_is_unknown_is_never_sent_again(
    dispatch: Dispatch, org: Org
) -> None:
    """DATA begun and no reply: `outcome_unknown`, and a person resolves it; no other channel."""
    dispatch.mail.script("lost@partner.example", LOSE_AFTER_DATA)
    ereferral = await org.dispatch(new_partner(email="lost@partner.example", phone="+12025550111"))
    shown = await org.until(ereferral, "outcome_unknown")
    assert attempts(shown) == [(1, "email", "outcome_unknown", "connection_lost")]
    assert await dispatch.heard.story(ereferral) == ["queued", "outcome_unknown"]
    # Nothing is due any more, now or later.
    due = await dispatch.database.fetchval(
        "SELECT due_at FROM ereferral_dispatch.ereferral WHERE org_id = $1", org.id
    )
    assert due is None
    assert len(dispatch.mail.to("lost@partner.example")) == 1
    assert shown["next_attempt_at"] is None
