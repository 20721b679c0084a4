"""A referral that is open: what it says, and which way is the right one."""

from typing import Any

from services.edge.desk.sections import referral as section
from services.edge.desk.sections import referrals
from services.edge.desk.sections.opened import ACTIONS
from services.edge.problems import EdgeCode, refusal
from tests.support.services.page_alone import alone, listed, shown_alone

AT = "2026-11-29T12:00:00Z"
OLD, NEW = "nobody@refused.example.com", "lab@partner.example.com"
PARTNER: dict[str, Any] = {
    "id": "0192f0c1-0000-7000-8000-00000000000a",
    "contact_type": "lab",
    "first_name": None,
    "last_name": None,
    "practice_name": "Wrong Address Lab",
    "country": "US",
    "is_active": True,
    "accepts_ereferral": True,
    "ereferral_endpoint": f"mailto:{OLD}",
    "preferred_contact_method": None,
    "specialty": None,
    "version": 1,
    "created_at": AT,
    "updated_at": AT,
}
REFERRAL: dict[str, Any] = {
    "id": "r-1",
    "version": 3,
    "reference": "4A23-3806-C545",
    "patient": {"uuid": "p-1", "name": "Mary Moore"},
    "referral_partner": {"uuid": PARTNER["id"], "name": "Wrong Address Lab"},
    "referring_provider": None,
    "reason": "Night guard",
    "status": "active",
    "fulfilment_status": "requested",
    "dispatch_status": "failed",
    "ereferral_uuid": "e-1",
    "priority": "routine",
    "overdue": False,
    "timeline": [],
    "updated_at": AT,
    "created_at": AT,
    **dict.fromkeys(
        (
            *("respond_by", "scheduled_at", "cancel_reason", "follows", "followed_by", "notes"),
            *("information_requested", "teeth", "reason_codes", "sent_at"),
        )
    ),
}
ATTEMPT = {
    "number": 1,
    "channel": "email",
    "address": OLD,
    "started_at": AT,
    "finished_at": AT,
    "outcome": "permanent_failure",
    "code": "smtp_550",
    "detail": "5.1.1",
}
EREFERRAL: dict[str, Any] = {
    "id": "e-1",
    "version": 4,
    "status": "failed",
    "channel": "email",
    "address": OLD,
    "next_attempt_at": None,
    "referral_partner": REFERRAL["referral_partner"],
    "attempts": [ATTEMPT],
}


def answers(**changed: Any) -> dict[str, Any]:
    """A referral whose mailbox was refused, at a partner whose address is still that."""
    return {
        "referral.get": REFERRAL,
        "ereferral.get": EREFERRAL,
        "referral_partner.get": PARTNER,
        **{name.replace("__", "."): value for name, value in changed.items()},
    }


async def shown(**changed: Any) -> Any:
    """Its page."""
    visit = alone(answers(**changed), path={"referral_uuid": "r-1"})
    return await shown_alone(section.PAGE, visit)


async def test_a_failure_says_why_and_leads_to_the_partner() -> None:
    """Above the buttons, in words, with what to do."""
    page = await shown()
    why = f"E-mail {OLD} : The partner's mail server says that this mailbox does not exist"
    assert f"{why} (code 550 5.1.1)." in page.text
    assert "Ask the partner for its right address" in page.text
    assert f"/desk/org_1/partners/{PARTNER['id']}" in page.links
    assert "Change the partner's address" in page.text
    assert '<button class="quiet">Try again now</button>' in page.html
    assert "Try again now" in page.text
    assert "Send again to the new address" not in page.text


async def test_after_the_address_was_mended_the_way_is_to_send_again() -> None:
    """One click, to the same partner, with all that is said: what was sent keeps its address."""
    mended = {**PARTNER, "ereferral_endpoint": f"mailto:{NEW}"}
    page = await shown(referral_partner__get=mended)
    assert f"The partner's address was changed since: E-mail {NEW}" in page.text
    assert "Try the old address again" in page.text and "Try again now" not in page.text
    form = page.form("referral.create", "again-")
    assert form.value("follows_uuid") == "r-1"
    assert form.value("referral_partner_uuid") == PARTNER["id"]
    assert form.value("reason") == "Night guard"
    assert '<button name="_also" value="referral.send">Send again' in page.html
    (action,) = [one for one in ACTIONS if one.operation == "referral.create"]
    made = {"id": "r-2", "version": 1}
    sent = {"referral_uuid": "r-2", "base_version": 1}
    assert action.also["referral.send"](made) == sent


async def test_a_partner_that_takes_none_any_more_is_not_sent_to_again() -> None:
    """Nor one whose address is as it was for the way that was tried."""
    for changed in ({"is_active": False}, {"accepts_ereferral": False}):
        partner = {**PARTNER, "ereferral_endpoint": f"mailto:{NEW}", **changed}
        page = await shown(referral_partner__get=partner)
        assert "Send again to the new address" not in page.text
    phoned = {**PARTNER, "phone": "+12025550111"}
    assert "Send again" not in (await shown(referral_partner__get=phoned)).text


async def test_what_was_sent_on_waits_for_nobody() -> None:
    """It shows by which one, and is not tried or sent on once more."""
    follower = {
        **REFERRAL,
        "id": "r-2",
        "status": "active",
        "referral_partner": {"uuid": "x", "name": "Other Lab"},
    }
    followed = {**REFERRAL, "followed_by": {"uuid": "r-2", "name": "04F5-70A5-5AEA"}}
    known = {"r-1": followed, "r-2": follower}
    page = await shown(referral__get=lambda referral_uuid: known[referral_uuid])
    assert "Sent on as 04F5-70A5-5AEA → Other Lab" in page.text
    assert "/desk/org_1/referrals/r-2" in page.links
    assert not page.does("ereferral.retry") and not page.does("referral.create")
    known["r-2"] = {**follower, "status": "draft"}
    page = await shown(referral__get=lambda referral_uuid: known[referral_uuid])
    assert "That one is a draft still" in page.text
    known["r-2"] = {**follower, "status": "revoked"}
    page = await shown(referral__get=lambda referral_uuid: known[referral_uuid])
    assert page.does("ereferral.retry")
    assert "This one waits for nobody any more." not in page.text


async def test_the_list_leads_to_the_one_that_follows() -> None:
    """Beside the state."""
    followed = {**REFERRAL, "followed_by": {"uuid": "r-2", "name": "04F5-70A5-5AEA"}}
    page = await shown_alone(referrals.PAGE, alone({"referral.list": listed(followed)}))
    assert "Not delivered Sent on" in page.text
    assert "/desk/org_1/referrals/r-2" in page.links


async def test_a_letter_that_is_not_kept_any_more_hides_nothing_else() -> None:
    """Dispatch purges its part: the referral is shown all the same."""

    def gone(**_: Any) -> Any:
        raise refusal(EdgeCode.NO_SUCH_ROUTE, ("path",), "There is none.")

    page = await shown(ereferral__get=gone, answer_link__list=gone)
    assert "Mary Moore → Wrong Address Lab" in page.text


async def test_what_is_no_matter_of_the_address_is_tried_again_first() -> None:
    """A mailbox that is full, for instance: the button that is meant stands out."""
    full = {**EREFERRAL, "attempts": [{**ATTEMPT, "code": "smtp_452", "detail": "4.3.1"}]}
    page = await shown(ereferral__get=full)
    assert "The partner's mail server has no room left (code 452 4.3.1)." in page.text
    assert "Change the partner's address" not in page.text
    assert '<button class="">Try again now</button>' in page.html
